#include "smtpd/session.h"

#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "smtpd/refusals.h"

namespace tubepost::smtpd {
namespace {

using LineKind = net::LineStream::Line::Kind;

// RFC 5321 4.5.3.1.4 and .5: 512 octets with CRLF; extensions lengthen MAIL and RCPT (SIZE 26, BODY 16, AUTH 500 …).
constexpr std::size_t command_line_max = 2048;

// Browsers made to send a POST to port 25 talk a protocol that looks like ours if errors are forgiven.
bool is_http(std::string_view verb) {
  for (const auto method : {"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT"})
    if (equal_ignoring_case(verb, method)) return true;
  return false;
}

}  // namespace

// The two pages of stack that a session keeps while it waits have no more room for it (bench/run idle).
static_assert(sizeof(Session) <= 1024);

Session::Session(const Services& services, std::shared_ptr<const Policy> policy, Client&& client, net::Stream& stream)
    : services_(services),
      policy_(std::move(policy)),
      client_(std::move(client)),
      stream_(&stream),
      lines_(stream),
      may_speak_for_others_(policy_->may_speak_for_others(client_.ip())) {
  stream.set_time_limit(policy_->idle_timeout());  // RFC 5321 4.5.3.2.7: five minutes for the next command
}

Session::~Session() = default;

void Session::run() {
  // A farewell is a kindness: it is written if that can be done, and its own end is no news.
  const auto part = [&](const smtp::Reply& farewell) {
    try {
      send(farewell);
      lines_.flush();
    } catch (const net::StreamEnd&) {
    }
  };
  try {
    if (greet()) converse();
    lines_.flush();
    lines_.stream().close();
  } catch (const net::TimedOut&) {
    part(refusals::timed_out(policy_->hostname()));
  } catch (const net::ShuttingDown&) {
    part(refusals::shutting_down(policy_->hostname()));
  } catch (const net::Disconnected&) {
  }
  services_.logger.debug("disconnected", {{"client", client_.address_text()}, {"messages", messages_}});
}

bool Session::greet() {
  services_.logger.debug("connected", {{"client", client_.address_text()}, {"role", to_text(policy_->role())}});
  const auto answer = greeting();
  send(answer.reply);
  return answer.then != Then::close;
}

// 220, or (RFC 5321 3.1) 554 in its place, after which the connection is closed at once. What policy services refuse here waits
// for RCPT.
Answer Session::greeting() {
  const auto verdict = client_.trusted ? Verdict{false, "trusted"} : policy_->is_turned_away(client_.ip());
  const auto address = client_.address_text();
  explain(address.empty() ? "connect" : "connect " + address, verdict.yes ? "refused" : "accepted", verdict.rule);
  if (verdict.yes) {
    services_.logger.info("refused", {{"client", client_.address_text()}, {"command", "connect"}, {"rule", verdict.rule}});
    return {refusals::turned_away(policy_->hostname()), Then::close};
  }
  if (const auto trust = policy_->is_trusted(client_.ip()); trust.yes && !client_.trusted)  // A4: every use is logged
    services_.logger.info("trusted", {{"client", address}, {"rule", trust.rule}});
  connection_effects_.reset();
  if (!policy_->services().empty()) {
    auto effects = std::make_unique<Effects>();
    effects->refusal = consult(policy::ProtocolState::connect, *effects, {});
    connection_effects_ = std::move(effects);
  }
  return smtp::Reply{220, std::nullopt,
                     policy_->hostname() + (policy_->role() == Role::lmtp ? " LMTP Tubepost" : " ESMTP Tubepost")};
}

void Session::converse() {
  for (;;) {
    if (!lines_.has_buffered_line()) lines_.flush();
    postpone_stop(transaction_ && transaction_->chunks);
    const auto line = lines_.read_line(command_line_max);
    if (line.kind == LineKind::end) return;
    const auto answer =
        line.kind == LineKind::too_long ? Answer(refusals::line_too_long()) : execute(line.text);
    for (unsigned i = 0; i < answer.times; ++i) send(answer.reply);
    // RFC 5321 3.8, RFC 7504: behind these codes, of a policy service perhaps, there is nothing more to say.
    if (answer.then == Then::close || answer.reply.code == 421 || answer.reply.code == 521) return;
    if (answer.then == Then::start_tls && !start_tls()) return;
    if (answer.reply.code >= 500 && ++errors_ >= policy_->errors_max()) {
      send(refusals::too_many_errors(policy_->hostname()));
      return;
    }
  }
}

Answer Session::execute(std::string_view line) {
  const auto verb = line.substr(0, line.find_first_of(" \t"));
  const auto arguments = trim(line.substr(verb.size()));
  const Command* command = find_command(verb);
  if (command == nullptr)
    return is_http(verb) ? Answer(refusals::not_a_web_server(), Then::close) : Answer(refusals::unknown_command());
  if (!command->takes_arguments && !arguments.empty()) return refusals::no_arguments_expected(command->verb);
  if (command->needs_hello && helo_.empty()) return refusals::say_hello_first(policy_->role() == Role::lmtp);
  return (this->*command->handler)(arguments);
}

void Session::send(const smtp::Reply& reply) {
  // RFC 2034 4: enhanced codes are for those who said EHLO, which every client of today does; harmless to the others.
  lines_ << reply.to_wire();
}

// A service that stops lets a message that has begun come to its end (design.md 5); the server's grace bounds it.
void Session::postpone_stop(bool postpone) {
  if (postpone == stop_postponed_) return;
  stop_postponed_ = postpone;
  lines_.stream().postpone_interrupt(postpone);
}

// RFC 3848; RFC 6531 4.3 for messages with SMTPUTF8.
std::string Session::protocol() const {
  const bool lmtp = policy_->role() == Role::lmtp;
  if (!extended_) return "SMTP";
  const bool utf8 = transaction_ && transaction_->envelope.smtputf8;
  std::string name = utf8 ? (lmtp ? "UTF8LMTP" : "UTF8SMTP") : (lmtp ? "LMTP" : "ESMTP");
  if (client_.tls) name += 'S';
  if (!login_.empty()) name += 'A';
  return name;
}

bool Session::is_trusted() const { return client_.trusted || policy_->is_trusted(client_.ip()).yes; }

void Session::explain(std::string_view what, std::string_view verdict, std::string_view rule) {
  if (!services_.explain) return;
  const std::string line =
      "explain: " + printable(what) + ": " + std::string(verdict) + " (" + std::string(rule) + ")\n";
  // A person's terminal gone is no reason to stop receiving.
  [[maybe_unused]] const auto written = write_all(STDERR_FILENO, line);
}

Answer Session::refuse(smtp::Reply reply, std::string_view command, std::string_view rule) {
  services_.logger.info("refused", {{"client", client_.address_text()},
                                    {"command", command},
                                    {"rule", rule},
                                    {"from", transaction_ ? transaction_->envelope.reverse_path : std::string()},
                                    {"user", login_},
                                    {"reply", std::to_string(reply.code)}});
  explain(command, "refused", rule);
  return reply;
}

}  // namespace tubepost::smtpd
