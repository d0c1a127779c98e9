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

// A connection up to where the handshake begins. Lines alone are read: what they say was checked before.
class Opening {
public:
  Opening(const ServiceKind& kind, const net::Endpoint& endpoint, const std::string& hello)
      : kind_(kind), endpoint_(endpoint), hello_(hello) {}

  // `with`: sent in one write with the command that begins TLS.
  Result<void> open(std::string_view with = {}) {
    auto opened = Conversation::open(endpoint_, std::chrono::seconds(10));
    if (!opened) return std::move(opened).error();
    conversation_ = std::move(*opened);
    if (kind_.tls_first) return {};
    net::LineStream lines(conversation_->stream());
    lines.set_accept_lf(true);
    if (!read_answer(lines)) return Failure::temporary("it does not greet");
    if (kind_.protocol == Protocol::smtp) {
      lines << "EHLO " << hello_ << "\r\n";
      if (!read_answer(lines)) return Failure::temporary("it does not take EHLO");
    }
    lines << command() << "\r\n" << with;
    return read_answer(lines) ? Result<void>() : Failure::temporary("it does not begin TLS");
  }
  Conversation& conversation() { return *conversation_; }

private:
  std::string_view command() const {
    return kind_.protocol == Protocol::smtp   ? "STARTTLS"
           : kind_.protocol == Protocol::pop3 ? "STLS"
                                              : "a STARTTLS";
  }
  bool read_answer(net::LineStream& lines) const {
    for (int i = 0; i < lines_max; ++i) {
      const auto line = lines.read_line(line_max);
      if (line.kind != net::LineStream::Line::Kind::ok) return false;
      if (kind_.protocol == Protocol::pop3) return line.text.starts_with("+OK");
      if (kind_.protocol == Protocol::imap) {
        if (line.text.starts_with("* OK") || line.text.starts_with("a OK")) return true;
        if (!line.text.starts_with("* ")) return false;
      } else if (line.text.size() < 4 || line.text[3] != '-') {
        return line.text.starts_with('2');
      }
    }
    return false;
  }
  const ServiceKind& kind_;
  net::Endpoint endpoint_;
  std::string hello_;
  std::unique_ptr<Conversation> conversation_;
};

struct Tried {
  bool taken = false;
  bool known = true;  // that it was refused by its TLS, and not before
  std::string text;
};

Tried try_handshake(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                    const tls::InspectionWishes& wishes) {
  Opening opening(kind, endpoint, wishes_for(context).hello);
  try {
    if (const auto opened = opening.open(); !opened) return {false, false, opened.error().text};
    const auto seen = opening.conversation().secure(wishes);
    if (seen) return {true, true, seen->protocol + ' ' + seen->cipher};
    return {false, seen.error().retry == Retry::never, seen.error().text};
  } catch (const net::TimedOut&) {
    return {false, false, "no answer in time"};
  } catch (const net::StreamEnd&) {
    return {false, true, "it closed the connection"};
  }
}

void check_versions(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                    const std::string& subject, Findings& findings) {
  std::string lines;
  bool old_taken = false, new_taken = false, known = true;
  for (const auto version :
       {tls::Version::tls1_0, tls::Version::tls1_1, tls::Version::tls1_2, tls::Version::tls1_3}) {
    tls::InspectionWishes wishes;
    wishes.name = context.target.host;
    wishes.judge_chain = false;
    wishes.version = version;
    const Tried tried = try_handshake(context, kind, endpoint, wishes);
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
  tls::InspectionWishes wishes;
  wishes.name = context.target.host;
  wishes.judge_chain = false;
  wishes.version = tls::Version::tls1_2;
  wishes.ciphers = kind.for_users ? weak_ciphers_for_users : weak_ciphers;
  const Tried tried = try_handshake(context, kind, endpoint, wishes);
  if (tried.taken) return findings.fail("local-tls-ciphers", subject, tried.text);
  if (!tried.known) return findings.skip("local-tls-ciphers", subject, tried.text);
  findings.ok("local-tls-ciphers", subject, "none of " + wishes.ciphers + ": " + tried.text);
}

// RFC 3207 6, RFC 2595 2.4: a NOOP in the packet of STARTTLS must not be answered under TLS. The command behind it is what
// shows that nothing was: its answer comes first.
void check_injection(const Context& context, const ServiceKind& kind, const net::Endpoint& endpoint,
                     const std::string& subject, Findings& findings) {
  const bool imap = kind.protocol == Protocol::imap;
  const std::string_view injected = imap                              ? "inj NOOP\r\n"
                                    : kind.protocol == Protocol::pop3 ? "CAPA\r\n"
                                                                      : "VRFY inj\r\n";
  const std::string_view last = imap ? "end LOGOUT\r\n" : "QUIT\r\n";
  Opening opening(kind, endpoint, wishes_for(context).hello);
  try {
    if (const auto opened = opening.open(injected); !opened)
      return findings.skip("local-tls-injection", subject, opened.error().text);
    Conversation& conversation = opening.conversation();
    tls::InspectionWishes wishes;
    wishes.name = context.target.host;
    wishes.judge_chain = false;
    // No handshake: the server took the injected bytes for its beginning, and so for no command.
    if (const auto seen = conversation.secure(wishes); !seen)
      return findings.ok("local-tls-injection", subject, "the handshake breaks off: " + seen.error().text);
    net::LineStream lines(conversation.stream());
    lines.set_accept_lf(true);
    lines << last;
    const auto mark = conversation.record().mark();
    const auto line = lines.read_line(line_max);
    const bool answered =
        line.kind == net::LineStream::Line::Kind::ok &&
        (imap                              ? line.text.starts_with("inj ")
         : kind.protocol == Protocol::pop3 ? lines.has_buffered_line() || line.text.starts_with("-ERR")
                                           : !line.text.starts_with("221"));
    const std::string said = conversation.record().since(mark);
    if (answered) return findings.fail("local-tls-injection", subject, conversation.record().text());
    findings.ok("local-tls-injection", subject, said);
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
