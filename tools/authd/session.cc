#include "authd/session.h"

#include <unistd.h>

#include <future>

namespace tubepost::authd {

namespace dovecot = auth::dovecot;

namespace {

constexpr std::chrono::seconds write_limit{10};
constexpr std::size_t open_max = 4096, crowded = 256, answers_max = 8192;
constexpr std::chrono::seconds conversation_max{150};  // as in Dovecot: then the client has long given up

}  // namespace

Session::Session(Service& service, net::Stream& stream, std::uint64_t connection_number)
    : service_(service),
      stream_(stream),
      lines_(stream, dovecot::auth_line_max + 2),
      number_(connection_number),
      outbox_(std::make_shared<Outbox>(stream, answers_max)) {
  lines_.set_accept_lf(true);
  stream_.set_time_limit(write_limit);
}

void Session::run() {
  converse();
  outbox_->close();
  stream_.close();
}

void Session::run_and_answer_all() {
  const auto answered = std::make_shared<std::promise<void>>();
  pledge_ = std::shared_ptr<void>(answered.get(), [answered](void*) { answered->set_value(); });
  converse();
  pledge_.reset();
  if (answered->get_future().wait_for(conversation_max) == std::future_status::ready) outbox_->finish();
  outbox_->close();
  stream_.close();
}

void Session::converse() {
  outbox_->put(
      dovecot::server_greeting(static_cast<std::uint64_t>(::getpid()), number_, service_.mechanisms()));
  while (take_line()) {
  }
  open_.clear();
}

bool Session::take_line() {
  try {
    const auto line = lines_.read_line(dovecot::auth_line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) return false;
    auto message = dovecot::parse_client_line(line.text);
    return message && take(*message);
  } catch (const net::TimedOut&) {
    drop_old();
    return true;
  } catch (const net::StreamEnd&) {
    return false;
  }
}

bool Session::take(dovecot::FromClient& message) {
  if (const auto* version = std::get_if<dovecot::Version>(&message)) {
    introduced_ = version->major == dovecot::version_major;
    return introduced_;
  }
  if (!introduced_) return false;
  if (auto* request = std::get_if<dovecot::AuthRequest>(&message)) return begin(*request);
  if (auto* more = std::get_if<dovecot::Continue>(&message)) return go_on(*more);
  if (const auto* cancel = std::get_if<dovecot::Cancel>(&message)) open_.erase(cancel->id);
  return true;
}

bool Session::begin(dovecot::AuthRequest& request) {
  const auto id = request.id;
  if (open_.contains(id)) return false;
  if (open_.size() >= crowded) drop_old();
  if (open_.size() >= open_max) {
    outbox_->put(to_line(dovecot::Fail{id, {}, "Too many logins at a time", "temp_fail", true}));
    return true;
  }
  auto response = std::exchange(request.initial_response, std::nullopt);
  auto conversation = service_.begin(std::move(request));
  if (!conversation) {
    outbox_->put(to_line(dovecot::Fail{id, {}, "Unsupported authentication mechanism", {}, false}));
    return true;
  }
  open_[id] = {std::move(conversation), std::chrono::steady_clock::now()};
  step(id, response ? std::optional<std::string_view>(*response) : std::nullopt);
  if (response) auth::wipe(*response);
  return true;
}

bool Session::go_on(dovecot::Continue& message) {
  const auth::Wiped guard(message.data);
  // An id that is not known is a login that we have dropped, or answered and the client did not see yet.
  if (!open_.contains(message.id))
    outbox_->put(to_line(dovecot::Fail{message.id, {}, "No such login", {}, false}));
  else if (message.channel_binding)
    take_binding(message.id, *message.channel_binding);
  else
    step(message.id, message.data);
  return true;
}

// The outbox is captured, not this: the answer may come when the session is gone.
Answered Session::answer() const {
  return [outbox = outbox_, pledge = pledge_](const Answer& answer, std::chrono::milliseconds delay) {
    outbox->put(std::visit([](const auto& line) { return to_line(line); }, answer), delay);
  };
}

// A login with a token stays open though it may be over: the answer comes from another thread. Its client begins
// the next one under another id, and it goes with the old ones.
void Session::step(std::uint32_t id, std::optional<std::string_view> response) {
  if (open_.at(id).conversation->step(response, answer())) open_.erase(id);
}

void Session::take_binding(std::uint32_t id, std::string_view data) {
  if (open_.at(id).conversation->bind(data, answer())) open_.erase(id);
}

void Session::drop_old() {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(open_, [&](const auto& entry) { return now - entry.second.begun > conversation_max; });
}

}  // namespace tubepost::authd
