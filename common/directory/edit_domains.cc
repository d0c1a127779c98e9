// Changes of the server's properties and of domains.
#include <map>

#include "base/text.h"
#include "directory/editor.h"
#include "directory/refusals.h"
#include "directory/rule_keys.h"
#include "dns/name.h"

namespace tubepost::directory {
namespace {

Failure no_such_domain(std::string_view name) { return absent(printable(name) + ": no such domain"); }

Result<std::string> normal_domain(std::string_view name) {
  auto normal = dns::normal_name(name);
  if (!normal) return bad_data(printable(name) + ": not a domain name");
  return std::move(*normal);
}

}  // namespace

Result<void> Editor::set_server(const Properties& changes) {
  const auto before = reader_.server();
  auto after = with_changes(Scope::server, before, changes);
  if (!after) return std::move(after).error();
  const auto primary = after->find("primary-domain");
  if (primary == after->end() && before.contains("primary-domain"))
    return refused("primary-domain: there must be one; name another instead");
  if (primary != after->end()) {
    if (auto made = make_primary(primary->second); !made) return made;
  }
  const bool folds = !after->contains("local-part-case");
  if (folds != reader_.folds_case()) {
    if (auto folded = fold_keys(folds); !folded) return folded;
  }
  for (const auto& [key, value] : before)
    if (!after->contains(key)) transaction_.erase(tables_.server, key);
  for (const auto& [key, value] : *after) transaction_.put(tables_.server, key, value);
  return {};
}

Result<void> Editor::make_primary(const std::string& domain) {
  const auto properties = reader_.domain(domain);
  if (!properties) return no_such_domain(domain).while_doing("primary-domain");
  if (properties->contains("relay"))
    return refused(domain + " is another server's domain (relay=yes) and cannot be the primary one");
  transaction_.put(tables_.server, "primary-domain", domain);
  return {};
}

// A7: every address is written anew under its folded or exact key. Refused where two would become one.
Result<void> Editor::fold_keys(bool folds_case) {
  std::map<std::string, std::pair<std::string, Entry>> entries;  // new key -> domain, entry
  std::optional<Failure> refusal;
  reader_.each_entry({}, [&](const std::string& domain, Entry entry) {
    const smtp::Mailbox address{entry.local_part, domain};
    const auto [at, is_new] = entries.try_emplace(address_key(address, folds_case), domain, std::move(entry));
    if (!is_new && !refusal)
      refusal = refused(address.to_text() + " and " +
                        smtp::Mailbox{at->second.second.local_part, domain}.to_text() +
                        " differ only in case; rename or remove one first");
  });
  if (refusal) return std::move(*refusal);
  for (auto cursor = transaction_.cursor(tables_.addresses); cursor.first();) cursor.erase();
  for (const auto& [key, placed] : entries) {
    const auto& [domain, entry] = placed;
    transaction_.put(tables_.addresses, key, encode(entry));
    if (!entry.is_account()) continue;
    transaction_.put(tables_.ids, id_key(entry.id), key);
    transaction_.put(tables_.by_age, age_key(domain, entry.id), key);
  }
  return {};
}

Result<void> Editor::add_domain(std::string_view name, const Properties& properties) {
  const auto normal = normal_domain(name);
  if (!normal) return normal.error();
  if (const auto there = reader_.as_stored(*normal); reader_.domain(there))
    return refused(*normal + ": there is such a domain already" + (there == *normal ? "" : ", as " + there));
  auto checked = with_changes(Scope::domain, {}, properties);
  if (!checked) return std::move(checked).error();
  const bool is_first = reader_.primary_domain().empty() && !checked->contains("relay");
  if (is_first) (*checked)["primary"] = "yes";
  return put_domain(*normal, std::move(*checked));
}

Result<void> Editor::set_domain(std::string_view name, const Properties& changes) {
  const auto normal = normal_domain(name);
  if (!normal) return normal.error();
  const auto before = reader_.domain(*normal);
  if (!before) return no_such_domain(*normal);
  auto after = with_changes(Scope::domain, *before, changes);
  if (!after) return std::move(after).error();
  const auto primary = changes.find("primary");
  if (primary != changes.end() && primary->second != "yes" && reader_.primary_domain() == *normal)
    return refused(*normal + " is the primary domain; make another one primary instead");
  return put_domain(*normal, std::move(*after));
}

// "primary" is not kept with the domain: the server's primary-domain says it, so that there is exactly one.
Result<void> Editor::put_domain(const std::string& name, Properties properties) {
  const bool becomes_primary = properties.erase("primary") != 0;
  const auto before = reader_.domain(name).value_or(Properties());
  if (auto bound = bind(name, before, properties); !bound) return bound;
  if (properties.contains("relay")) {
    if (reader_.primary_domain() == name)
      return refused(name + " is the primary domain and cannot be relayed to another server");
    if (transaction_.cursor(tables_.addresses).seek_prefix(domain_prefix(name)))
      return refused(name + " has accounts or aliases here and cannot be relayed to another server");
  }
  transaction_.put(tables_.domains, name, encode(properties));
  return becomes_primary ? make_primary(name) : Result<void>();
}

Result<void> Editor::bind(const std::string& name, const Properties& before, const Properties& after) {
  if (const auto old = before.find("address"); old != before.end())
    transaction_.erase(tables_.bindings, old->second);
  const auto address = after.find("address");
  if (address == after.end()) return {};
  if (const auto other = reader_.bound_domain(address->second); other && *other != name)
    return refused("address=" + address->second + ": " + *other + " is bound to it already");
  transaction_.put(tables_.bindings, address->second, name);
  return {};
}

Result<void> Editor::remove_domain(std::string_view name) {
  const auto normal = normal_domain(name);
  if (!normal) return normal.error();
  const auto properties = reader_.domain(*normal);
  if (!properties) return no_such_domain(*normal);
  if (transaction_.cursor(tables_.addresses).seek_prefix(domain_prefix(*normal)))
    return refused(*normal + " still has accounts or aliases; remove them first");
  if (reader_.primary_domain() == *normal) {
    if (transaction_.count(tables_.domains) > 1)
      return refused(*normal + " is the primary domain; make another one primary first");
    transaction_.erase(tables_.server, "primary-domain");
  }
  if (auto unbound = bind(*normal, *properties, {}); !unbound) return unbound;
  transaction_.erase(tables_.domains, *normal);
  forget_rules(domain_rules(*normal));
  return {};
}

}  // namespace tubepost::directory
