#include "imapd/room.h"

#include <algorithm>

#include "imapd/access.h"

namespace tubepost::imapd {
namespace {

// What the others leave. 0 would be no limit at all: who may have nothing may have one.
std::uint64_t narrowed(std::uint64_t own, std::optional<std::uint64_t> of_domain, std::uint64_t of_others) {
  if (!of_domain) return own;
  const auto left = *of_domain > of_others ? *of_domain - of_others : 1;
  return own == 0 ? left : std::min(own, left);
}

}  // namespace

Result<mailstore::Quota> room_of(const mailstore::MailStore& store, const directory::Directory& directory,
                                 const directory::Account& account) {
  auto quota = quota_of(account);
  const auto domain = directory.find_domain(account.address.domain);
  if (!domain) return domain.error();
  if (!*domain || (!(*domain)->quota_bytes() && !(*domain)->quota_messages())) return quota;
  const auto accounts = directory.accounts((*domain)->name);
  if (!accounts) return accounts.error();
  mailstore::Usage others;
  for (const auto& other : *accounts) {
    if (other.id == account.id) continue;
    const auto usage = store.usage(other.id);
    if (!usage) return usage.error();
    others.bytes += usage->bytes;
    others.messages += usage->messages;
  }
  quota.bytes = narrowed(quota.bytes, (*domain)->quota_bytes(), others.bytes);
  quota.messages = narrowed(quota.messages, (*domain)->quota_messages(), others.messages);
  return quota;
}

}  // namespace tubepost::imapd
