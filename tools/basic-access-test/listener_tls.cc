// What TLS a listener takes: each version and the weak ciphers by connections of their own.
#include "base/text.h"
#include "basic-access-test/listener_checks.h"
#include "net/line_stream.h"

namespace tubepost::basic_access_test {
namespace {

// For opportunistic TLS between servers no authentication is as good as what nobody verifies (RFC 7435).
constexpr std::string_view weak_ciphers = "eNULL:EXPORT:RC4:3DES:DES:MD5:IDEA:SEED:!aNULL";
constexpr std::string_view weak_ciphers_for_users = "aNULL:eNULL:EXPORT:RC4:3DES:DES:MD5:IDEA:SEED";
constexpr std::size_t line_max = 4096;
constexpr int lines_max = 300;
constexpr std::chrono::seconds answer_limit_of_tls{
    10};  // several connections are made in the time of one check

SessionWishes wishes_for_tls(const Context& context) {
  SessionWishes wishes = wishes_for(context);
  wishes.judge_chain = false;  // the listener's own check says what is to be said of it
  wishes.answer = answer_limit_of_tls;
  return wishes;
}

struct Tried {
  bool taken = false;
  bool known = true;  // that it was refused by its TLS, and not before
  std::string text;
};

Tried try_handshake(const ServiceKind& kind, const net::Endpoint& endpoint, const SessionWishes& wishes) {
  MailSession session(kind, endpoint, wishes);
  const auto opened = session.open(WithTls::always);
  if (session.is_secure())
    return {true, true, session.inspection()->protocol + ' ' + session.inspection()->cipher};
  return {false, session.began_tls() && opened.error().retry == Retry::never, opened.error().text};
}

void check_versions(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                    const std::string& subject, Findings& findings) {
  std::string lines;
  bool old_taken = false, new_taken = false, known = true;
  for (const auto version :
       {tls::Version::tls1_0, tls::Version::tls1_1, tls::Version::tls1_2, tls::Version::tls1_3}) {
    SessionWishes wishes = wishes_for_tls(context);
    wishes.version = version;
    const Tried tried = try_handshake(kind, endpoint, wishes);
    const bool old = version < tls::Version::tls1_2;
    (old ? old_taken : new_taken) |= tried.taken;
    known = known && tried.known;
    lines += std::string(tls::to_text(version)) + (tried.taken ? ": taken, " : ": not taken, ") + tried.text +
             '\n';
  }
  // Between servers old TLS is better than none; of passwords it must not be said.
  if (old_taken && new_taken && !kind.for_users) return findings.warn("local-tls-versions", subject, lines);
  if (old_taken) return findings.fail("local-tls-versions", subject, lines);
  if (new_taken) return findings.ok("local-tls-versions", subject, lines);
  if (!known) return findings.skip("local-tls-versions", subject, "no handshake was begun\n" + lines);
  findings.fail("local-tls-versions", subject, lines);
}

void check_ciphers(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                   const std::string& subject, Findings& findings) {
  SessionWishes wishes = wishes_for_tls(context);
  wishes.version = tls::Version::tls1_2;
  wishes.ciphers = kind.for_users ? weak_ciphers_for_users : weak_ciphers;
  const Tried tried = try_handshake(kind, endpoint, wishes);
  if (tried.taken) return findings.fail("local-tls-ciphers", subject, tried.text);
  if (!tried.known) return findings.skip("local-tls-ciphers", subject, tried.text);
  findings.ok("local-tls-ciphers", subject, "none of " + wishes.ciphers + ": " + tried.text);
}

// What begins TLS, how its answer begins, a command behind it that must not be answered, and the last one under TLS.
struct Injection {
  std::string_view begin, begun, injected, last;
};
const Injection& injection_of(Protocol protocol) {
  static constexpr Injection smtp{"STARTTLS\r\n", "220", "VRFY inj\r\n", "QUIT\r\n"};
  static constexpr Injection pop3{"STLS\r\n", "+OK", "CAPA\r\n", "QUIT\r\n"};
  static constexpr Injection imap{"a STARTTLS\r\n", "a OK", "inj NOOP\r\n", "end LOGOUT\r\n"};
  return protocol == Protocol::smtp ? smtp : protocol == Protocol::pop3 ? pop3 : imap;
}

// Below the client, which would never send both in one write.
Result<void> begin_with_more(net::Stream& stream, const Injection& injection) {
  stream.set_time_limit(answer_limit_of_tls);
  stream.write(std::string(injection.begin).append(injection.injected));
  net::LineStream lines(stream);
  lines.set_accept_lf(true);
  for (int i = 0; i < lines_max; ++i) {
    const auto line = lines.read_line(line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) break;
    if (line.text.starts_with(injection.begun)) return {};
    if (!line.text.starts_with("* ")) break;
  }
  return Failure::temporary("it does not begin TLS");
}

// The last command's answer comes first where nothing was answered before it.
bool answers_more(net::LineStream& lines, Protocol protocol) {
  const auto line = lines.read_line(line_max);
  if (line.kind != net::LineStream::Line::Kind::ok) return false;
  if (protocol == Protocol::imap) return line.text.starts_with("inj ");
  if (protocol == Protocol::smtp) return !line.text.starts_with("221");
  return lines.has_buffered_line() || line.text.starts_with("-ERR");
}

// RFC 3207 6, RFC 2595 2.4: what stands in the packet of STARTTLS must not be answered under TLS.
void check_injection(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                     const std::string& subject, Findings& findings) {
  const Injection& injection = injection_of(kind.protocol);
  MailSession session(kind, endpoint, wishes_for_tls(context));
  if (const auto opened = session.open(WithTls::never); !opened)
    return findings.skip("local-tls-injection", subject, opened.error().text);
  Conversation& conversation = session.conversation();
  try {
    if (const auto begun = begin_with_more(conversation.stream(), injection); !begun)
      return findings.skip("local-tls-injection", subject, begun.error().text);
    tls::InspectionWishes wishes;
    wishes.name = context.target.host;
    wishes.judge_chain = false;
    // No handshake: the server took the injected bytes for its beginning, and so for no command.
    if (const auto seen = conversation.secure(wishes); !seen)
      return findings.ok("local-tls-injection", subject, "the handshake breaks off: " + seen.error().text);
    net::LineStream lines(conversation.stream());
    lines.set_accept_lf(true);
    lines << injection.last;
    const auto mark = conversation.record().mark();
    if (answers_more(lines, kind.protocol))
      return findings.fail("local-tls-injection", subject, conversation.record().text());
    findings.ok("local-tls-injection", subject, conversation.record().since(mark));
  } catch (const net::StreamEnd&) {
    findings.ok("local-tls-injection", subject, "it closed the connection");
  }
}

}  // namespace

void check_tls(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
               const std::string& subject, Findings& findings) {
  check_versions(context, kind, endpoint, subject, findings);
  check_ciphers(context, kind, endpoint, subject, findings);
  if (!kind.tls_first) check_injection(context, kind, endpoint, subject, findings);
}

}  // namespace tubepost::basic_access_test
