// Streams without a kernel, for session tests.
//
//   MemoryStream stream("EHLO me\r\nQUIT\r\n");     all input is there from the start; what is written is
//   collected auto [here, there] = make_pipe_streams();        two ends for two threads: what one writes the
//   other reads
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"

namespace tubepost::test_support {

class MemoryStream final : public net::Stream {
public:
  enum class AtEnd { end_of_input, timed_out, disconnected, shutting_down };

  // read() gives at most `piece` bytes at a time: cuts the input where a network might.
  explicit MemoryStream(std::string input = {}, AtEnd at_end = AtEnd::end_of_input,
                        std::size_t piece = SIZE_MAX)
      : input_(std::move(input)), at_end_(at_end), piece_(piece) {}

  std::size_t read(std::span<char> into) override {
    ++reads;
    if (at_ == input_.size() && on_wait) on_wait(*this);
    const std::size_t count = std::min({into.size(), input_.size() - at_, piece_});
    if (count == 0) return end();
    input_.copy(into.data(), count, at_);
    at_ += count;
    return count;
  }
  void write(std::string_view bytes) override {
    if (closed) throw net::Disconnected();
    ++writes;
    output += bytes;
  }
  void set_time_limit(std::chrono::milliseconds limit) override { time_limit = limit; }
  bool wait_readable(std::chrono::milliseconds) override {
    return at_ < input_.size() || at_end_ != AtEnd::timed_out;
  }
  void interrupt() override { at_end_ = AtEnd::shutting_down; }
  void close() override { closed = true; }

  void add_input(std::string_view more) { input_ += more; }
  std::string take_output() { return std::exchange(output, {}); }

  std::string output;
  std::chrono::milliseconds time_limit{0};
  int reads = 0, writes = 0;
  bool closed = false;
  std::function<void(MemoryStream&)>
      on_wait;  // called when input is wanted and there is none: may add_input()

private:
  std::size_t end() const {
    switch (at_end_) {
      case AtEnd::end_of_input:
        return 0;
      case AtEnd::timed_out:
        throw net::TimedOut();
      case AtEnd::disconnected:
        throw net::Disconnected();
      case AtEnd::shutting_down:
        throw net::ShuttingDown();
    }
    return 0;
  }
  std::string input_;
  std::size_t at_ = 0;
  AtEnd at_end_;
  std::size_t piece_;
};

// One direction of a pipe.
class PipeChannel {
public:
  void write(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (closed_) throw net::Disconnected();
    content_ += bytes;
    changed_.notify_all();
  }
  std::size_t read(std::span<char> into, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    if (!wait(lock, limit)) throw net::TimedOut();
    if (content_.empty() && interrupted_) throw net::ShuttingDown();
    const std::size_t count = content_.copy(into.data(), into.size());
    content_.erase(0, count);
    return count;
  }
  bool wait_readable(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return !content_.empty() || closed_ || interrupted_ || (limit.count() > 0 && wait(lock, limit));
  }
  void interrupt() { set(interrupted_); }
  void close() { set(closed_); }

private:
  bool wait(std::unique_lock<std::mutex>& lock, std::chrono::milliseconds limit) {
    const auto ready = [this] { return !content_.empty() || closed_ || interrupted_; };
    if (limit.count() > 0 && limit < std::chrono::hours(24)) return changed_.wait_for(lock, limit, ready);
    changed_.wait(lock, ready);
    return true;
  }
  void set(bool& flag) {
    const std::lock_guard lock(mutex_);
    flag = true;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string content_;
  bool closed_ = false, interrupted_ = false;
};

// One end of a pipe of two threads. Its destructor closes it: the other end then reads the rest and the end
// of input.
class PipeStream final : public net::Stream {
public:
  PipeStream(std::shared_ptr<PipeChannel> in, std::shared_ptr<PipeChannel> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~PipeStream() override { in_->close(), out_->close(); }

  std::size_t read(std::span<char> into) override { return in_->read(into, limit_); }
  void write(std::string_view bytes) override { out_->write(bytes); }
  void set_time_limit(std::chrono::milliseconds limit) override { limit_ = limit; }
  bool wait_readable(std::chrono::milliseconds limit) override { return in_->wait_readable(limit); }
  void interrupt() override { in_->interrupt(); }
  void close() override { out_->close(); }

private:
  std::shared_ptr<PipeChannel> in_, out_;  // shared: each channel belongs to both ends
  std::chrono::milliseconds limit_{0};
};

inline std::pair<std::unique_ptr<PipeStream>, std::unique_ptr<PipeStream>> make_pipe_streams() {
  const auto there = std::make_shared<PipeChannel>(), back = std::make_shared<PipeChannel>();
  return {std::make_unique<PipeStream>(back, there), std::make_unique<PipeStream>(there, back)};
}

}  // namespace tubepost::test_support
