// Claims about oneself that must not be believed, and ends of messages that are none.
#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/relay_attempts.h"
#include "net/line_stream.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::size_t smuggled_line_max = 4096;
constexpr int replies_max = 40;

std::string first_words_of(const smtp::Reply& reply) {
  return std::to_string(reply.code) + ' ' + reply.first_line();
}

void try_hello(const Context& context, const RelayTarget& target, const std::string& name,
               RelayVerdict& verdict) {
  RelayAttempts attempts(context, target);
  attempts.begin_as(name);
  verdict.count(attempts.offer("stranger@example.net", "victim@example.org"));
}

// XCLIENT is believed where its answer is 220 and what follows is taken.
void try_xclient(const Context& context, const RelayTarget& target, RelayVerdict& verdict) {
  RelayAttempts attempts(context, target);
  if (!attempts.open()) return;
  const auto reply = guarded<smtp::Reply>([&] {
    return attempts.session().smtp().command("XCLIENT NAME=localhost ADDR=127.0.0.1 LOGIN=postmaster");
  });
  if (!reply || !reply->is_success())
    return verdict.note("XCLIENT: " + (reply ? first_words_of(*reply) : reply.error().text));
  const auto hello = guarded<smtp::Reply>([&] { return attempts.session().smtp().hello(); });
  if (hello) verdict.count(attempts.offer("stranger@example.net", "victim@example.org"));
}

// RFC 4954 5: AUTH= in MAIL is hearsay.
void try_auth_parameter(const Context& context, const RelayTarget& target, RelayVerdict& verdict) {
  RelayAttempts attempts(context, target);
  if (!attempts.open()) return;
  const auto reply = guarded<smtp::Reply>([&]() -> Result<smtp::Reply> {
    smtp::Client& client = attempts.session().smtp();
    auto mail = client.command("MAIL FROM:<stranger@example.net> AUTH=postmaster@" +
                               (target.domain.empty() ? target.host : target.domain));
    return mail && mail->is_success() ? client.command("RCPT TO:<victim@example.org>") : mail;
  });
  if (!reply) return verdict.note("AUTH=: " + reply.error().text);
  if (reply->is_success()) return verdict.taken(attempts.session().record());
  verdict.note("AUTH=: " + first_words_of(*reply));
}

// A server that believes a PROXY header from anybody swallows it; others answer it as an unknown command, or hang up.
void try_proxy(const Context& context, const RelayTarget& target, RelayVerdict& verdict) {
  auto opened = Conversation::open(target.endpoint, std::chrono::seconds(10));
  if (!opened) return;
  Conversation& conversation = **opened;
  const auto reply = guarded<smtp::Reply>([&]() -> Result<smtp::Reply> {
    const bool v6 = target.endpoint.address.is_v6();
    conversation.stream().write(v6 ? "PROXY TCP6 ::1 ::1 40000 25\r\n"
                                   : "PROXY TCP4 127.0.0.1 127.0.0.1 40000 25\r\n");
    const auto seconds = std::chrono::seconds(10);
    smtp::Client client(
        conversation.stream(),
        {wishes_for(context).hello, false, {seconds, seconds, seconds, seconds, seconds, seconds}});
    auto said = client.greeting();
    for (const char* const line : {"NOOP", "EHLO proxy.example.net", "MAIL FROM:<stranger@example.net>",
                                   "RCPT TO:<victim@example.org>"}) {
      if (!said || !said->is_success()) return said;
      said = client.command(line);
    }
    return said;
  });
  if (reply && reply->is_success()) return verdict.taken(conversation.record().text());
  verdict.note("PROXY: " + (reply ? first_words_of(*reply) : reply.error().text));
}

struct Ending {
  std::string_view name, bytes;
};
constexpr Ending endings[] = {{"LF.LF", "\n.\n"},
                              {"LF.CRLF", "\n.\r\n"},
                              {"CRLF.LF", "\r\n.\n"},
                              {"CR.CR", "\r.\r"},
                              {"CR.CRLF", "\r.\r\n"},
                              {"CRLF.CR", "\r\n.\r"},
                              {"CRLF.CRNUL",
                               "\r\n.\r"
                               "\0"
                               "\n"}};

enum class Smuggled { no, yes, unknown };

// Everything is sent at once: the text, the false end, a command, the true end, QUIT. Where the false end is none there is
// one answer before that to QUIT; else the command has one of its own.
Smuggled count_answers(net::LineStream& lines) {
  int answers = 0;
  for (int i = 0; i < replies_max; ++i) {
    const auto line = lines.read_line(smuggled_line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) break;
    if (line.text.size() > 3 && line.text[3] == '-') continue;
    if (line.text.starts_with("221") || line.text.starts_with("421")) break;
    ++answers;
  }
  return answers == 0 ? Smuggled::unknown : answers == 1 ? Smuggled::no : Smuggled::yes;
}

Result<Smuggled> try_ending(RelayAttempts& attempts, const std::string& recipient, const Ending& ending,
                            std::string& told) {
  return guarded<Smuggled>([&]() -> Result<Smuggled> {
    smtp::Client& client = attempts.session().smtp();
    for (const std::string& line :
         {std::string("MAIL FROM:<>"), "RCPT TO:<" + recipient + '>', std::string("DATA")}) {
      const auto reply = client.command(line);
      if (!reply) return Failure(reply.error());
      told = first_words_of(*reply);
      if (!reply->is_success()) return Smuggled::unknown;
    }
    Recorder& record = attempts.session().conversation().record();
    const auto mark = record.mark();
    std::string text =
        "From: <postmaster@example.net>\r\nSubject: basic-access-test, end of message\r\n\r\nbefore";
    text.append(ending.bytes).append("NOOP\r\n.\r\nQUIT\r\n");
    record.write(text);
    net::LineStream lines(record);
    lines.set_accept_lf(true);
    const Smuggled smuggled = count_answers(lines);
    told = record.since(mark);
    return smuggled;
  });
}

}  // namespace

void check_trust(const Context& context, const RelayTarget& target, Findings& findings) {
  RelayVerdict verdict("relay-trust", target);
  try_hello(context, target, "localhost", verdict);
  try_hello(context, target, target.host, verdict);
  try_hello(context, target, "[127.0.0.1]", verdict);
  try_xclient(context, target, verdict);
  try_auth_parameter(context, target, verdict);
  try_proxy(context, target, verdict);
  verdict.say(findings);
}

void check_smuggling(const Context& context, const RelayTarget& target, Findings& findings) {
  std::string fooled, lines;
  bool any = false;
  for (const Ending& ending : endings) {
    RelayAttempts attempts(context, target);
    if (const auto opened = attempts.open(); !opened) {
      lines += std::string(ending.name) + ": " + opened.error().text + '\n';
      continue;
    }
    std::string told;
    const auto smuggled = try_ending(attempts, context.options.account->address, ending, told);
    if (smuggled && *smuggled == Smuggled::yes)
      fooled += std::string(ending.name) + " ends a message\n" + told;
    any = any || (smuggled && *smuggled == Smuggled::no);
    // The first answer is that to the message.
    const auto first = told.find("S: ");
    const std::string answer =
        first == std::string::npos ? told : told.substr(first, told.find('\n', first) - first);
    lines += std::string(ending.name) + ": " + (smuggled ? answer : smuggled.error().text) + '\n';
  }
  if (!fooled.empty()) return findings.fail("relay-smuggling", target.subject, fooled);
  if (!any) return findings.skip("relay-smuggling", target.subject, "no message could be begun\n" + lines);
  findings.ok("relay-smuggling", target.subject, lines);
}

}  // namespace tubepost::basic_access_test
