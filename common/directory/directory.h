// Who is here: domains, accounts, aliases, lists, routes. Read by every program, written by mailadm (and,
// later, by deliver for list subscriptions). Holds no secrets.
//
// Every look-up is one short read transaction and sees changes at once. Addresses are compared with
// lower-case domains and, by setting of the server (A7, local-part-case=insensitive|sensitive, default
// insensitive), without regard to the ASCII case of local parts. Logins are case-sensitive: login.h.
// Threading: any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "directory/rules.h"
#include "smtp/mailbox.h"

namespace tubepost::directory {

using AccountId = std::uint64_t;  // never used again, also after `account remove`
using Properties =
    std::map<std::string, std::string>;  // key=value as mailadm takes them; checked on the way in

// Properties of the server: primary-domain=DOMAIN, postmaster=ADDRESS, local-part-case=insensitive|sensitive,
// sub-address-separator=+ (one of "+-_=", or "none"). properties.h has the rules for all of them.

struct Domain {
  std::string name;
  Properties properties;  // address=virtual|IP, primary=yes, relay=yes, quota=BYTES, quota-messages=N
  std::optional<std::uint64_t> quota_bytes() const;  // of all its accounts together; nullopt: no limit
  std::optional<std::uint64_t> quota_messages() const;
};

struct Account {
  AccountId id = 0;
  smtp::Mailbox address;
  Properties properties;  // quota=BYTES (a plain number), quota-messages=N, suspended=yes
  bool is_suspended() const;
  std::optional<std::uint64_t> quota_bytes() const;  // nullopt: no limit
  std::optional<std::uint64_t> quota_messages() const;
};

enum class RouteKind { direct, smarthost, discard, host, lmtp, refuse, hold };
struct Route {
  std::string pattern;     // "example.net", "*.example.net" (below it, any depth), "." (all), or an address;
                           // empty: no route
  bool by_sender = false;  // the pattern is held against the sender, not the recipient
  RouteKind kind = RouteKind::direct;
  std::string
      target;  // what stands behind "host:" (HOST[:PORT]) or "lmtp:" (HOST:PORT or unix:PATH); else empty
  friend bool operator==(const Route&, const Route&) = default;
};
std::string_view kind_name(RouteKind kind);
std::optional<RouteKind> parse_kind(std::string_view name);
std::string destination_text(const Route& route);  // "discard", "host:mx.example.net:25": as mailadm takes it
// The pattern and destination as mailadm takes them, checked.
Result<Route> parse_route(std::string_view pattern, std::string_view destination, bool by_sender);

// What an address is, one step: what stands behind it is looked up again by whoever follows it.
struct ToAccount {
  Account account;
  std::string detail;  // user+detail@ (D4)
  std::string
      how;  // "account", "sub-address", "catch-all" (D2), "postmaster" (D1): for --dry-run and --explain
};
struct ToAlias {
  std::string address;  // the alias as stored
  std::vector<smtp::Mailbox> targets;
  std::string detail;  // D4; not handed on to the targets
  std::string how;     // "alias", "sub-address", "catch-all", "postmaster"
};
// Somebody else's domain. Relaying to it is for authenticated and trusted clients only (A1), with one
// exception: a route of kind discard is the administrator's word that mail for that pattern is ours to throw
// away. smtpd takes it from anyone, as nothing is relayed; a pattern of "." or by sender never opens
// anything.
struct ToRemote {
  Route route;  // by recipient; kind direct where no route is stored
  bool is_ours_to_discard() const {
    return route.kind == RouteKind::discard && !route.by_sender && route.pattern != ".";
  }
};
struct UnknownUser {};  // hosted domain, nobody there: 550 5.1.1
struct RelayDomain {};  // we are its secondary (O10)
using Destination = std::variant<ToAccount, ToAlias, ToRemote, RelayDomain, UnknownUser>;
// The same for two addresses that are one recipient, as bob@ and BOB@ where case does not count; `found` is what
// find() says of `address`.
std::string identity_of(const Destination& found, const smtp::Mailbox& address);

class Directory {
public:
  struct Options {
    bool create = false, read_only = true;
  };
  static Result<Directory> open(const std::string& folder, const Options& options);
  Directory(Directory&&) noexcept;
  Directory& operator=(Directory&&) noexcept;
  ~Directory();

