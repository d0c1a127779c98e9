#include "directory/reader.h"

#include "base/text.h"
#include "dns/name.h"

namespace tubepost::directory {

Account to_account(Entry entry, std::string domain) {
  return {entry.id, {std::move(entry.local_part), std::move(domain)}, std::move(entry.properties)};
}

std::optional<std::string> Reader::server_value(std::string_view key) const {
  const auto value = transaction_.get(tables_.server, key);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

std::string Reader::server_value_or(std::string_view key, std::string_view otherwise) const {
  return std::string(transaction_.get(tables_.server, key).value_or(otherwise));
}

Properties Reader::server() const {
  Properties properties;
  auto cursor = transaction_.cursor(tables_.server);
  for (bool more = cursor.first(); more; more = cursor.next())
    properties.emplace(cursor.key(), cursor.value());
  return properties;
}

std::optional<Properties> Reader::domain(std::string_view name) const {
  if (name.empty() || name.size() > 253) return std::nullopt;
  const auto value = transaction_.get(tables_.domains, to_lower(name));
  return value ? std::optional(decode_properties(*value)) : std::nullopt;
}

std::string Reader::as_stored(std::string_view name) const {
  auto lower = to_lower(name);
  const bool has_two_forms = !is_ascii(lower) || lower.find("xn--") != std::string::npos;
  if (!has_two_forms || domain(lower)) return lower;
  const auto ascii = dns::to_ascii(lower);
  if (!ascii || domain(*ascii)) return ascii.value_or(lower);
  auto cursor = transaction_.cursor(tables_.domains);
  for (bool more = cursor.first(); more; more = cursor.next())
    if (!is_ascii(cursor.key()) && dns::to_ascii(cursor.key()) == ascii) return std::string(cursor.key());
  return lower;
}

std::vector<Domain> Reader::domains() const {
  std::vector<Domain> domains;
  const auto primary = primary_domain();
  auto cursor = transaction_.cursor(tables_.domains);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    domains.push_back({std::string(cursor.key()), decode_properties(cursor.value())});
    if (domains.back().name == primary) domains.back().properties["primary"] = "yes";
  }
  return domains;
}

std::optional<std::string> Reader::bound_domain(std::string_view local_address) const {
  if (local_address.empty() || local_address.size() > 64) return std::nullopt;
  const auto value = transaction_.get(tables_.bindings, local_address);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

std::optional<Entry> Reader::entry_at(std::string_view key) const {
  if (key.empty()) return std::nullopt;
  const auto value = transaction_.get(tables_.addresses, key);
  return value ? std::optional(decode_entry(*value)) : std::nullopt;
}

std::optional<Entry> Reader::entry(const smtp::Mailbox& address) const {
  return entry_at(address_key(address, folds_case()));
}

std::optional<Account> Reader::account(const smtp::Mailbox& address) const {
  auto found = entry(address);
  if (!found || !found->is_account()) return std::nullopt;
  return to_account(std::move(*found), to_lower(address.domain));
}

std::optional<Account> Reader::account(AccountId id) const {
  const auto key = transaction_.get(tables_.ids, id_key(id));
  if (!key) return std::nullopt;
  auto found = entry_at(*key);
  if (!found || found->id != id) return std::nullopt;
  return to_account(std::move(*found), domain_of_key(*key));
}

void Reader::each_account_by_age(std::string_view domain, const std::function<bool(Account)>& visit) const {
  const auto prefix = domain_prefix(domain);
  auto cursor = transaction_.cursor(tables_.by_age);
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
       more = cursor.next()) {
    auto found = entry_at(cursor.value());
    if (found && found->is_account() && !visit(to_account(std::move(*found), to_lower(domain)))) return;
  }
}

void Reader::each_entry(std::string_view domain,
                        const std::function<void(const std::string&, Entry)>& visit) const {
  const auto prefix = domain.empty() ? std::string() : domain_prefix(domain);
  auto cursor = transaction_.cursor(tables_.addresses);
  for (bool more = cursor.seek(prefix); more && cursor.key().starts_with(prefix); more = cursor.next())
    visit(domain_of_key(cursor.key()), decode_entry(cursor.value()));
}

std::optional<Route> Reader::route(std::string_view pattern, bool by_sender) const {
  const auto key = route_key(pattern, by_sender);
  if (key.empty()) return std::nullopt;
  const auto value = transaction_.get(tables_.routes, key);
  return value ? std::optional(decode_route(key, *value)) : std::nullopt;
}

std::vector<Route> Reader::routes() const {
  std::vector<Route> routes;
  auto cursor = transaction_.cursor(tables_.routes);
  for (bool more = cursor.first(); more; more = cursor.next())
    routes.push_back(decode_route(cursor.key(), cursor.value()));
  return routes;
}

}  // namespace tubepost::directory
