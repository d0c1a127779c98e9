// Lines for one client, in order of their time: an answer may be held back without holding up any other. One
// thread of its own writes them, so that a client which does not read blocks nobody else. put() from any
// thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "net/stream.h"

namespace tubepost::authd {

class Outbox {
public:
  Outbox(net::Stream& stream, std::size_t lines_max);
  ~Outbox();  // close()

  // Dropped silently once closed. Too many lines waiting: the client does not read, its stream is
  // interrupted.
  void put(std::string line, std::chrono::milliseconds delay = {});
  void finish();  // all that was put is written, when its time has come; then as close()
  void close();   // what is due is still written; the stream is not used afterwards

private:
  using Time = std::chrono::steady_clock::time_point;
  void run();

  net::Stream& stream_;
  std::size_t lines_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Time, std::string> waiting_;
  bool closed_ = false, finishing_ = false;
  std::thread writer_;
};

}  // namespace tubepost::authd
