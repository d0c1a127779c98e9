// What an address is. One read transaction; the usual recipient, an account or alias as written, costs two
// look-ups.
#include "base/text.h"
#include "directory/properties.h"
#include "directory/reader.h"
#include "directory/state.h"

namespace tubepost::directory {
namespace {

Destination to_destination(Entry entry, std::string domain, std::string detail, std::string how) {
  if (entry.is_account())
    return ToAccount{to_account(std::move(entry), std::move(domain)), std::move(detail), std::move(how)};
  return ToAlias{smtp::Mailbox{entry.local_part, domain}.to_text(), std::move(entry.targets),
                 std::move(detail), std::move(how)};
}

// D4, RFC 5233 3: user+detail@. The first separator counts, so a detail may hold more of them.
std::optional<Destination> by_sub_address(const Reader& reader, const smtp::Mailbox& address) {
  const auto separator = reader.server_value_or("sub-address-separator", "+");
  if (separator == "none") return std::nullopt;
  const auto at = address.local_part.find(separator);
  if (at == std::string::npos || at == 0) return std::nullopt;
  auto found = reader.entry({address.local_part.substr(0, at), address.domain});
  if (!found) return std::nullopt;
  return to_destination(std::move(*found), address.domain, address.local_part.substr(at + 1), "sub-address");
}

// The oldest account of the domain that can take mail; a suspended one only where there is no other.
std::optional<Account> first_account(const Reader& reader, std::string_view domain) {
  std::optional<Account> first;
  reader.each_account_by_age(domain, [&](Account account) {
    const bool usable = !account.is_suspended();
    if (usable || !first) first = std::move(account);
    return !usable;
  });
  return first;
}

// The server's `postmaster` property, where it leads anywhere.
std::optional<Destination> chosen_postmaster(const Reader& reader, const smtp::Mailbox& address) {
  const auto chosen = smtp::parse_mailbox(reader.server_value_or("postmaster", ""));
  if (!chosen) return std::nullopt;
  if (auto account = reader.account(*chosen)) {
    if (account->is_suspended()) return std::nullopt;
    return ToAccount{std::move(*account), "", "postmaster"};
  }
  if (!reader.entry(*chosen) && reader.domain(chosen->domain)) return std::nullopt;  // ours, and nobody there
  return ToAlias{address.to_text(), {*chosen}, "", "postmaster"};
}

// D1, RFC 5321 4.5.1: someone always reads what is sent to postmaster, if there is any account at all.
std::optional<Destination> by_postmaster_rule(const Reader& reader, const smtp::Mailbox& address) {
  if (!is_postmaster(address.local_part)) return std::nullopt;
  if (auto chosen = chosen_postmaster(reader, address)) return chosen;
  auto account = first_account(reader, address.domain);
  if (!account) account = first_account(reader, reader.primary_domain());
  if (!account) {
    for (const auto& domain : reader.domains())
      if (account = first_account(reader, domain.name); account) break;
  }
  if (!account) return std::nullopt;
  return ToAccount{std::move(*account), "", "postmaster"};
}

// D2. D7: nobody writes to an archive, so no address of that form is anybody's.
std::optional<Destination> by_catch_all(const Reader& reader, const smtp::Mailbox& address) {
  if (starts_with_ignoring_case(address.local_part, archive_prefix)) return std::nullopt;
  auto found = reader.entry({"nobody", address.domain});
  if (!found) return std::nullopt;
  return to_destination(std::move(*found), address.domain, "", "catch-all");
}

}  // namespace

std::string identity_of(const Destination& found, const smtp::Mailbox& address) {
  if (const auto* to = std::get_if<ToAccount>(&found)) {
    if (to->how == "account") return to->account.address.to_text();
    if (to->how == "sub-address") return to->account.address.to_text() + ' ' + to->detail;
  }
  const auto* alias = std::get_if<ToAlias>(&found);
  return alias && alias->how == "alias" ? alias->address : address.to_text();
}

Destination resolve(const Reader& reader, smtp::Mailbox address) {
  if (address.domain.empty() && is_postmaster(address.local_part)) address.domain = reader.primary_domain();
  if (address.domain.empty()) return UnknownUser{};
  address.domain = reader.as_stored(address.domain);  // RFC 5321 2.3.5
  if (auto found = reader.entry(address)) {
    const std::string how = found->is_account() ? "account" : "alias";
    return to_destination(std::move(*found), address.domain, "", how);
  }
  const auto domain = reader.domain(address.domain);
  if (!domain) return ToRemote{choose_route(reader, address, {})};
  if (domain->contains("relay")) return RelayDomain{};
  if (auto found = by_sub_address(reader, address)) return *found;
  if (auto found = by_postmaster_rule(reader, address)) return *found;
  if (auto found = by_catch_all(reader, address)) return *found;
  return UnknownUser{};
}

Result<Destination> Directory::find(const smtp::Mailbox& address) const {
  return state_->read([&](const Reader& reader) { return resolve(reader, address); });
}

}  // namespace tubepost::directory
