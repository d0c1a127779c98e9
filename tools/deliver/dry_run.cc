#include "deliver/dry_run.h"

#include "base/text.h"
#include "mailstore/mailstore.h"

namespace tubepost::deliver {
namespace {

bool is_account(const directory::TreeNode& node) {
  return node.kind == "account" || node.note.starts_with("account ");
}

void add_node(const directory::TreeNode& node, std::size_t depth, std::string& text) {
  text.append(2 * depth, ' ').append(node.address).append(": ").append(node.kind);
  if (!node.note.empty()) text.append(", ").append(node.note);
  text += '\n';
  for (const auto& child : node.children) add_node(child, depth + 1, text);
  if (!is_account(node)) return;
  const bool is_suspended = node.note.ends_with("suspended");
  text.append(2 * (depth + 1), ' ');
  text.append(is_suspended ? "refused: 550 5.2.1" : "mailbox " + std::string(mailstore::inbox)).append("\n");
}

}  // namespace

std::string tree_text(const directory::TreeNode& tree) {
  std::string text;
  add_node(tree, 0, text);
  return text;
}

Result<bool> print_trees(const directory::Directory& directory, const std::vector<std::string>& recipients,
                         const std::string& sender, std::FILE* out) {
  bool all_known = true;
  for (const auto& recipient : recipients) {
    auto address = smtp::parse_mailbox(recipient);
    if (equal_ignoring_case(recipient, "postmaster"))
      address = smtp::Mailbox{recipient, ""};  // RFC 5321 4.5.1
    if (!address) {
      std::fprintf(out, "%s: not a mail address\n", printable(recipient).c_str());
      all_known = false;
      continue;
    }
    const auto expansion = directory::expand(directory, *address, sender);
    if (!expansion) return expansion.error();
    std::fputs(tree_text(expansion->tree).c_str(), out);
    all_known = all_known && expansion->problems.empty();
    if (expansion->tree.kind == "unknown") continue;  // that says it
    for (const auto& problem : expansion->problems)
      std::fprintf(out, "  problem: %s\n", printable(problem).c_str());
  }
  return all_known;
}

}  // namespace tubepost::deliver
