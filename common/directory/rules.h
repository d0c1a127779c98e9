// Allow and deny lists of the server, of domains and of accounts (S4), checked on the envelope and the client's
// address, never on headers.
//
// A scope is "server", a domain of ours, or an account. An entry is
//
//   user@example.net             an address
//   <>                           the null reverse-path
//   example.net                  a domain and all below it
//   192.0.2.7, 192.0.2.0/24      addresses of clients; FIRST-LAST becomes the CIDR blocks it consists of
//   joe                          (no dot, no @) an account's name: in the server's list, an account of this name
//                                in any of our domains; in a domain's, that account of it; in an account's,
//                                the address joe@ of the same domain
//
// What it is held against. In the lists of a recipient (its account, its domain): the sender and the client.
// In those of an account that sends: the recipient. In the server's: sender, recipient and client. A name: the
// account that receives or sends.
//
// Which one decides. The most specific scope with a match: account, domain, server. Within a scope allow beats
// deny. A message between two of our accounts is denied where the lists of either deny it. "Allow" means that
// S2, S3, S5, S6 are skipped; never S7, nor the virus scan; nor does it let anybody relay.
//
// Domains are kept and compared as A-labels, for whoever has the one has the other (RFC 5890 2.3.2.1).
//
// A look-up costs some microseconds at 100,000 entries; changes are seen at once. Values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"
#include "smtp/mailbox.h"

namespace tubepost::directory {

enum class RuleAction { allow, deny };
std::string_view to_text(RuleAction action);  // "allow", "deny"

struct Rule {
  std::string scope;  // "server", "example.test", "bob@example.test"
  RuleAction action = RuleAction::deny;
  std::string entry;  // in its normal form
  friend auto operator<=>(const Rule&, const Rule&) = default;
};

// The normal form of an entry: one, or several where it is FIRST-LAST. `scope` as above, checked. A refusal
// says what would be right.
Result<std::vector<std::string>> normal_entries(std::string_view scope, std::string_view entry);
// "server", a domain in lower case, or an address; whether there is one is not looked up.
Result<std::string> normal_scope(std::string_view scope);

// What a decision is made on. What is not known stays empty.
struct RuleFacts {
  std::optional<net::IpAddress> client;
  std::optional<smtp::Mailbox> sender;  // an empty local part and domain: the null reverse-path
  std::optional<smtp::Mailbox> recipient;
  std::optional<smtp::Mailbox> account;  // who has logged in
};

struct RuleDecision {
  std::optional<RuleAction> action;  // nullopt: no rule holds
  Rule rule;                         // the one that decided
  std::string matched;               // what it was held against: "sender", "recipient", "client", "account"
  // For the log and the trace: "deny example.net (sender) of bob@example.test"; "no rule".
  std::string to_text() const;
};

}  // namespace tubepost::directory
