#include "listen/relay.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/file.h"
#include "net/fd_stream.h"
#include "net/wait.h"

namespace tubepost::listen {
namespace {

using namespace std::chrono_literals;

constexpr auto handshake_time = 60s;
constexpr auto write_time =
    5min;  // RFC 5321 4.5.3.2 and its like; how long to wait for input is the program's affair
constexpr std::size_t piece = 16384;
constexpr std::size_t most_waiting = 65536;

class Carrier {
public:
  Carrier(net::Stream& client, int client_fd, int program)
      : client_(client), client_fd_(client_fd), program_(program), buffer_(piece, '\0') {}

  void run() {
    while (!program_ended_) {
      wait();
      if (wants_client() && client_.wait_readable(0ms)) take_from_client();
      if (!waiting_.empty()) give_to_program();
      if (!client_open_ && waiting_.empty()) ::shutdown(program_, SHUT_WR);
      take_from_program();
    }
  }

private:
  bool wants_client() const { return client_open_ && waiting_.size() < most_waiting; }

  void wait() {
    // What TLS has decrypted already, poll() cannot see.
    if (wants_client() && client_.wait_readable(0ms)) return;
    const short program_events = waiting_.empty() ? POLLIN : POLLIN | POLLOUT;
    pollfd fds[2] = {{program_, program_events, 0}, {wants_client() ? client_fd_ : -1, POLLIN, 0}};
    net::poll_until(fds, -1);
  }

  void take_from_client() {
    const std::size_t count = client_.read(buffer_);
    client_open_ = count > 0;
    if (program_reads_) waiting_.append(buffer_, 0, count);
  }

  void give_to_program() {
    const ssize_t count = ::send(program_, waiting_.data(), waiting_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return void(waiting_.erase(0, static_cast<std::size_t>(count)));
    if (errno == EAGAIN || errno == EINTR) return;
    // It has closed its input; what it still has to say is carried.
    program_reads_ = false;
    waiting_.clear();
  }

  void take_from_program() {
    const ssize_t count = ::recv(program_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count > 0) return client_.write({buffer_.data(), static_cast<std::size_t>(count)});
    program_ended_ = count == 0 || (errno != EAGAIN && errno != EINTR);
  }

  net::Stream& client_;
  int client_fd_, program_;
  std::string buffer_, waiting_;  // `waiting_`: from the client, for the program
  bool client_open_ = true, program_reads_ = true, program_ended_ = false;
};

}  // namespace

void carry(net::Stream& client, int client_fd, int program) { Carrier(client, client_fd, program).run(); }

void run_relay(const Relay& relay, UniqueFd socket, const log::Logger& logger) {
  const int client_fd = socket.get();
  net::FdStream below(std::move(socket));
  std::optional<process::Child> program;
  try {
    below.set_time_limit(handshake_time);
    const auto client = relay.tls.accept(below);
    if (!client)
      return logger.info("tls-handshake-failed", {{"client", relay.client}, {"reason", client.error().text}});
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      return logger.error("program-not-started", {{"reason", error_text(errno)}});
    const UniqueFd ours(pair[0]);
    UniqueFd theirs(pair[1]);
    auto how = relay.how;
    how.redirects = {{theirs.get(), 0}, {theirs.get(), 1}};
    how.set_env.emplace_back("TLS", "1");
    auto started = process::Child::spawn(relay.program, how);
    if (!started) return logger.error("program-not-started", {{"reason", started.error().text}});
    program = std::move(*started);
    theirs.reset();
    (*client)->set_time_limit(write_time);
    carry(**client, client_fd, ours.get());
    (*client)->close();
  } catch (const net::StreamEnd&) {
    // The client is gone. The program's socket is closed by now, so it sees the end of its input.
  }
  if (program) program->wait();
}

}  // namespace tubepost::listen
