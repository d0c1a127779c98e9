#include "directory/login.h"

namespace tubepost::directory {
namespace {

// The local part of a login is as SASL gives it, unquoted; the domain is a name.
std::optional<smtp::Mailbox> from_parts(std::string_view user, std::string_view domain) {
  if (user.empty() || user.size() > smtp::local_part_max || !smtp::is_domain(domain)) return std::nullopt;
  const auto host = smtp::parse_mailbox("x@" + std::string(domain));
  if (!host) return std::nullopt;
  return smtp::Mailbox{std::string(user), host->domain};
}

}  // namespace

std::optional<smtp::Mailbox> parse_login(std::string_view name, std::string_view default_domain) {
  auto split = name.rfind('@');
  if (split == std::string_view::npos) split = name.rfind('%');
  if (split == std::string_view::npos) return from_parts(name, default_domain);
  return from_parts(name.substr(0, split), name.substr(split + 1));
}

Result<std::optional<Account>> find_login(const Directory& directory, std::string_view name,
                                          std::string_view default_domain) {
  std::string domain(default_domain);
  if (domain.empty()) {
    auto primary = directory.primary_domain();
    if (primary) domain = std::move(*primary);
  }
  const auto address = parse_login(name, domain);
  if (!address) return std::optional<Account>();
  auto account = directory.find_account(*address);
  if (account && *account && (*account)->address.local_part != address->local_part)
    return std::optional<Account>();
  return account;
}

}  // namespace tubepost::directory
