// A Stream over one or two descriptors: stdin and stdout (--stdio), a pipe pair, a connected socket.
// The descriptors are owned if passed as UniqueFd, borrowed otherwise; their blocking mode is left as it is.
//
// A blocking socket costs one system call per read or write: the kernel keeps the time limit (SO_RCVTIMEO,
// SO_SNDTIMEO), and interrupt() is shutdown(SHUT_RD), which wakes whoever waits. Other descriptors are polled
// first, beside an eventfd that interrupt() writes. Whoever waits long dozes (doze.h).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/endpoint.h"
#include "net/stream.h"

namespace tubepost::net {

class FdStream final : public Stream {
public:
  FdStream(int input, int output);     // borrowed
  explicit FdStream(UniqueFd socket);  // owned, both directions
  ~FdStream() override;

  std::size_t read(std::span<char> into) override;
  void write(std::string_view bytes) override;
  void set_time_limit(std::chrono::milliseconds limit) override { limit_ = limit; }
  bool wait_readable(std::chrono::milliseconds limit) override;
  Woken wait(int other, std::chrono::milliseconds limit) override;
  void interrupt() override;
  void postpone_interrupt(bool postpone) override;
  // Says that nothing more comes; the descriptor itself is closed by the destructor (interrupt() may still
  // use it).
  void close() override;
  int input_fd() const { return input_; }

private:
  enum class Way { kernel_times, polled };
  static Way way_of(int fd);
  std::size_t read_polled(std::span<char> into);
  void write_polled(std::string_view bytes);
  bool poll_input(std::chrono::milliseconds limit) const;
  static void let_kernel_time(int socket, int option, std::chrono::milliseconds limit,
                              std::chrono::milliseconds& set);
  [[noreturn]] void end_of(int error_number) const;

  UniqueFd owned_;
  int input_, output_;
  Way input_way_, output_way_;
  UniqueFd wake_;  // an eventfd, only where shutdown() cannot wake the reader
  std::chrono::milliseconds limit_{0};
  std::chrono::milliseconds read_limit_set_{0}, write_limit_set_{0};  // what the kernel has been told
  void wake_reader();
  std::atomic<bool> interrupted_{false}, postponed_{false};
  bool must_end() const { return interrupted_ && !postponed_; }
};

std::optional<Endpoint> peer_of(int socket);  // nullopt: not a TCP socket
std::optional<Endpoint> local_of(int socket);

Result<std::unique_ptr<Stream>> connect_unix(const std::string& path, std::chrono::milliseconds limit);
// `source`: the address of ours to connect from, of the same family.
Result<std::unique_ptr<Stream>> connect_tcp(const Endpoint& endpoint, std::chrono::milliseconds limit,
                                            const std::optional<IpAddress>& source = std::nullopt);

}  // namespace tubepost::net
