// Changes of allow and deny lists, and reading them.
#include "base/text.h"
#include "directory/editor.h"
#include "directory/refusals.h"
#include "directory/rule_keys.h"
#include "directory/state.h"

namespace tubepost::directory {
namespace {

std::optional<RuleAction> parse_action(std::string_view value) {
  if (value == "allow") return RuleAction::allow;
  if (value == "deny") return RuleAction::deny;
  return std::nullopt;
}

// The length of the scope at the front of a key; 0: damage.
std::size_t scope_size(std::string_view key) {
  if (key.starts_with('S')) return 1;
  if (key.starts_with('A')) return key.size() > 9 ? 9 : 0;
  const auto end = key.find('\0');
  return key.starts_with('D') && end != key.npos ? end + 1 : 0;
}

}  // namespace

// ---- reading

bool Reader::has_rules() const { return transaction_.count(tables_.rules) != 0; }

bool Reader::has_rules_of(std::string_view scope_key) const {
  return transaction_.cursor(tables_.rules).seek_prefix(scope_key);
}

std::optional<RuleAction> Reader::rule(std::string_view key) const {
  if (key.size() > rule_key_max) return std::nullopt;
  const auto value = transaction_.get(tables_.rules, key);
  return value ? parse_action(*value) : std::nullopt;
}

std::string Reader::rule_lengths(std::string_view scope_key, bool v6) const {
  return std::string(transaction_.get(tables_.rules, std::string(scope_key) + lengths_key(v6)).value_or(""));
}

Result<std::string> Reader::rule_scope(std::string_view scope) const {
  if (scope == server_scope) return server_rules();
  if (scope.find('@') == scope.npos) {
    if (!domain(scope)) return absent(printable(scope) + ": no such domain");
    return domain_rules(scope);
  }
  const auto mailbox = smtp::parse_mailbox(scope);
  const auto found = mailbox ? account(*mailbox) : std::nullopt;
  if (!found) return absent(printable(scope) + ": no such account");
  return account_rules(found->id);
}

// nullopt: what the scope was of is gone, or it is damaged.
std::optional<std::string> Reader::scope_of_key(std::string_view key) const {
  const auto size = scope_size(key);
  if (size == 0) return std::nullopt;
  if (key.starts_with('S')) return std::string(server_scope);
  if (key.starts_with('D')) {
    std::string name(key.substr(1, size - 2));
    return domain(name) ? std::optional(name) : std::nullopt;
  }
  const auto found = account(AccountId{lmdb::read_u64(key.substr(1))});
  return found ? std::optional(found->address.to_text()) : std::nullopt;
}

std::vector<Rule> Reader::rules(std::string_view scope_key) const {
  std::vector<Rule> rules;
  std::string known_key, scope;  // the scope of the row before, which is mostly that of this one
  auto cursor = transaction_.cursor(tables_.rules);
  bool more = scope_key.empty() ? cursor.first() : cursor.seek(scope_key);
  for (; more && cursor.key().starts_with(scope_key); more = cursor.next()) {
    const auto key = cursor.key();
    const auto entry = entry_of_key(key.substr(scope_size(key)));
    const auto action = parse_action(cursor.value());
    if (!entry || !action) continue;
    if (key.substr(0, scope_size(key)) != known_key) {
      known_key = key.substr(0, scope_size(key));
      scope = scope_of_key(key).value_or("");
    }
    if (!scope.empty()) rules.push_back({scope, *action, *entry});
  }
  std::sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
    return std::tie(a.scope, a.entry) < std::tie(b.scope, b.entry);
  });
  return rules;
}

std::size_t Reader::lost_rules() const {
  std::size_t lost = 0;
  auto cursor = transaction_.cursor(tables_.rules);
  for (bool more = cursor.first(); more; more = cursor.next()) {
    const auto key = cursor.key();
    const bool is_lengths = scope_size(key) != 0 && key.substr(scope_size(key)).starts_with('l');
    const bool right =
        is_lengths || (parse_action(cursor.value()) && entry_of_key(key.substr(scope_size(key))));
    if (!scope_of_key(key) || !right) ++lost;
  }
  return lost;
}

// ---- changes

void Editor::note_length(const std::string& scope_key, std::string_view entry) {
  const auto block = parse_block(entry);
  if (!block) return;
  const auto key = scope_key + lengths_key(block->first.is_v6());
  std::string lengths(transaction_.get(tables_.rules, key).value_or(""));
  if (block->bits < lengths.size() && lengths[block->bits] == '1') return;
  if (lengths.size() <= block->bits) lengths.resize(block->bits + 1, '0');
  lengths[block->bits] = '1';
  transaction_.put(tables_.rules, key, lengths);
}

Result<std::size_t> Editor::add_rules(std::string_view scope, RuleAction action,
                                      const std::vector<std::string>& entries) {
  const auto normal = normal_scope(scope);
  if (!normal) return normal.error();
  const auto scope_key = reader_.rule_scope(*normal);
  if (!scope_key) return scope_key.error();
  std::size_t changed = 0;
  for (const auto& text : entries) {
    const auto normals = normal_entries(*normal, text);
    if (!normals) return normals.error();
    for (const auto& entry : *normals) {
      const auto key = *scope_key + entry_key(entry);
      if (key.size() > rule_key_max) return bad_data(printable(entry, 80) + ": too long");
      if (reader_.rule(key) == action) continue;
      transaction_.put(tables_.rules, key, to_text(action));
      note_length(*scope_key, entry);
      ++changed;
    }
  }
  return changed;
}

Result<std::size_t> Editor::remove_rules(std::string_view scope, RuleAction action,
                                         const std::vector<std::string>& entries) {
  const auto normal = normal_scope(scope);
  if (!normal) return normal.error();
  const auto scope_key = reader_.rule_scope(*normal);
  if (!scope_key) return scope_key.error();
  std::size_t removed = 0;
  for (const auto& text : entries) {
    const auto normals = normal_entries(*normal, text);
    if (!normals) return normals.error();
    for (const auto& entry : *normals) {
      const auto key = *scope_key + entry_key(entry);
      if (reader_.rule(key) != action)
        return absent(printable(entry, 80) + ": not in the " + std::string(to_text(action)) + " list of " +
                      *normal);
      transaction_.erase(tables_.rules, key);
      ++removed;
    }
  }
  return removed;
}

void Editor::forget_rules(const std::string& scope_key) {
  auto cursor = transaction_.cursor(tables_.rules);
  for (bool more = cursor.seek_prefix(scope_key); more && cursor.key().starts_with(scope_key);)
    more = cursor.erase();
}

Result<std::size_t> Directory::add_rules(std::string_view scope, RuleAction action,
                                         const std::vector<std::string>& entries) {
  std::size_t count = 0;
  auto done = state_->write([&](Editor& editor) -> Result<void> {
    auto added = editor.add_rules(scope, action, entries);
    if (!added) return std::move(added).error();
    count = *added;
    return {};
  });
  if (!done) return std::move(done).error();
  return count;
}

Result<std::size_t> Directory::remove_rules(std::string_view scope, RuleAction action,
                                            const std::vector<std::string>& entries) {
  std::size_t count = 0;
  auto done = state_->write([&](Editor& editor) -> Result<void> {
    auto removed = editor.remove_rules(scope, action, entries);
    if (!removed) return std::move(removed).error();
    count = *removed;
    return {};
  });
  if (!done) return std::move(done).error();
  return count;
}

}  // namespace tubepost::directory