  // In this order: the account or alias with this address; user+detail@; the postmaster rule; `nobody` of the
  // domain; else unknown. "postmaster" without a domain (RFC 5321 4.5.1) is that of the primary domain; any
  // other bare name is unknown. D1: postmaster of a hosted domain without such an account or alias is the
  // server's `postmaster` property, else the first (oldest, not suspended) account of the domain, of the
  // primary domain, of any.
  Result<Destination> find(const smtp::Mailbox& address) const;
  Result<std::optional<Account>> find_account(const smtp::Mailbox& address) const;  // exactly this account
  Result<std::optional<Account>> find_account(AccountId id) const;
  Result<bool> is_hosted(std::string_view domain) const;  // a domain of ours, relay domains not
  Result<std::optional<Domain>> find_domain(std::string_view name) const;  // hosted or relayed
  Result<std::string> primary_domain() const;
  // A10: the domain bound to this local address, else the primary one.
  Result<std::string> default_domain(std::string_view local_address) const;
  // A8: the domains in which this local part, spelled exactly so, is an account (a bare login is logged with
  // its choice).
  Result<std::vector<std::string>> domains_with(std::string_view local_part) const;
  // A11: may the account send as this address: its own, a sub-address of it, an alias that leads to it alone,
  // postmaster where that is its mail. Not what it gets only as a catch-all.
  Result<bool> is_address_of(const Account& account, const smtp::Mailbox& address) const;
  // The route for mail from `sender` (empty: the null sender) to `recipient`. The most specific pattern of
  // the recipient (address, domain, *.domain from long to short), else of the sender, else "." of the
  // recipient, of the sender, else direct.
  Result<Route> route_for(const smtp::Mailbox& recipient, std::string_view sender) const;

  Result<std::vector<Domain>> domains() const;
  Result<std::vector<Account>> accounts(std::string_view domain = {}) const;
  struct Alias {
    std::string address;
    std::vector<std::string> targets;
  };
  Result<std::vector<Alias>> aliases(std::string_view domain = {}) const;
  Result<std::vector<Route>> routes() const;
  Result<Properties> server() const;

  // Which rule of S4 holds for this message and recipient; rules.h says how that is found. The lists of a
  // recipient are those of the account it leads to, also by sub-address, catch-all or an alias with one target.
  Result<RuleDecision> decide(const RuleFacts& facts) const;
  Result<std::vector<Rule>> rules() const;                        // sorted by scope and entry
  Result<std::vector<Rule>> rules(std::string_view scope) const;  // of this scope alone

  // Changes: each is one durable transaction; a refusal is a permanent Failure with a sentence for the
  // operator.
  Result<void> set_server(const Properties& changes);  // an empty value removes a key
  Result<void> add_domain(std::string_view name, const Properties& properties);
  Result<void> set_domain(std::string_view name, const Properties& changes);
  Result<void> remove_domain(std::string_view name);  // refused while it has accounts or aliases
  Result<Account> add_account(std::string_view address, const Properties& properties);
  Result<void> set_account(std::string_view address, const Properties& changes);
  Result<AccountId> remove_account(std::string_view address);
  Result<void> add_alias(std::string_view address,
                         const std::vector<std::string>& targets);  // adds to its targets
  // Without targets: the whole alias.
  Result<void> remove_alias(std::string_view address, const std::vector<std::string>& targets);
  Result<void> add_route(const Route& route);
  Result<void> remove_route(std::string_view pattern, bool by_sender);
  // An entry that is in the list already takes the new action. How many entries were new or changed.
  Result<std::size_t> add_rules(std::string_view scope, RuleAction action,
                                const std::vector<std::string>& entries);
  // Refused where one is not in the list with this action.
  Result<std::size_t> remove_rules(std::string_view scope, RuleAction action,
                                   const std::vector<std::string>& entries);

  // All of it as sorted, diffable text (no passwords), and back: `apply` makes the directory equal to the
  // text, in one transaction, and says what it changed, a line each ("+ alias …", "- route …", "~ account
  // …"). With dry_run nothing is changed, though everything is checked. text_form.h has the grammar.
  Result<std::string> export_text() const;
  Result<std::vector<std::string>> apply_text(std::string_view text, bool dry_run);

  // For fsck: every rule of schema.h that is broken, a sentence each; `repair` makes the indexes anew from
  // the addresses.
  Result<std::vector<std::string>> check(bool repair);
  Result<AccountId> next_account_id() const;  // all ids given so far are less

private:
  struct State;
  explicit Directory(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// ---- resolution: the tree behind an address, for expansion, RCPT checks and `deliver --dry-run`

inline constexpr unsigned expansion_depth_max = 10;
inline constexpr std::size_t expansion_leaves_max = 100'000;

struct Leaf {
  smtp::Mailbox address;  // the account's address, or the remote one
  std::optional<AccountId> account;
  std::string detail;
  Route route;  // remote ones
};
struct TreeNode {
  std::string address,
      kind;  // "alias", "account", "catch-all", "postmaster", "sub-address", "remote", "unknown", "loop"
  std::string note;
  std::vector<TreeNode> children;
};
struct Expansion {
  std::vector<Leaf> leaves;           // de-duplicated, in order
  std::vector<std::string> problems;  // a target that is unknown, too deep, a loop: sentences
  TreeNode tree;
};
// `sender` chooses among routes by sender.
Result<Expansion> expand(const Directory& directory, const smtp::Mailbox& address, std::string_view sender);

}  // namespace tubepost::directory
