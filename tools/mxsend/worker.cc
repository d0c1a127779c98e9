#include "mxsend/worker.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.h"

namespace tubepost::mxsend {

relay::Answer answer_all(const relay::Job& job, relay::Status status, const Failure& failure) {
  relay::Answer answer;
  answer.id = job.id;
  for (const auto& recipient : job.recipients) {
    relay::Verdict verdict;
    verdict.number = recipient.number;
    verdict.status = status;
    verdict.code = failure.status;
    verdict.text = failure.text;
    answer.verdicts.push_back(std::move(verdict));
  }
  return answer;
}

ExitStatus Worker::run() {
  auto courier = parts_.make_courier([this](const process::Record& record) { tell(record); },
                                     [this] { return current_; });
  std::thread reader([this] { read_pipe(); });
  while (const auto job = next_job(*courier)) {
    current_ = job->id;
    finish(carry(*courier, *job));
  }
  courier->hang_up();
  reader.join();
  return broken_ ? ExitStatus::data : ExitStatus::ok;
}

// Until the pipe is closed or a signal says to stop.
void Worker::read_pipe() {
  std::array<char, 65536> buffer;
  for (;;) {
    std::array<pollfd, 2> descriptors{pollfd{in_, POLLIN, 0},
                                      pollfd{parts_.stop ? parts_.stop->fd() : -1, POLLIN, 0}};
    if (::poll(descriptors.data(), descriptors.size(), -1) < 0 && errno != EINTR) break;
    if (descriptors[1].revents != 0) break;
    if (descriptors[0].revents == 0) continue;
    const ssize_t got = ::read(in_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    if (const auto taken = take({buffer.data(), static_cast<std::size_t>(got)}); !taken) {
      parts_.logger.error("worker-stops", {{"reason", taken.error().text}});
      const std::lock_guard lock(mutex_);
      broken_ = true;
      break;
    }
  }
  end_input();
}

Result<void> Worker::take(std::string_view bytes) {
  reader_.feed(bytes);
  for (;;) {
    auto record = reader_.next();
    if (!record) return std::move(record).error();
    if (!*record) return {};
    if (relay::is_go_ahead(**record)) {
      parts_.admission.go_ahead();
      continue;
    }
    auto job = relay::parse_job(**record);
    if (!job) return std::move(job).error();
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(*job));
    changed_.notify_one();
  }
}

void Worker::end_input() {
  parts_.watch.stop();
  parts_.admission.stop();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  leave_what_waits();
}

// A look-up or connect(2) may take half a minute. Whoever waits for us to stop need not: all is answered here.
void Worker::leave_what_waits() {
  std::unique_lock telling(telling_, std::defer_lock);
  for (;;) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, parts_.patience, [this] { return !under_way_ && jobs_.empty(); })) return;
    lock.unlock();
    if (!parts_.watch.may_leave()) continue;
    telling.lock();
    if (parts_.watch.may_leave()) break;
    telling.unlock();
  }
  const std::lock_guard lock(mutex_);
  const Failure stopped = Failure::temporary("told to stop", {4, 3, 2});
  if (under_way_) write(to_record(answer_all(*under_way_, relay::Status::postponed, stopped)));
  for (const relay::Job& job : jobs_) write(to_record(answer_all(job, relay::Status::postponed, stopped)));
  ::_exit(broken_ ? to_int(ExitStatus::data) : to_int(ExitStatus::ok));
}

void Worker::finish(const relay::Answer& answer) {
  const std::lock_guard telling(telling_);
  {
    const std::lock_guard lock(mutex_);
    under_way_.reset();
    changed_.notify_all();
  }
  write(to_record(answer));
}

// nullopt: there will be none. A connection that is kept is given up when none comes for a while.
std::optional<relay::Job> Worker::next_job(Courier& courier) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !jobs_.empty() || ended_; };
  if (courier.has_connection() && !changed_.wait_for(lock, parts_.idle, ready)) {
    lock.unlock();
    courier.hang_up();
    tell(relay::to_record(relay::IdleNews()));
    lock.lock();
  }
  changed_.wait(lock, ready);
  if (jobs_.empty()) return std::nullopt;
  under_way_ = std::move(jobs_.front());
  jobs_.pop_front();
  return under_way_;
}

relay::Answer Worker::carry(Courier& courier, const relay::Job& job) {
  parts_.watch.begin_job();
  if (parts_.watch.is_stopping())
    return answer_all(job, relay::Status::postponed, Failure::temporary("told to stop", {4, 3, 2}));
  const auto body = parts_.body(job.id);
  if (body) return courier.carry(job, body->bytes());
  const bool later = body.error().retry == Retry::later;
  return answer_all(job, later ? relay::Status::deferred : relay::Status::failed, body.error());
}

// Who does not read our answers has gone: its pipe of jobs ends, too.
void Worker::tell(const process::Record& record) {
  const std::lock_guard telling(telling_);
  write(record);
}

void Worker::write(const process::Record& record) {
  if (const auto written = write_all(out_, record.to_text()); !written)
    parts_.logger.error("worker-stops", {{"reason", written.error().text}});
}

}  // namespace tubepost::mxsend
