// A Stream that bounds what one answer may take: its time and its bytes, however they are spread over reads. Who
// sends a byte a minute does not hold us for ever, and who floods us is left: both are TimedOut. For clients.
#pragma once

#include "net/stream.h"
#include "net/wait.h"

namespace tubepost::net {

class MeteredStream final : public Stream {
public:
  explicit MeteredStream(Stream& below) : below_(&below) {}  // borrowed
  // For all reads from now to the next allow().
  void allow(std::chrono::milliseconds limit, std::size_t bytes) {
    deadline_ = Deadline(limit);
    left_ = bytes;
  }

  std::size_t read(std::span<char> into) override {
    if (deadline_.passed()) throw TimedOut();
    below_->set_time_limit(std::chrono::milliseconds(std::max(1, deadline_.poll_milliseconds())));
    const std::size_t count = below_->read(into);
    if (count > left_) throw TimedOut();
    left_ -= count;
    return count;
  }
  void write(std::string_view bytes) override {
    below_->set_time_limit(write_limit_);
    below_->write(bytes);
  }
  void set_time_limit(std::chrono::milliseconds limit) override { write_limit_ = limit; }  // of each write
  bool wait_readable(std::chrono::milliseconds limit) override { return below_->wait_readable(limit); }
  void interrupt() override { below_->interrupt(); }
  void close() override { below_->close(); }

private:
  Stream* below_;
  Deadline deadline_{std::chrono::milliseconds(0)};
  std::size_t left_ = 0;
  std::chrono::milliseconds write_limit_{0};
};

}  // namespace tubepost::net
