// A Stream over one or two descriptors: stdin and stdout (--stdio), a pipe pair, a connected socket.
// The descriptors are owned if passed as UniqueFd, borrowed otherwise. Sets them non-blocking only if they are sockets.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/endpoint.h"
#include "net/stream.h"

namespace tubepost::net {

class FdStream final : public Stream {
 public:
  FdStream(int input, int output);    // borrowed
  explicit FdStream(UniqueFd socket);  // owned, both directions
  ~FdStream() override;

  std::size_t read(std::span<char> into) override;
  void write(std::string_view bytes) override;
  void set_time_limit(std::chrono::milliseconds limit) override { limit_ = limit; }
  bool wait_readable(std::chrono::milliseconds limit) override;
  void interrupt() override;
  void close() override;
  int input_fd() const { return input_; }

 private:
  UniqueFd owned_;
  int input_, output_;
  std::chrono::milliseconds limit_{0};
  std::atomic<bool> interrupted_{false};
};

std::optional<Endpoint> peer_of(int socket);   // nullopt: not a TCP socket
std::optional<Endpoint> local_of(int socket);

Result<std::unique_ptr<Stream>> connect_unix(const std::string& path, std::chrono::milliseconds limit);
Result<std::unique_ptr<Stream>> connect_tcp(const Endpoint& endpoint, std::chrono::milliseconds limit);

}  // namespace tubepost::net
