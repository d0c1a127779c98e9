#include "mxsend/admission.h"

#include "net/stream.h"

namespace tubepost::mxsend {

// Our time begins before qrun hears of it, so that it never ends later than qrun's.
void Admission::connecting() {
  if (!connecting_since_) connecting_since_ = clock_.since_boot();
  say(relay::Phase::connecting);
}

bool Admission::connected() {
  const bool late = connecting_since_ && clock_.since_boot() - *connecting_since_ >= relay::late_after;
  if (late && told_) return false;
  connecting_since_.reset();
  say(relay::Phase::connected);
  return true;
}

void Admission::await_room() {
  say(relay::Phase::waiting);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return may_go_ || stopped_; });
  if (stopped_) throw net::ShuttingDown();
  may_go_ = false;
  connecting_since_.reset();
}

void Admission::going_on() {
  constexpr Milliseconds now_and_then = std::chrono::minutes(1);
  if (clock_.since_boot() - said_at_ >= now_and_then) say(relay::Phase::transaction);
}

void Admission::go_ahead() {
  const std::lock_guard lock(mutex_);
  may_go_ = true;
  changed_.notify_all();
}

void Admission::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace tubepost::mxsend
