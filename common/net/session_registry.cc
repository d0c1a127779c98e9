#include "net/session_registry.h"

#include <sys/socket.h>

#include "net/fd_stream.h"

namespace tubepost::net {

class SessionRegistry::RegisteredStream final : public Stream {
public:
  RegisteredStream(SessionRegistry& registry, UniqueFd socket)
      : registry_(registry), inner_(std::move(socket)) {
    const std::lock_guard lock(registry_.mutex_);
    registry_.streams_.insert(this);
  }
  ~RegisteredStream() override {
    // Out of the set first, so that nobody interrupts a descriptor that is no longer ours.
    const std::lock_guard lock(registry_.mutex_);
    registry_.streams_.erase(this);
  }
  std::size_t read(std::span<char> into) override { return inner_.read(into); }
  void write(std::string_view bytes) override { inner_.write(bytes); }
  void set_time_limit(std::chrono::milliseconds limit) override { inner_.set_time_limit(limit); }
  bool wait_readable(std::chrono::milliseconds limit) override { return inner_.wait_readable(limit); }
  Woken wait(int other, std::chrono::milliseconds limit) override { return inner_.wait(other, limit); }
  void interrupt() override { inner_.interrupt(); }
  void postpone_interrupt(bool postpone) override { inner_.postpone_interrupt(postpone); }
  void close() override { inner_.close(); }
  void cut_off() { ::shutdown(inner_.input_fd(), SHUT_RDWR); }

private:
  SessionRegistry& registry_;
  FdStream inner_;
};

std::unique_ptr<Stream> SessionRegistry::open(UniqueFd socket) {
  return std::make_unique<RegisteredStream>(*this, std::move(socket));
}

void SessionRegistry::interrupt_all() {
  const std::lock_guard lock(mutex_);
  for (RegisteredStream* stream : streams_) stream->interrupt();
}

void SessionRegistry::cut_off_all() {
  const std::lock_guard lock(mutex_);
  for (RegisteredStream* stream : streams_) stream->cut_off();
}

void SessionRegistry::thread_begins() {
  const std::lock_guard lock(mutex_);
  ++threads_;
}

void SessionRegistry::thread_ends() {
  // Told under the lock: once it is free, whoever waited may destroy us.
  const std::lock_guard lock(mutex_);
  if (--threads_ == 0) none_left_.notify_all();
}

bool SessionRegistry::wait_for_threads(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return none_left_.wait_for(lock, limit, [this] { return threads_ == 0; });
}

std::size_t SessionRegistry::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

}  // namespace tubepost::net
