// One connection to an auth service, shared by all threads of a process: requests go out under a lock, one
// thread of its own reads the answers and wakes who waits for each. make_dovecot_client (authenticator.h)
// keeps one alive. When the connection ends, whoever waits is told at once; a Connection never comes back,
// its owner makes a new one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "auth/authenticator.h"
#include "auth/dovecot_protocol.h"
#include "net/line_stream.h"

namespace tubepost::auth::dovecot {

// How long a session may be kept waiting by an auth service that is in trouble.
struct ClientLimits {
  std::chrono::milliseconds connect{2'000};
  std::chrono::milliseconds handshake{5'000};  // also for each write
  std::chrono::milliseconds reply{30'000};     // authd holds failures back for some seconds, on purpose
};

class Connection {
public:
  // Connects and shakes hands. Temporary failures: nobody there, too slow; permanent: another protocol.
  static Result<std::shared_ptr<Connection>> open(const std::string& path, const ClientLimits& limits);
  ~Connection();

  const std::vector<MechanismInfo>& mechanisms() const { return mechanisms_; }
  bool has_internal(std::string_view name) const;
  bool is_lost() const;
  std::uint32_t new_id();
  // Sends one line and waits for the answer to `id`; nullopt: the connection is lost, or no answer came in
  // time.
  std::optional<FromServer> ask(std::uint32_t id, const std::string& line);
  void tell(const std::string& line);  // no answer is expected

private:
  struct Waiting {
    std::optional<FromServer> answer;
    std::condition_variable ready;
  };

  Connection(std::unique_ptr<net::Stream> stream, const ClientLimits& limits);
  Result<void> shake_hands();
  void note(const Mechanism& mechanism);
  void run();
  bool read_one();
  void dispatch(FromServer message);
  void lose();
  bool send(const std::string& line);
  std::optional<FromServer> wait_for(std::uint32_t id);

  std::unique_ptr<net::Stream> stream_;  // one thread reads, one at a time (writing_) writes
  net::LineStream lines_;
  ClientLimits limits_;
  std::vector<MechanismInfo> mechanisms_;
  std::vector<std::string> internal_;
  unsigned minor_ = 0;
  std::mutex writing_;
  mutable std::mutex mutex_;  // guards all below
  std::map<std::uint32_t, Waiting> waiting_;
  std::chrono::steady_clock::time_point last_heard_;
  std::uint32_t last_id_ = 0;
  bool lost_ = false;
  std::thread reader_;
};

std::unique_ptr<Authenticator> make_client(std::string path, const ClientLimits& limits);

}  // namespace tubepost::auth::dovecot
