// The right to have a connection (L4). qrun counts the connections of all its mxsend processes; one that has waited long to be
// connected is not counted any more, so that hosts which swallow everything hold up nobody (relay/job.h, phase). Who is connected
// later than that hangs up at once, before a word is said, and connects again when qrun says that there is room.
//
// Where nobody counts (tell() was not called) everybody is admitted. Threading: one thread connects, another calls go_ahead() and stop().
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "relay/job.h"

namespace tubepost::mxsend {

class Admission {
public:
  explicit Admission(const Clock& clock) : clock_(clock) {}
  // Whoever counts is told of each phase, by this function.
  void tell(std::function<void(relay::Phase)> told) { told_ = std::move(told); }

  void begin_job() { connecting_since_.reset(); }
  void connecting();  // names are looked for, or a host
  // A host has answered. False: too late; the connection is to be closed before await_room().
  bool connected();
  void await_room();  // until go_ahead(), which may have come already; ShuttingDown after stop()
  void say(relay::Phase phase) {
    said_at_ = clock_.since_boot();
    if (told_) told_(phase);
  }
  // The other side takes what it is given, a recipient or a piece of the message. A large one may take hours on a slow
  // line, and qrun kills whoever says nothing for half of one: so it is said, now and then.
  void going_on();
  void go_ahead();
  void stop();  // nobody will say it any more

private:
  const Clock& clock_;
  std::function<void(relay::Phase)> told_;
  std::optional<Milliseconds> connecting_since_;
  Milliseconds said_at_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool may_go_ = false, stopped_ = false;
};

}  // namespace tubepost::mxsend
