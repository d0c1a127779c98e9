#include "mxsend/recipient_check.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "mxsend/dry_run.h"
#include "policy/policy_server.h"
#include "smtp/reply_class.h"

namespace tubepost::mxsend {
namespace {

constexpr std::string_view dunno = "dunno";
constexpr std::size_t known_max = 20'000, peers_max = 2;
// unreachable_life also of an answer for now: each question is a connection.
constexpr Milliseconds taken_life{3'600'000}, refused_life{600'000}, unreachable_life{60'000};

// A refusal that the message itself would get too, and that is not about us.
bool is_of_recipient(const smtp::Reply& reply) {
  // RFC 5321 4.5.3.1.10: 552 to RCPT is an old way to say 452.
  if (reply.code < 500 || (reply.code == 552 && !reply.status)) return false;
  const auto meaning = smtp::explain_reply(reply.code, reply.status, text_of(reply));
  return !meaning.speaks_of_us && meaning.reply_class != smtp::ReplyClass::relay_denied &&
         meaning.reply_class != smtp::ReplyClass::tls_missing;
}

std::string refusal(const smtp::Reply& reply, const Peer& peer) {
  const auto status = reply.status.value_or(EnhancedStatus{5, 1, 1});
  return std::to_string(reply.code) + ' ' + to_string(status) + ' ' + peer.to_text() +
         " says: " + text_of(reply);
}

// Breaks off what is under way when its time is up.
class Alarm {
public:
  Alarm(Watch& watch, std::chrono::milliseconds time)
      : thread_([this, &watch, time] {
          std::unique_lock lock(mutex_);
          if (!changed_.wait_for(lock, time, [this] { return over_; })) watch.stop();
        }) {}
  ~Alarm() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  Alarm(const Alarm&) = delete;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace

void hurry(Options& options) {
  options.connect_limit = std::chrono::seconds(5);
  options.timeouts.greeting = options.timeouts.command = question_time;
}

const RecipientCheck::Known* RecipientCheck::known(const std::string& key) const {
  const auto found = known_.find(key);
  const bool holds = found != known_.end() && parts_.clock.since_boot() < found->second.until;
  return holds ? &found->second : nullptr;
}

void RecipientCheck::remember(const std::string& key, const std::string& action, Milliseconds life) {
  if (known_.size() >= known_max) known_.clear();
  known_[key] = {action, parts_.clock.since_boot() + life};
}

std::string RecipientCheck::answer(const policy::Record& request) {
  const auto address = smtp::parse_mailbox(request.value("recipient"));
  if (request.value("request") != "smtpd_access_policy" || !address || !address->is_ascii())
    return std::string(dunno);
  const auto key = address->local_part + '@' + to_lower(address->domain);
  if (const auto* said = known(key)) return said->action;
  if (known('@' + to_lower(address->domain))) return std::string(dunno);
  return ask(*address);
}

std::string RecipientCheck::ask(const smtp::Mailbox& address) {
  Watch watch;
  const Alarm alarm(watch, parts_.time);
  const Connection::Parts parts{parts_.options, parts_.contexts, watch, parts_.admission, parts_.logger};
  const auto domain = to_lower(address.domain);
  const auto route = route_of(parts_.directory, address, "");
  // A smarthost takes whatever it is given.
  const auto way = !route || *route == "smarthost" ? Result<Way>(Way())
                   : *route == "direct"            ? parts_.routes.direct(domain, {})
                                                   : parts_.routes.fixed(*route);
  std::optional<std::string> action;
  try {
    for (std::size_t i = 0; way && !action && i < std::min(peers_max, way->peers.size()); ++i) {
      auto opened = Connection::open(parts, way->peers[i]);
      if (auto* connection = std::get_if<std::unique_ptr<Connection>>(&opened))
        action = ask(**connection, address);
    }
  } catch (const net::StreamEnd&) {
    // It hung up, fell silent, or was too slow.
  }
  if (!action) remember('@' + domain, std::string(dunno), unreachable_life);
  return action.value_or(std::string(dunno));
}

// nullopt: it says nothing of recipients.
std::optional<std::string> RecipientCheck::ask(Connection& connection, const smtp::Mailbox& address) {
  const auto mail = connection.client().command("MAIL FROM:<>");
  if (!mail || !mail->is_done()) return std::nullopt;
  const auto rcpt = connection.client().command("RCPT TO:<" + address.to_text() + ">");
  if (!rcpt) return std::nullopt;
  const auto key = address.local_part + '@' + to_lower(address.domain);
  const bool refused = is_of_recipient(*rcpt);
  const std::string action = refused ? refusal(*rcpt, connection.peer()) : std::string(dunno);
  remember(key, action, rcpt->is_done() ? taken_life : refused ? refused_life : unreachable_life);
  parts_.logger.info("recipient-checked", {{"recipient", printable(key, 330)},
                                           {"host", connection.peer().to_text()},
                                           {"reply", rcpt->code},
                                           {"action", printable(action, 400)}});
  connection.say_goodbye();
  return action;
}

ExitStatus RecipientCheck::serve(net::Stream& stream) {
  return policy::serve_requests(
      stream, [this](const policy::Record& request) { return answer(request); }, parts_.logger);
}

}  // namespace tubepost::mxsend
