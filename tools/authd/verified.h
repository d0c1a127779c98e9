// Logins verified lately, so that a mail program which comes every minute costs one HMAC and not a hash of 20
// ms. Kept are keyed MACs, under a key that lives and dies with this process, over the stored verifier and
// the password: a new password makes the old one's MAC match nothing. Bounded. Threading: any thread.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "base/bounded_map.h"
#include "base/clock.h"

namespace tubepost::authd {

class Verified {
public:
  explicit Verified(const Clock& clock, std::size_t entries_max = 10'000);
  ~Verified();

  // What was tried, as a digest that says nothing without our key.
  std::string digest(const std::string& crypt, std::string_view password) const;
  bool knows(const std::string& account, const std::string& digest);
  void remember(const std::string& account, const std::string& digest, Milliseconds how_long);

private:
  struct Entry {
    std::string digest;
    Milliseconds until{0};
  };
  const Clock& clock_;
  std::string key_;
  std::mutex mutex_;
  BoundedMap<Entry> entries_;
};

}  // namespace tubepost::authd
