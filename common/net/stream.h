// What a session talks through: a socket, a TLS connection, two file descriptors, or a test's in-memory pipe.
//
// Blocking. The end of a conversation is an exception, thrown only here and below, caught only in
// Session::run() (style.md 4): TimedOut when a call took longer than the time limit, Disconnected when the
// peer is gone (reading returns 0 at a clean end of input), ShuttingDown when the service stops and this
// session should say goodbye. Threading: one thread at a time, except interrupt(), which any thread may call.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

namespace tubepost::net {

struct StreamEnd {};
struct TimedOut : StreamEnd {};
struct Disconnected : StreamEnd {};
struct ShuttingDown : StreamEnd {};

class Stream {
public:
  virtual ~Stream() = default;

  // Waits for input; returns how many bytes it put into `into`, 0 at the end of input.
  virtual std::size_t read(std::span<char> into) = 0;
  // Writes all of it.
  virtual void write(std::string_view bytes) = 0;
  // For each later read or write call; zero: no limit.
  virtual void set_time_limit(std::chrono::milliseconds limit) = 0;  // RFC 5321 4.5.3.2 for SMTP
  // Says whether read() would return at once; waits at most `limit`. TLS: also what is already decrypted.
  virtual bool wait_readable(std::chrono::milliseconds limit) = 0;
  // Waits for input as wait_readable() does, or until the descriptor `other` is readable; which of them it
  // was, input first. For IDLE: a client or a change, whichever comes first.
  enum class Woken { input, other, time };
  virtual Woken wait(int other, std::chrono::milliseconds limit);
  // The next or current wait for input throws ShuttingDown. Any thread.
  virtual void interrupt() = 0;
  // While postponed an interrupt waits: what has begun (a message, say) comes to its end first. The session's
  // thread. Streams that are never interrupted need not care.
  virtual void postpone_interrupt(bool) {}
  // Ends the conversation: what was written is sent, TLS says close_notify.
  virtual void close() = 0;
};

}  // namespace tubepost::net
