// Where the name of a mailbox leads for the user of a session, and what that user may do there.
//
// RFC 2342: a user's own mailboxes stand at the top; those of others are "Other Users/ADDRESS/NAME", those of the
// shared account, where there is one, "Shared/NAME". RFC 4314: an owner has every right, whatever the list says;
// another has those granted to its address and to "anyone" (whoever has an account in the owner's domain), without
// those of "-address" and "-anyone". A mailbox of another's on which the user has no right at all is not there:
// nothing tells whether it, or its owner, exists.
//
// Ownership: borrows store, directory and account; one session. Each call is a few short read transactions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"
#include "imapd/rights.h"
#include "mailstore/mailstore.h"

namespace tubepost::imapd {

inline constexpr std::string_view others_prefix = "Other Users/";
inline constexpr std::string_view shared_prefix = "Shared/";

// Where a name leads; whether a mailbox is there is another question.
struct Location {
  directory::Account owner;
  std::string prefix;  // in front of the name, for this user; empty: it is the user's own
  std::string name;    // in the owner's account
  bool is_own() const { return prefix.empty(); }
};

struct Found {
  Location location;
  mailstore::MailboxRef ref;
  mailstore::MailboxStatus status;  // its name is the one this user knows it by
  Rights rights;
  bool is_own() const { return location.is_own(); }
};

mailstore::Quota quota_of(const directory::Account& account);
Failure nothing_there();  // refusal::no_such_mailbox

class Access {
public:
  // `shared_account`: imapd.shared-account, an address, or a local part in the user's own domain; empty: none.
  Access(const mailstore::MailStore& store, const directory::Directory& directory,
         const directory::Account& account, std::string_view shared_account);

  bool has_shared() const { return shared_.has_value(); }
  // nullopt: it can lead nowhere.
  Result<std::optional<Location>> locate(std::string_view name) const;
  // refusal::no_such_mailbox also where the user may not know of it.
  Result<Found> find(std::string_view name) const;
  // What the user may do with a mailbox of the owner's; none: there is nothing the user should know of.
  Result<Rights> rights(const directory::Account& owner, mailstore::MailboxRef ref) const;
  // The nearest mailbox above `location`; nullopt: there is none, or it is not there for the user.
  Result<std::optional<Found>> parent(const Location& location) const;
  // The mailboxes of others that the user may list, by name.
  Result<std::vector<Found>> of_others() const;

private:
  Result<Found> at(Location location) const;
  std::optional<Location> name_of(const directory::Account& owner, std::string name) const;

  const mailstore::MailStore& store_;
  const directory::Directory& directory_;
  const directory::Account& account_;
  const std::string me_;  // the user's identifier in lists of rights
  std::optional<directory::Account> shared_;
};

// What the store keeps as the rights of an entry: the letters and, where the address was an account's, a space and its
// number, which is never used again: who gets the address later does not get the rights.
struct Grant {
  Rights rights;
  std::optional<directory::AccountId> account;

  static Grant parse(std::string_view kept);
  std::string to_text() const;  // empty: no rights
  bool is_for(directory::AccountId id) const { return account.value_or(id) == id; }
};

// An identifier of an ACL as it is kept: "anyone" or an address, each with "-" in front for rights withheld. It looks
// the same whether the address is an account's or nobody's.
struct Identifier {
  std::string text;
  std::optional<directory::AccountId> account;  // whose address it is
  bool grants_to(directory::AccountId id) const { return account == id && !text.starts_with('-'); }
};
std::optional<Identifier> parse_identifier(const directory::Directory& directory, std::string_view text);

}  // namespace tubepost::imapd
