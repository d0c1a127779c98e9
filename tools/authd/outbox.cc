#include "authd/outbox.h"

namespace tubepost::authd {

using SteadyClock = std::chrono::steady_clock;

Outbox::Outbox(net::Stream& stream, std::size_t lines_max)
    : stream_(stream), lines_max_(lines_max), writer_([this] { run(); }) {}

Outbox::~Outbox() { close(); }

void Outbox::put(std::string line, std::chrono::milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_.emplace(SteadyClock::now() + delay, std::move(line));
    if (waiting_.size() > lines_max_) stream_.interrupt();
  }
  changed_.notify_one();
}

void Outbox::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_one();
  if (writer_.joinable()) writer_.join();
}

void Outbox::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  if (writer_.joinable()) writer_.join();
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool due = !waiting_.empty() && waiting_.begin()->first <= SteadyClock::now();
    if (due) {
      const std::string line = std::move(waiting_.extract(waiting_.begin()).mapped());
      lock.unlock();
      try {
        stream_.write(line);
      } catch (const net::StreamEnd&) {
        stream_.interrupt();  // the session's reader learns of it
        lock.lock();
        closed_ = true;
        return;
      }
      lock.lock();
    } else if (closed_) {
      return;
    } else if (waiting_.empty()) {
      if (finishing_) {
        closed_ = true;
        return;
      }
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, Time(waiting_.begin()->first));
    }
  }
}

}  // namespace tubepost::authd
