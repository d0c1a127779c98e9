#include "authd/verified.h"

#include "auth/crypto.h"
#include "base/file.h"

namespace tubepost::authd {

Verified::Verified(const Clock& clock, std::size_t entries_max)
    : clock_(clock), key_(random_bytes(32)), entries_(entries_max) {}

Verified::~Verified() { auth::wipe(key_); }

std::string Verified::digest(const std::string& crypt, std::string_view password) const {
  std::string text;
  text.reserve(crypt.size() + 1 + password.size());
  text.append(crypt).append(1, '\0').append(password);
  const auth::Wiped guard(text);
  return auth::hmac_sha256(key_, text);
}

bool Verified::knows(const std::string& account, const std::string& digest) {
  const std::lock_guard lock(mutex_);
  const Entry* entry = entries_.find(account);
  return entry && clock_.since_boot() < entry->until && auth::equal_in_constant_time(entry->digest, digest);
}

void Verified::remember(const std::string& account, const std::string& digest, Milliseconds how_long) {
  const std::lock_guard lock(mutex_);
  entries_.touch(account) = {digest, clock_.since_boot() + how_long};
}

}  // namespace tubepost::authd
