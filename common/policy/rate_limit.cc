#include "policy/rate_limit.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "base/file.h"
#include "process/shared_mutex.h"

namespace tubepost::policy {
namespace {

std::array<std::uint64_t, 2> random_secret() {
  std::array<std::uint64_t, 2> secret{};
  const auto bytes = random_bytes(sizeof(secret));
  std::memcpy(secret.data(), bytes.data(), sizeof(secret));
  return secret;
}

// SipHash-1-3 (Aumasson, Bernstein 2012) over 64-bit words.
class SipHash {
public:
  explicit SipHash(const std::array<std::uint64_t, 2>& key)
      : v_{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
           key[1] ^ 0x7465646279746573} {}

  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(8, text.size()))) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), std::min<std::size_t>(8, text.size()));
      add(word);
    }
  }
  std::uint64_t finish() {
    v_[2] ^= 0xff;
    for (int i = 0; i < 3; ++i) round();
    return v_[0] ^ v_[1] ^ v_[2] ^ v_[3];
  }

private:
  void add(std::uint64_t word) {
    v_[3] ^= word;
    round();
    v_[0] ^= word;
  }
  void round() {
    v_[0] += v_[1], v_[1] = std::rotl(v_[1], 13), v_[1] ^= v_[0], v_[0] = std::rotl(v_[0], 32);
    v_[2] += v_[3], v_[3] = std::rotl(v_[3], 16), v_[3] ^= v_[2];
    v_[0] += v_[3], v_[3] = std::rotl(v_[3], 21), v_[3] ^= v_[0];
    v_[2] += v_[1], v_[1] = std::rotl(v_[1], 17), v_[1] ^= v_[2], v_[2] = std::rotl(v_[2], 32);
  }
  std::uint64_t v_[4];
};

void* shared_memory(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return memory;
}

}  // namespace

// Fresh pages are zero, and a row of zeros is an empty one.
struct RateLimits::Shared {
  process::SharedMutex mutex;
  std::uint64_t uses = 0;
  Row* rows() { return reinterpret_cast<Row*>(this + 1); }
};

RateLimits::RateLimits(const Clock& clock, std::size_t entries, std::chrono::seconds window)
    : clock_(clock),
      window_(window),
      secret_(random_secret()),
      rows_(std::max<std::size_t>(entries / ways, 1)),
      bytes_(sizeof(Shared) + rows_ * sizeof(Row)),
      shared_(std::construct_at(static_cast<Shared*>(shared_memory(bytes_)))) {
  static_assert(sizeof(Shared) % alignof(Row) == 0);
}

RateLimits::~RateLimits() { ::munmap(shared_, bytes_); }

RateLimits::Row& RateLimits::row_of(std::uint64_t hash) const { return shared_->rows()[(hash >> 8) % rows_]; }

std::uint64_t RateLimits::hash_of(std::string_view kind, std::string_view key) const {
  SipHash hash(secret_);
  hash.add(kind);
  hash.add(key);
  return std::max<std::uint64_t>(hash.finish(), 1);
}

// By boot time: a wall clock that is set neither forgives nor punishes.
std::int64_t RateLimits::window_number() const { return clock_.since_boot() / window_; }

void RateLimits::turn(Entry& entry, std::int64_t window) const {
  if (entry.window == window) return;
  entry.before = entry.window == window - 1 ? entry.now : 0;
  entry.now = 0;
  entry.window = window;
  entry.reported = false;
}

double RateLimits::sum(const Entry& entry) const {
  const auto into =
      static_cast<double>((clock_.since_boot() % window_).count()) / static_cast<double>(window_.count());
  return entry.now + entry.before * (1 - into);
}

RateLimits::Entry& RateLimits::place_for(std::uint64_t hash) {
  auto& row = row_of(hash);
  const auto same =
      std::find_if(row.begin(), row.end(), [&](const Entry& entry) { return entry.hash == hash; });
  if (same != row.end()) return *same;
  auto& oldest = *std::min_element(row.begin(), row.end(),
                                   [](const Entry& a, const Entry& b) { return a.used < b.used; });
  oldest = Entry{};
  oldest.hash = hash;
  oldest.window = window_number();
  return oldest;
}

RateLimits::Answer RateLimits::take(std::string_view kind, std::string_view key, std::uint32_t by,
                                    std::uint32_t limit) {
  if (limit == 0) return Answer::within;
  const auto hash = hash_of(kind, key);
  const std::lock_guard lock(shared_->mutex);
  auto& entry = place_for(hash);
  entry.used = ++shared_->uses;
  turn(entry, window_number());
  if (sum(entry) + by > limit)
    return std::exchange(entry.reported, true) ? Answer::exceeded : Answer::exceeded_now;
  entry.now += by;
  return Answer::within;
}

std::uint32_t RateLimits::count(std::string_view kind, std::string_view key) const {
  const auto hash = hash_of(kind, key);
  const std::lock_guard lock(shared_->mutex);
  for (auto entry : row_of(hash)) {
    if (entry.hash != hash) continue;
    turn(entry, window_number());
    return static_cast<std::uint32_t>(sum(entry));
  }
  return 0;
}

}  // namespace tubepost::policy
