// The directory inside one transaction. Internal; what is damaged throws lmdb::Error.
#pragma once

#include "directory/schema.h"

namespace tubepost::directory {

class Reader {
public:
  Reader(const lmdb::ReadTransaction& transaction, const Tables& tables)
      : transaction_(transaction), tables_(tables) {}

  std::optional<std::string> server_value(std::string_view key) const;
  std::string server_value_or(std::string_view key, std::string_view otherwise) const;
  Properties server() const;
  bool folds_case() const { return server_value_or("local-part-case", "insensitive") != "sensitive"; }  // A7
  std::string primary_domain() const {
    return server_value_or("primary-domain", "");
  }  // empty: there is none

  std::optional<Properties> domain(std::string_view name) const;
  // A domain of ours as it is stored, whether it comes in A-labels or in U-labels (RFC 5890 2.3.2.1: one name in two
  // forms); any other name in lower case.
  std::string as_stored(std::string_view name) const;
  std::vector<Domain> domains() const;  // sorted by name; that of the primary one says primary=yes
  std::optional<std::string> bound_domain(std::string_view local_address) const;

  std::optional<Entry> entry(const smtp::Mailbox& address) const;
  std::optional<Account> account(const smtp::Mailbox& address) const;
  std::optional<Account> account(AccountId id) const;
  // Accounts of a domain, the oldest first, until `visit` returns false.
  void each_account_by_age(std::string_view domain, const std::function<bool(Account)>& visit) const;
  // Every entry (of one domain, if not empty) with its domain, sorted.
  void each_entry(std::string_view domain, const std::function<void(const std::string&, Entry)>& visit) const;

  std::optional<Route> route(std::string_view pattern, bool by_sender) const;
  std::vector<Route> routes() const;
  bool has_routes() const { return transaction_.count(tables_.routes) != 0; }

  // Rules. Keys as rule_keys.h has them.
  bool has_rules() const;
  bool has_rules_of(std::string_view scope_key) const;
  std::optional<RuleAction> rule(std::string_view key) const;
  std::string rule_lengths(std::string_view scope_key, bool v6) const;
  Result<std::string> rule_scope(std::string_view scope) const;  // its key; a refusal: there is no such
  std::vector<Rule> rules(std::string_view scope_key) const;     // empty: all; sorted by scope and entry
  std::size_t lost_rules() const;                                // of scopes that are gone, or damaged

private:
  std::optional<std::string> scope_of_key(std::string_view key) const;
  std::optional<Entry> entry_at(std::string_view key) const;

  const lmdb::ReadTransaction& transaction_;
  const Tables& tables_;
};

Account to_account(Entry entry, std::string domain);

// find.cc: what an address is, by the rules of find().
Destination resolve(const Reader& reader, smtp::Mailbox address);
// routes.cc
Route choose_route(const Reader& reader, const smtp::Mailbox& recipient, std::string_view sender);

}  // namespace tubepost::directory
