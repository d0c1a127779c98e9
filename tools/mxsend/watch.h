// Being told to stop while a conversation is under way (design.md 3): before the final dot it is broken off,
// after it the reply is waited for. One thread talks, another calls stop(). Any thread.
#pragma once

#include <mutex>

#include "net/stream.h"

namespace tubepost::mxsend {

class Watch {
public:
  // The stream under talk; it must stay until another, or none, is attached.
  void attach(net::Stream* stream) {
    const std::lock_guard lock(mutex_);
    stream_ = stream;
    past_final_dot_ = false;
    if (stopping_ && stream_) stream_->interrupt();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (stream_ && !past_final_dot_) stream_->interrupt();
  }
  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }
  void begin_job() {
    const std::lock_guard lock(mutex_);
    sent_ = false;
  }
  // Once told to stop: whether what is under way may be left where it is, for there is no conversation, which would end by
  // itself, and of this job nothing was sent up to its final dot, which must not be forgotten.
  bool may_leave() const {
    const std::lock_guard lock(mutex_);
    return stopping_ && stream_ == nullptr && !sent_;
  }
  // Throws ShuttingDown if it is time to stop; else, from here to the next attach() or done(), it is too late
  // to.
  void pass_final_dot() {
    const std::lock_guard lock(mutex_);
    if (stopping_) throw net::ShuttingDown();
    past_final_dot_ = sent_ = true;
  }
  void done() {
    const std::lock_guard lock(mutex_);
    past_final_dot_ = false;
  }

private:
  mutable std::mutex mutex_;
  net::Stream* stream_ = nullptr;
  bool stopping_ = false, past_final_dot_ = false, sent_ = false;
};

}  // namespace tubepost::mxsend
