#include "net/connection_counts.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "process/shared_mutex.h"

namespace tubepost::net {

struct ConnectionCounts::Entry {
  std::atomic<std::uint32_t> worker{0};  // its number + 1; 0: free
  std::uint32_t listener = 0;
  bool has_address = false;
  IpAddress client;
  std::uint64_t user = 0;
};

struct ConnectionCounts::Shared {
  process::SharedMutex mutex;
  std::size_t size = 0;     // of the array
  std::size_t touched = 0;  // entries beyond have never been used

  Entry* entries() { return reinterpret_cast<Entry*>(this + 1); }
  Entry* begin() { return entries(); }
  Entry* end() { return entries() + touched; }
};

namespace {

// L3: one client of IPv6 has a whole /64.
IpAddress client_of(const IpAddress& address) { return address.is_v6() ? address.network(64) : address; }

// What a dead owner left under it is whole: an entry counts only from the store of its worker on.
using SharedLock = std::lock_guard<process::SharedMutex>;

}  // namespace

ConnectionCounts::ConnectionCounts(CountLimits limits)
    : limits_(std::move(limits)), bytes_(sizeof(Shared) + limits_.total * sizeof(Entry)) {
  static_assert(sizeof(Shared) % alignof(Entry) == 0);
  void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  shared_ = std::construct_at(static_cast<Shared*>(memory));
  shared_->size = limits_.total;
}

ConnectionCounts::~ConnectionCounts() { ::munmap(shared_, bytes_); }

Admission ConnectionCounts::admit(unsigned worker, std::size_t listener,
                                  const std::optional<IpAddress>& address, Slot& slot) {
  const IpAddress client = address ? client_of(*address) : IpAddress();
  const SharedLock lock(shared_->mutex);
  std::size_t on_listener = 0, from_client = 0;
  std::optional<std::size_t> free;
  for (std::size_t i = 0; i < shared_->touched; ++i) {
    const Entry& entry = shared_->entries()[i];
    if (entry.worker == 0) {
      if (!free) free = i;
      continue;
    }
    on_listener += entry.listener == listener;
    from_client += entry.has_address && address && entry.client == client;
  }
  if (!free && shared_->touched == shared_->size) return Admission::too_many;
  if (on_listener >= limits_.per_listener.at(listener)) return Admission::too_many;
  if (address && from_client >= limits_.per_address) return Admission::too_many_from_address;
  if (!free) std::construct_at(shared_->entries() + (free = shared_->touched++).value());
  Entry& entry = shared_->entries()[slot = *free];
  entry.listener = static_cast<std::uint32_t>(listener);
  entry.has_address = address.has_value();
  entry.client = client;
  entry.user = 0;
  entry.worker = worker + 1;
  return Admission::admitted;
}

std::size_t ConnectionCounts::count_of(const IpAddress& client) const {
  return static_cast<std::size_t>(std::count_if(shared_->begin(), shared_->end(), [&](const Entry& entry) {
    return entry.worker != 0 && entry.has_address && entry.client == client;
  }));
}

Admission ConnectionCounts::name_address(Slot slot, const IpAddress& address) {
  const IpAddress client = client_of(address);
  const SharedLock lock(shared_->mutex);
  if (count_of(client) >= limits_.per_address) return Admission::too_many_from_address;
  Entry& entry = shared_->entries()[slot];
  entry.client = client;
  entry.has_address = true;
  return Admission::admitted;
}

bool ConnectionCounts::name_user(Slot slot, std::uint64_t user) {
  const SharedLock lock(shared_->mutex);
  Entry& own = shared_->entries()[slot];
  own.user = 0;
  const auto there = std::count_if(shared_->begin(), shared_->end(), [&](const Entry& entry) {
    return entry.worker != 0 && entry.user == user;
  });
  const bool is_over = limits_.per_user != 0 && static_cast<std::size_t>(there) >= limits_.per_user;
  if (user != 0 && is_over) return false;
  own.user = user;
  return true;
}

void ConnectionCounts::release(Slot slot) { shared_->entries()[slot].worker = 0; }

void ConnectionCounts::forget_worker(unsigned worker) {
  const SharedLock lock(shared_->mutex);
  for (Entry& entry : *shared_)
    if (entry.worker == worker + 1) entry.worker = 0;
}

std::size_t ConnectionCounts::total() const {
  const SharedLock lock(shared_->mutex);
  return static_cast<std::size_t>(
      std::count_if(shared_->begin(), shared_->end(), [](const Entry& entry) { return entry.worker != 0; }));
}

}  // namespace tubepost::net
