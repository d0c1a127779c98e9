// How many connections there are: in total, by listener, by client address (L2, L3, L5), by user, over all worker
// processes.
//
// A slot for each connection, in memory that forked workers share; admitting scans them, which is cheap
// beside an accept. So a worker that dies holding connections, or the lock, leaves nothing inconsistent: its
// slots are given back by number. Threading: any thread of any process that was forked after the object was
// made.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "net/endpoint.h"

namespace tubepost::net {

struct CountLimits {
  std::size_t total = 0;
  std::size_t per_address = 0;
  std::vector<std::size_t> per_listener;
  std::size_t per_user = 0;  // 0: no limit
};

enum class Admission { admitted, too_many, too_many_from_address };

class ConnectionCounts {
public:
  using Slot = std::size_t;

  explicit ConnectionCounts(CountLimits limits);
  ~ConnectionCounts();
  ConnectionCounts(const ConnectionCounts&) = delete;
  ConnectionCounts& operator=(const ConnectionCounts&) = delete;

  // `address` nullopt: it has none, or is not known yet.
  Admission admit(unsigned worker, std::size_t listener, const std::optional<IpAddress>& address, Slot& slot);
  // The address has become known (PROXY protocol). Not admitted: the slot still counts until released.
  Admission name_address(Slot slot, const IpAddress& address);
  // Who has logged in (a number that is not 0); 0: out again. False: that user has as many as may be.
  bool name_user(Slot slot, std::uint64_t user);
  void release(Slot slot);
  void forget_worker(unsigned worker);  // it has died
  std::size_t total() const;

private:
  struct Shared;
  struct Entry;
  std::size_t count_of(const IpAddress& client) const;
  CountLimits limits_;
  Shared* shared_;  // an anonymous shared mapping, with the entries behind it
  std::size_t bytes_;
};

}  // namespace tubepost::net
