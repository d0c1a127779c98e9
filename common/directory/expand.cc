// The tree behind an address: aliases followed to their leaves (RFC 5321 3.9.1).
#include <map>
#include <set>

#include "directory/reader.h"
#include "directory/state.h"

namespace tubepost::directory {
namespace {

class Expander {
public:
  Expander(const Directory& directory, std::string_view sender) : directory_(directory), sender_(sender) {}

  Result<Expansion> run(const smtp::Mailbox& address) {
    auto tree = follow(address);
    if (!tree) return std::move(tree).error();
    expansion_.tree = std::move(*tree);
    return std::move(expansion_);
  }

private:
  Result<TreeNode> follow(const smtp::Mailbox& address);
  TreeNode follow_account(const smtp::Mailbox& address, const ToAccount& found);
  Result<TreeNode> follow_alias(const smtp::Mailbox& address, const ToAlias& found);
  Result<TreeNode> follow_remote(const smtp::Mailbox& address, const char* note);
  void add_leaf(const std::string& identity, Leaf leaf);
  void problem(std::string text) { expansion_.problems.push_back(std::move(text)); }

  const Directory& directory_;
  std::string_view sender_;
  Expansion expansion_;
  std::vector<std::string> path_;            // the aliases above
  std::map<std::string, std::size_t> done_;  // alias -> the least depth at which it was followed
  std::set<std::string> leaves_;
};

Result<TreeNode> Expander::follow(const smtp::Mailbox& address) {
  auto found = directory_.find(address);
  if (!found) return std::move(found).error();
  if (const auto* account = std::get_if<ToAccount>(&*found)) return follow_account(address, *account);
  if (const auto* alias = std::get_if<ToAlias>(&*found)) return follow_alias(address, *alias);
  if (std::holds_alternative<ToRemote>(*found)) return follow_remote(address, "");
  if (std::holds_alternative<RelayDomain>(*found))
    return follow_remote(address, "relayed to its primary server");
  const auto from = path_.empty() ? std::string() : ", a target of " + path_.back();
  problem(address.to_text() + from + ": no such user");
  return TreeNode{address.to_text(), "unknown", "", {}};
}

TreeNode Expander::follow_account(const smtp::Mailbox& address, const ToAccount& found) {
  const auto mailbox = found.account.address.to_text();
  TreeNode node{address.to_text(), found.how, "", {}};
  if (found.how != "account") node.note = "account " + mailbox;
  if (found.account.is_suspended()) node.note += node.note.empty() ? "suspended" : ", suspended";
  add_leaf("account " + std::to_string(found.account.id),
           {found.account.address, found.account.id, found.detail, {}});
  return node;
}

Result<TreeNode> Expander::follow_alias(const smtp::Mailbox& address, const ToAlias& found) {
  TreeNode node{address.to_text(), found.how, found.how == "alias" ? "" : "alias " + found.address, {}};
  const auto& identity = found.address;
  if (std::find(path_.begin(), path_.end(), identity) != path_.end()) {
    problem(found.address + ": this alias leads back to itself, by way of " + path_.back());
    return TreeNode{node.address, "loop", "", {}};
  }
  if (path_.size() >= expansion_depth_max) {
    problem(found.address + ": more than " + std::to_string(expansion_depth_max) + " aliases deep");
    return TreeNode{node.address, "alias", "too deep", {}};
  }
  // One that is shared by several others is followed once, unless a shorter way reaches further down in it.
  const auto [before, is_new] = done_.try_emplace(identity, path_.size());
  if (!is_new && before->second <= path_.size()) {
    node.note = "already followed";
    return node;
  }
  before->second = path_.size();
  path_.push_back(identity);
  for (const auto& target : found.targets) {
    auto child = follow(target);
    if (!child) return child;
    node.children.push_back(std::move(*child));
  }
  path_.pop_back();
  return node;
}

Result<TreeNode> Expander::follow_remote(const smtp::Mailbox& address, const char* note) {
  auto route = directory_.route_for(address, sender_);
  if (!route) return std::move(route).error();
  TreeNode node{address.to_text(), "remote", destination_text(*route), {}};
  if (*note != '\0') node.note += std::string(", ") + note;
  add_leaf("remote " + address.to_text(), {address, std::nullopt, "", std::move(*route)});
  return node;
}

void Expander::add_leaf(const std::string& identity, Leaf leaf) {
  if (!leaves_.insert(identity).second) return;
  if (expansion_.leaves.size() < expansion_leaves_max) return expansion_.leaves.push_back(std::move(leaf));
  if (leaves_.size() == expansion_leaves_max + 1)
    problem("more than " + std::to_string(expansion_leaves_max) + " recipients; the rest is left out");
}

// Does everything behind the address belong to this account alone?
Result<bool> leads_to(const Directory& directory, const Account& account, const smtp::Mailbox& address,
                      unsigned depth) {
  auto found = directory.find(address);
  if (!found) return std::move(found).error();
  if (const auto* to = std::get_if<ToAccount>(&*found))
    return to->how != "catch-all" && to->account.id == account.id;
  const auto* alias = std::get_if<ToAlias>(&*found);
  if (alias == nullptr || alias->how == "catch-all" || depth >= expansion_depth_max) return false;
  for (const auto& target : alias->targets) {
    auto leads = leads_to(directory, account, target, depth + 1);
    if (!leads || !*leads) return leads;
  }
  return !alias->targets.empty();
}

}  // namespace

Result<Expansion> expand(const Directory& directory, const smtp::Mailbox& address, std::string_view sender) {
  return Expander(directory, sender).run(address);
}

Result<bool> Directory::is_address_of(const Account& account, const smtp::Mailbox& address) const {
  return leads_to(*this, account, address, 0);
}

}  // namespace tubepost::directory
