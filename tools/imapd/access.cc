#include "imapd/access.h"

#include <algorithm>

#include "base/text.h"
#include "imap/mailbox_name.h"
#include "mailstore/names.h"

namespace tubepost::imapd {
namespace {

constexpr std::string_view anyone = "anyone";

// Somebody who could have mailboxes to show: one with '/' in the address has no place in the hierarchy.
Result<std::optional<directory::Account>> account_named(const directory::Directory& directory,
                                                        std::string_view address) {
  const auto parsed = smtp::parse_mailbox(address);
  if (!parsed) return std::optional<directory::Account>();
  return directory.find_account(*parsed);
}

// A7: the domain of an address is in small letters; so is its local part, unless the directory tells them apart by their case.
std::string identifier_text(const directory::Directory& directory, smtp::Mailbox address) {
  const auto server = directory.server();
  const bool folds = !server || !server->contains("local-part-case");
  if (folds) address.local_part = to_lower(address.local_part);
  return address.to_text();
}

}  // namespace

Failure nothing_there() { return Failure::permanent("no such mailbox", mailstore::refusal::no_such_mailbox); }

mailstore::Quota quota_of(const directory::Account& account) {
  return {account.quota_bytes().value_or(0), account.quota_messages().value_or(0)};
}

Grant Grant::parse(std::string_view kept) {
  const auto space = kept.find(' ');
  Grant grant{Rights::parse(kept.substr(0, space)).value_or(Rights()), {}};
  if (space != kept.npos) grant.account = parse_number<directory::AccountId>(kept.substr(space + 1));
  return grant;
}

std::string Grant::to_text() const {
  std::string text;
  for (const char right : Rights::letters)
    if (rights.has(right)) text += right;
  if (!text.empty() && account) text.append(" ").append(std::to_string(*account));
  return text;
}

std::optional<Identifier> parse_identifier(const directory::Directory& directory, std::string_view text) {
  const std::string sign = text.starts_with('-') ? "-" : "";
  text.remove_prefix(sign.size());
  if (text == anyone) return Identifier{sign + std::string(anyone), {}};
  const auto address = smtp::parse_mailbox(text);
  if (!address) return std::nullopt;
  Identifier identifier{sign + identifier_text(directory, *address), {}};
  if (const auto account = directory.find_account(*address); account && *account)
    identifier.account = (*account)->id;
  return identifier;
}

Access::Access(const mailstore::MailStore& store, const directory::Directory& directory,
               const directory::Account& account, std::string_view shared_account)
    : store_(store),
      directory_(directory),
      account_(account),
      me_(identifier_text(directory, account.address)) {
  if (shared_account.empty()) return;
  std::string address(shared_account);
  if (address.find('@') == address.npos) address.append("@").append(account.address.domain);
  if (auto found = account_named(directory, address); found && *found && (*found)->id != account.id)
    shared_ = std::move(**found);
}

Result<std::optional<Location>> Access::locate(std::string_view name) const {
  const auto is_below = [&](std::string_view prefix) {
    return name.starts_with(prefix) || name == prefix.substr(0, prefix.size() - 1);
  };
  if (shared_ && is_below(shared_prefix)) {
    name.remove_prefix(std::min(name.size(), shared_prefix.size()));
    return name.empty() ? std::optional<Location>() : name_of(*shared_, std::string(name));
  }
  if (!is_below(others_prefix)) return std::optional(Location{account_, {}, std::string(name)});
  name.remove_prefix(std::min(name.size(), others_prefix.size()));
  const auto end = name.find(imap::hierarchy_delimiter);
  if (end == name.npos) return std::optional<Location>();
  auto owner = account_named(directory_, name.substr(0, end));
  if (!owner) return std::move(owner).error();
  if (!*owner) return std::optional<Location>();
  const auto stored = mailstore::mailbox_name(name.substr(end + 1));
  return stored ? name_of(**owner, *stored) : std::optional<Location>();
}

std::optional<Location> Access::name_of(const directory::Account& owner, std::string name) const {
  if (owner.id == account_.id) return Location{account_, {}, std::move(name)};
  if (shared_ && owner.id == shared_->id) return Location{owner, std::string(shared_prefix), std::move(name)};
  auto address = owner.address.to_text();
  if (address.find(imap::hierarchy_delimiter) != address.npos) return std::nullopt;
  return Location{owner, std::string(others_prefix) + std::move(address) + imap::hierarchy_delimiter,
                  std::move(name)};
}

Result<Rights> Access::rights(const directory::Account& owner, mailstore::MailboxRef ref) const {
  if (owner.id == account_.id) return Rights::all();
  if (owner.is_suspended()) return Rights();
  const auto entries = store_.acl(ref);
  if (!entries) return entries.error();
  const bool is_anyone = owner.address.domain == account_.address.domain;
  Rights granted, withheld;
  for (const auto& entry : *entries) {
    const bool negative = entry.identifier.starts_with('-');
    const auto who = std::string_view(entry.identifier).substr(negative ? 1 : 0);
    if (who != me_ && !(is_anyone && who == anyone)) continue;
    const auto grant = Grant::parse(entry.rights);
    if (!grant.is_for(account_.id)) continue;
    auto& sum = negative ? withheld : granted;
    sum = sum.with(grant.rights);
  }
  return granted.without(withheld);
}

Result<Found> Access::at(Location location) const {
  auto status = store_.status(location.owner.id, location.name);
  if (!status) return std::move(status).error();
  const mailstore::MailboxRef ref{location.owner.id, status->id};
  const auto allowed = rights(location.owner, ref);
  if (!allowed) return allowed.error();
  if (allowed->empty()) return nothing_there();
  if (!location.is_own()) {
    status->name.insert(0, location.prefix);
    status->special_use.clear();  // it is not this user's Drafts, Sent or Trash
  }
  return Found{std::move(location), ref, std::move(*status), *allowed};
}

Result<Found> Access::find(std::string_view name) const {
  auto location = locate(name);
  if (!location) return std::move(location).error();
  if (!*location) return nothing_there();
  return at(std::move(**location));
}

Result<std::optional<Found>> Access::parent(const Location& location) const {
  for (auto name = imap::parent_of(location.name); !name.empty(); name = imap::parent_of(name)) {
    const auto is_missing = [](const auto& result) {
      return !result && result.error().status == mailstore::refusal::no_such_mailbox;
    };
    if (is_missing(store_.status(location.owner.id, name))) continue;
    auto found = at({location.owner, location.prefix, std::string(name)});
    if (found) return std::optional(std::move(*found));
    if (!is_missing(found)) return std::move(found).error();
    break;  // rights on what is above it do not help
  }
  return std::optional<Found>();
}

Result<std::vector<Found>> Access::of_others() const {
  std::vector<mailstore::MailboxRef> refs;
  for (const std::string& identifier : {me_, std::string(anyone)}) {
    const auto granted = store_.granted_to(identifier);
    if (!granted) return granted.error();
    refs.insert(refs.end(), granted->begin(), granted->end());
  }
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
  std::vector<Found> found;
  std::optional<directory::Account> owner;
  for (const auto ref : refs) {
    if (ref.account == account_.id) continue;
    if (!owner || owner->id != ref.account) {
      auto known = directory_.find_account(ref.account);
      if (!known) return std::move(known).error();
      owner = std::move(*known);
    }
    const auto status = store_.status(ref);
    const auto location = owner && status ? name_of(*owner, status->name) : std::nullopt;
    if (!location) continue;  // gone meanwhile
    auto listed = at(*location);
    if (listed && listed->rights.has('l')) found.push_back(std::move(*listed));
  }
  const auto by_name = [](const Found& a, const Found& b) { return a.status.name < b.status.name; };
  std::sort(found.begin(), found.end(), by_name);
  return found;
}

}  // namespace tubepost::imapd
