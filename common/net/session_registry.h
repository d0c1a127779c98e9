// The sessions of one process: their streams, to interrupt them, and their threads, to wait for them.
// Threading: any thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "base/unique_fd.h"
#include "net/stream.h"

namespace tubepost::net {

class SessionRegistry {
public:
  // A stream over the socket that is known here until it is destroyed.
  std::unique_ptr<Stream> open(UniqueFd socket);
  void interrupt_all();
  void cut_off_all();  // both directions, at once: what they do next with their stream fails

  void thread_begins();
  void thread_ends();  // the last thing the thread does with anything of the server's
  bool wait_for_threads(std::chrono::milliseconds limit);  // true: none is left
  std::size_t threads() const;

private:
  class RegisteredStream;
  mutable std::mutex mutex_;
  std::condition_variable none_left_;
  std::unordered_set<RegisteredStream*> streams_;
  std::size_t threads_ = 0;
};

}  // namespace tubepost::net
