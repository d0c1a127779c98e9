#include "qrun/routing.h"

#include <unordered_set>

#include "base/text.h"

namespace tubepost::qrun {
namespace {

using directory::RouteKind;

Decision to_account(const directory::Account& account, const std::string& detail) {
  if (account.is_suspended()) return Refuse{{5, 2, 1}, "the mailbox is suspended"};
  return DeliverTo{account.address.to_text(), detail};
}

// The target that led to an account with a detail, as it is written in the alias: only the directory knows
// its separator.
const directory::TreeNode* target_of(const directory::TreeNode& node, const directory::Leaf& leaf) {
  const auto target = smtp::parse_mailbox(node.address);
  if (node.children.empty() && target && target->domain == leaf.address.domain &&
      equal_ignoring_case(target->local_part.substr(0, leaf.address.local_part.size()),
                          leaf.address.local_part) &&
      target->local_part.size() == leaf.address.local_part.size() + 1 + leaf.detail.size() &&
      target->local_part.ends_with(leaf.detail))
    return &node;
  for (const directory::TreeNode& child : node.children)
    if (const auto* found = target_of(child, leaf)) return found;
  return nullptr;
}

// An account's leaf is looked up again as a recipient of its own, so it keeps its detail.
std::string address_of(const directory::Leaf& leaf, const directory::TreeNode& tree) {
  const auto* target = leaf.detail.empty() ? nullptr : target_of(tree, leaf);
  return target ? target->address : leaf.address.to_text();
}

// A target that nobody is behind becomes a recipient too: it fails on its own, and the sender is told.
void add_unknown_targets(const directory::TreeNode& node, std::vector<std::string>& addresses) {
  if (node.kind == "unknown") addresses.push_back(node.address);
  for (const directory::TreeNode& child : node.children) add_unknown_targets(child, addresses);
}

std::vector<std::string> addresses_of(const directory::Expansion& expansion) {
  std::vector<std::string> all, once;
  for (const directory::Leaf& leaf : expansion.leaves) all.push_back(address_of(leaf, expansion.tree));
  add_unknown_targets(expansion.tree, all);
  std::unordered_set<std::string> seen;
  for (std::string& address : all)
    if (seen.insert(address).second) once.push_back(std::move(address));
  return once;
}

// "postmaster" has no domain (RFC 5321 4.5.1).
std::optional<smtp::Mailbox> parse_address(const std::string& text) {
  if (equal_ignoring_case(text, "postmaster")) return smtp::Mailbox{text, {}};
  return smtp::parse_mailbox(text);
}

struct Describe {
  std::string operator()(const DeliverTo& to) const {
    return "deliver to " + to.mailbox + (to.detail.empty() ? "" : " (detail " + to.detail + ")");
  }
  std::string operator()(const ExpandTo& to) const { return "expand to " + join(to.addresses, ", "); }
  std::string operator()(const SendOut& out) const {
    return "send by route " + directory::destination_text(out.route);
  }
  std::string operator()(const Discard&) const { return "discard"; }
  std::string operator()(const HoldBack& hold) const { return "hold: " + hold.text; }
  std::string operator()(const Refuse& refuse) const {
    return "fail " + to_string(refuse.status) + ": " + refuse.text;
  }
  std::string operator()(const AskLater& later) const { return "ask later: " + later.failure.text; }
};

}  // namespace

Result<directory::Destination> DirectoryAddresses::find(const smtp::Mailbox& address) const {
  return directory_.find(address);
}
Result<std::optional<directory::Account>> DirectoryAddresses::find_account(
    const smtp::Mailbox& address) const {
  return directory_.find_account(address);
}
Result<directory::Expansion> DirectoryAddresses::expand(const smtp::Mailbox& address,
                                                        std::string_view sender) const {
  return directory::expand(directory_, address, sender);
}
Result<directory::Route> DirectoryAddresses::route_for(const smtp::Mailbox& address,
                                                       std::string_view sender) const {
  return directory_.route_for(address, sender);
}

std::string describe(const Decision& decision) { return std::visit(Describe{}, decision); }

const Decision& Router::decide(const spool::Recipient& recipient, const std::string& sender) {
  // Routes may be chosen by sender, and a leaf of an expansion is looked up in another way than an address as
  // given.
  const std::string key = recipient.address + '\n' + (recipient.original.empty() ? "" : "leaf") + '\n' +
                          recipient.route + '\n' + sender;
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  return known_.emplace(key, look_up(recipient, sender)).first->second;
}

Decision Router::look_up(const spool::Recipient& recipient, const std::string& sender) const {
  const auto address = parse_address(recipient.address);
  if (!address) return Refuse{{5, 1, 3}, "not a mail address"};
  // A leaf that is an account is never expanded again: "alice: alice, bob" delivers to alice.
  if (!recipient.original.empty()) {
    auto account = addresses_.find_account(*address);
    if (!account) return AskLater{std::move(account).error()};
    if (*account) return to_account(**account, {});
  }
  auto destination = addresses_.find(*address);
  if (!destination) return AskLater{std::move(destination).error()};
  if (const auto* to = std::get_if<directory::ToAccount>(&*destination))
    return to_account(to->account, to->detail);
  if (std::holds_alternative<directory::ToAlias>(*destination)) return of_alias(*address, sender);
  if (std::holds_alternative<directory::UnknownUser>(*destination))
    return Refuse{{5, 1, 1}, "no such user here"};
  if (!recipient.route.empty()) {
    auto route = directory::parse_route(".", recipient.route, false);
    if (route) return SendOut{std::move(*route)};
  }
  return of_remote(*address, sender, std::holds_alternative<directory::RelayDomain>(*destination));
}

Decision Router::of_alias(const smtp::Mailbox& address, const std::string& sender) const {
  auto expansion = addresses_.expand(address, sender);
  if (!expansion) return AskLater{std::move(expansion).error()};
  ExpandTo to{addresses_of(*expansion), expansion->problems};
  if (!to.addresses.empty()) return to;
  // RFC 3463 3.5: 5.4.6 is a routing loop; an alias with nobody behind it is one that leads only to itself.
  return Refuse{{5, 4, 6}, "the alias leads nowhere: " + join(to.problems, "; ")};
}

Decision Router::of_remote(const smtp::Mailbox& address, const std::string& sender, bool secondary) const {
  auto route = addresses_.route_for(address, sender);
  if (!route) return AskLater{std::move(route).error()};
  switch (route->kind) {
    case RouteKind::discard:
      return Discard{};
    case RouteKind::refuse:
      return Refuse{{5, 7, 1}, "mail to " + route->pattern + " is refused by a route"};
    case RouteKind::hold:
      return HoldBack{"held by the route of " + route->pattern};
    default:
      return SendOut{std::move(*route), secondary};
  }
}

}  // namespace tubepost::qrun
