#include "policy/policy_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "base/file.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "policy/filter_environment.h"
#include "process/child.h"

namespace tubepost::policy {
namespace {

using Time = std::chrono::steady_clock;
constexpr std::size_t connections_max = 20;  // to a socket; a mail server of many processes has one for each
constexpr std::chrono::milliseconds back_off_first{1000}, back_off_most{60'000};

Failure broken(std::string why) { return Failure::temporary(std::move(why), {4, 3, 5}); }

std::chrono::milliseconds left_until(Time::time_point deadline) {
  return std::chrono::ceil<std::chrono::milliseconds>(deadline - Time::now());
}

// One deadline for all that is read and written until the next one is set.
class DeadlineStream final : public net::Stream {
public:
  explicit DeadlineStream(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}
  void set_deadline(Time::time_point deadline) { deadline_ = deadline; }

  std::size_t read(std::span<char> into) override { return limited().read(into); }
  void write(std::string_view bytes) override { limited().write(bytes); }
  void set_time_limit(std::chrono::milliseconds) override {}
  bool wait_readable(std::chrono::milliseconds limit) override { return stream_->wait_readable(limit); }
  void interrupt() override { stream_->interrupt(); }
  void close() override { stream_->close(); }

private:
  net::Stream& limited() {
    const auto left = left_until(deadline_);
    if (left.count() <= 0) throw net::TimedOut{};
    stream_->set_time_limit(left);
    return *stream_;
  }

  std::unique_ptr<net::Stream> stream_;
  Time::time_point deadline_{};
};

// A conversation with the service; what has gone wrong once is not used again.
class Channel {
public:
  Channel(std::unique_ptr<net::Stream> stream, std::optional<process::Child> child)
      : child_(std::move(child)), stream_(std::move(stream)), lines_(stream_, 4096) {
    lines_.set_accept_lf(true);
  }

  // Nobody asked anything: whatever can be read, its end included, ends the channel.
  bool is_usable() { return !lines_.has_buffered_input() && !stream_.wait_readable({}); }

  Result<Record> ask(const Record& request, Time::time_point deadline) {
    stream_.set_deadline(deadline);
    try {
      lines_ << request.to_text();
      lines_.flush();
      auto answer = read_record(lines_);
      if (!answer) return std::move(answer).error();
      ended_ = !*answer;
      if (ended_) return broken("it ended without an answer");
      if (lines_.has_buffered_input()) return broken("it says more than it was asked");
      return std::move(**answer);
    } catch (const net::TimedOut&) {
      return broken("no answer in time");
    } catch (const net::StreamEnd&) {
      ended_ = true;
      return broken("it ended without an answer");
    }
  }
  bool has_ended() const { return ended_; }

private:
  bool ended_ = false;
  std::optional<process::Child> child_;  // killed with the channel
  DeadlineStream stream_;
  net::LineStream lines_;
};

Result<std::unique_ptr<Channel>> start_service(const std::vector<std::string>& argv) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return broken("socketpair: " + error_text(errno));
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  process::ChildOptions options;
  options.redirects = {{theirs.get(), 0}, {theirs.get(), 1}};  // what it says on stderr goes to our log
  options.set_env = inherited_environment();
  options.only_set_env = true;
  options.own_group = true;
  auto child = process::Child::spawn(argv, options);
  if (!child) return std::move(child).error();
  return std::make_unique<Channel>(std::make_unique<net::FdStream>(std::move(ours)), std::move(*child));
}

Result<std::unique_ptr<Channel>> open_channel(const ServiceSettings& settings, Time::time_point deadline) {
  if (!settings.command.empty()) return start_service(settings.command);
  const auto limit = std::max(left_until(deadline), std::chrono::milliseconds(1));
  auto stream = settings.endpoint ? net::connect_tcp(*settings.endpoint, limit)
                                  : net::connect_unix(settings.unix_path, limit);
  if (!stream) return std::move(stream).error();
  return std::make_unique<Channel>(std::move(*stream), std::nullopt);
}

}  // namespace

struct Service::State {
  explicit State(bool is_command) : most(is_command ? channels_max : connections_max) {}

  const std::size_t most;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<Channel>> idle;
  std::size_t open = 0;   // idle and lent
  unsigned failures = 0;  // in a row
  Time::time_point next_start{};

  // Being left alone, or waiting in vain for a place, is not another failure.
  void failed() {
    const std::lock_guard lock(mutex);
    if (Time::now() < next_start) return;
    ++failures;
    // The first failure costs nothing: a service may be restarted at any time.
    if (failures > 1) {
      const auto doubled = back_off_first * (1u << std::min(failures - 2, 10u));
      next_start = Time::now() + std::min<std::chrono::milliseconds>(doubled, back_off_most);
    }
  }
  void succeeded() {
    const std::lock_guard lock(mutex);
    failures = 0;
    next_start = {};
  }
};

// One place of the pool, with or without an open channel in it; given back at the end of its life.
class Service::Borrowed {
public:
  Borrowed(State& state, Time::time_point deadline) : state_(state) {
    std::unique_lock lock(state.mutex);
    granted_ = state.changed.wait_until(lock, deadline,
                                        [&] { return !state.idle.empty() || state.open < state.most; });
    if (!granted_) return;
    if (state.idle.empty()) {
      ++state.open;
      return;
    }
    channel = std::move(state.idle.back());
    state.idle.pop_back();
  }
  ~Borrowed() {
    if (!granted_) return;
    {
      const std::lock_guard lock(state_.mutex);
      if (channel)
        state_.idle.push_back(std::move(channel));
      else
        --state_.open;
    }
    state_.changed.notify_one();
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  bool granted() const { return granted_; }

  std::unique_ptr<Channel> channel;

private:
  State& state_;
  bool granted_ = false;
};

Service::Service(ServiceSettings settings)
    : settings_(std::move(settings)), state_(std::make_unique<State>(!settings_.command.empty())) {}
Service::~Service() = default;

Result<Record> Service::converse(const Record& request) {
  const auto deadline = Time::now() + settings_.timeout;
  Borrowed place(*state_, deadline);
  if (!place.granted()) return broken("it is busy with others");
  if (place.channel && place.channel->is_usable()) {
    auto answer = place.channel->ask(request, deadline);
    const bool ended = place.channel->has_ended();
    if (!answer) place.channel.reset();
    if (answer || !ended) return answer;
    // It ended before it was asked, unseen by us: nobody has answered yet, so somebody else may.
  }
  place.channel.reset();
  {
    const std::lock_guard lock(state_->mutex);
    if (Time::now() < state_->next_start) return broken("it failed before and is left alone for a while");
  }
  auto opened = open_channel(settings_, deadline);
  if (!opened) return std::move(opened).error();
  place.channel = std::move(*opened);
  auto answer = place.channel->ask(request, deadline);
  if (!answer) place.channel.reset();
  return answer;
}

Answer Service::ask(const Record& request) {
  const auto answer = converse(request);
  if (!answer) {
    state_->failed();
    return {settings_.otherwise, answer.error().text};
  }
  state_->succeeded();
  return {action_of(*answer), {}};
}

}  // namespace tubepost::policy
