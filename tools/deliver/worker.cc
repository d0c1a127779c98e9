#include "deliver/worker.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.h"

namespace tubepost::deliver {
namespace {

using std::chrono::hours;

constexpr Milliseconds idle{1000};  // then there is time to forget and to keep house
constexpr Milliseconds between_house_keeping = hours(1);
constexpr auto bare_ids_kept = hours(30 * 24);  // design.md 2
constexpr auto doomed_files_kept = hours(24);   // design.md 3
constexpr std::size_t house_rows = 10'000;
constexpr std::size_t forget_at_most = 5'000;

}  // namespace

Result<Body> SpoolBodies::get(const spool::SpoolId& id) {
  auto known = read_.find(id);
  if (known == read_.end()) {
    auto body = spool_.body(id);
    if (!body) return std::move(body).error();
    known = read_.emplace(id, std::move(*body)).first;
  }
  const auto& body = known->second;
  return Body{body.bytes(), body.crc(), body.path()};
}

ExitStatus Worker::run() {
  while (!ended_ && !parts_.desk.is_broken()) {
    auto done = drain();
    if (done) done = work();
    if (done) continue;
    parts_.logger.error("worker-stops", {{"reason", done.error().text}});
    return done.error().retry == Retry::never ? ExitStatus::data : ExitStatus::later;
  }
  if (const auto done = forget(); !done || parts_.desk.is_broken()) return ExitStatus::later;
  return ExitStatus::ok;
}

// Waits for the first job, then takes all that is there without waiting.
Result<void> Worker::drain() {
  for (;;) {
    const bool may_wait = jobs_.empty();
    const Input input = wait(may_wait ? std::optional<Milliseconds>() : Milliseconds(0));
    if (input == Input::ended || (input == Input::bytes && take_some() == Input::ended)) {
      ended_ = true;
      return take_orders();
    }
    if (input == Input::none && !may_wait) return {};
    if (input == Input::none) {
      keep_house();
      if (auto done = forget(); !done) return done;
    } else if (auto taken = take_orders(); !taken) {
      return taken;
    }
    if (jobs_.size() >= parts_.batch) return {};
  }
}

// Without `patience`: until something comes, or there is an idle moment in which something could be done.
Worker::Input Worker::wait(std::optional<Milliseconds> patience) const {
  std::array<pollfd, 2> descriptors{pollfd{in_, POLLIN, 0},
                                    pollfd{parts_.stop ? parts_.stop->fd() : -1, POLLIN, 0}};
  const bool something_to_do = !forget_.empty() || !house_kept_;
  const Milliseconds limit = patience ? *patience : something_to_do ? idle : between_house_keeping;
  const int ready = ::poll(descriptors.data(), descriptors.size(), static_cast<int>(limit.count()));
  if (ready < 0 && errno != EINTR) return Input::ended;
  if (descriptors[1].revents != 0) return Input::ended;
  return ready > 0 && descriptors[0].revents != 0 ? Input::bytes : Input::none;
}

Worker::Input Worker::take_some() {
  std::array<char, 65536> buffer;
  const ssize_t got = ::read(in_, buffer.data(), buffer.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Input::none;
  if (got <= 0) return Input::ended;
  reader_.feed({buffer.data(), static_cast<std::size_t>(got)});
  return Input::bytes;
}

Result<void> Worker::take_orders() {
  for (;;) {
    auto record = reader_.next();
    if (!record) return std::move(record).error();
    if (!*record) return {};
    auto order = parse_order(**record);
    if (!order) return std::move(order).error();
    if (auto* job = std::get_if<Job>(&*order)) {
      jobs_.push_back(std::move(*job));
    } else {
      const auto& ids = std::get<Forget>(*order);
      forget_.insert(forget_.end(), ids.begin(), ids.end());
    }
  }
}

Result<void> Worker::work() {
  while (!jobs_.empty()) {
    const std::size_t most = std::min(jobs_.size(), parts_.batch);
    const std::vector<Job> batch(jobs_.begin(), jobs_.begin() + static_cast<std::ptrdiff_t>(most));
    const auto answers = parts_.desk.deliver(batch, std::exchange(forget_, {}));
    std::string text;
    for (std::size_t i = 0; i < answers.size(); ++i) text += to_record(batch[i], answers[i]).to_text();
    jobs_.erase(jobs_.begin(), jobs_.begin() + static_cast<std::ptrdiff_t>(answers.size()));
    if (auto written = write_all(out_, text); !written) return written;
    if (parts_.desk.is_broken()) return {};
  }
  return forget_.size() >= forget_at_most ? forget() : Result<void>();
}

Result<void> Worker::forget() {
  if (forget_.empty()) return {};
  auto done = parts_.store.forget_outcomes(std::exchange(forget_, {}));
  if (!done) return std::move(done).error();
  return {};
}

// Failures are no reason to stop: it is tried again in an hour.
void Worker::keep_house() {
  const auto now = parts_.clock.since_boot();
  if (house_kept_ && now - *house_kept_ < between_house_keeping) return;
  house_kept_ = now;
  const auto today = parts_.clock.now();
  const auto pruned = parts_.store.prune_delivered(today - bare_ids_kept, house_rows);
  const auto swept = parts_.store.sweep(today - doomed_files_kept, house_rows);
  if (pruned && swept && *pruned + *swept > 0)
    parts_.logger.info("house-kept", {{"ids_pruned", *pruned}, {"files_removed", *swept}});
  if (!pruned) parts_.logger.warning("house-keeping-failed", {{"reason", pruned.error().text}});
  if (!swept) parts_.logger.warning("house-keeping-failed", {{"reason", swept.error().text}});
}

}  // namespace tubepost::deliver
