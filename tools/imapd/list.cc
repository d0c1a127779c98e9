// LIST with its options (RFC 9051 6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440), LSUB (RFC 3501 6.3.9), NAMESPACE.
#include <map>

#include "base/text.h"
#include "imap/mailbox_name.h"
#include "imap/status_item.h"
#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {

struct ListQuery {
  std::vector<std::string> patterns;  // with their reference in front
  bool only_subscribed = false, recursive = false, only_special = false;
  bool is_lsub = false, tells_parents = false, tells_rights = false;
  std::uint32_t status_items = 0;
};

namespace {

constexpr std::size_t patterns_max = 100;

// What there is under a name.
struct Entry {
  const Found* mailbox = nullptr;  // null: no mailbox, but children or a subscription
  bool subscribed = false, has_children = false, has_subscribed_below = false;
};
using Entries = std::map<std::string, Entry, std::less<>>;

Entries gather(const std::vector<Found>& mailboxes, const std::vector<std::string>& subscriptions) {
  Entries entries;
  for (const auto& mailbox : mailboxes) {
    entries[mailbox.status.name].mailbox = &mailbox;
    for (auto parent = imap::parent_of(mailbox.status.name); !parent.empty();
         parent = imap::parent_of(parent))
      entries[std::string(parent)].has_children = true;
  }
  for (const auto& name : subscriptions) {
    entries[name].subscribed = true;
    for (auto parent = imap::parent_of(name); !parent.empty(); parent = imap::parent_of(parent))
      entries[std::string(parent)].has_subscribed_below = true;
  }
  return entries;
}

void expect_select_options(imap::Scanner& args, ListQuery& query) {
  if (!args.take('(')) return;
  while (!args.failed() && !args.take(')')) {
    if (args.take_word("SUBSCRIBED"))
      query.only_subscribed = true;
    else if (args.take_word("RECURSIVEMATCH"))
      query.recursive = true;
    else if (args.take_word("SPECIAL-USE"))
      query.only_special = true;
    else if (!args.take_word("REMOTE"))
      args.fail("an unknown selection option");
    if (args.peek() != ')') args.expect_space();
  }
  // RFC 5258 3.1: it modifies another option.
  if (query.recursive && !query.only_subscribed) args.fail("RECURSIVEMATCH of nothing");
  args.expect_space();
}

void expect_return_options(imap::Scanner& args, ListQuery& query) {
  if (!args.take(' ')) return;
  if (!args.take_word("RETURN")) return args.fail("RETURN expected");
  args.expect_space();
  args.expect('(');
  while (!args.failed() && !args.take(')')) {
    if (args.take_word("MYRIGHTS")) {
      query.tells_rights = true;
    } else if (args.take_word("STATUS")) {
      args.expect_space();
      query.status_items = imap::expect_status_items(args);
    } else if (!args.take_word("SUBSCRIBED") && !args.take_word("CHILDREN") &&
               !args.take_word("SPECIAL-USE")) {
      args.fail("an unknown return option");
    }
    if (args.peek() != ')') args.expect_space();
  }
}

std::vector<std::string> expect_patterns(imap::Scanner& args) {
  std::vector<std::string> patterns;
  const bool several = args.take('(');
  do {
    if (patterns.size() == patterns_max) args.fail("too many patterns");
    patterns.push_back(args.expect_list_mailbox());
  } while (several && !args.failed() && args.take(' '));
  if (several) args.expect(')');
  return patterns;
}

bool is_wanted(const Entry& entry, const ListQuery& query) {
  if (query.only_special && (entry.mailbox == nullptr || entry.mailbox->status.special_use.empty()))
    return false;
  const bool below = entry.has_subscribed_below && (query.recursive || query.tells_parents);
  if (query.only_subscribed) return entry.subscribed || below;
  return entry.mailbox != nullptr || entry.has_children;
}

void append_attributes(std::string& out, const Entry& entry, const ListQuery& query) {
  const auto add = [&](std::string_view attribute) {
    if (out.back() != '(') out += ' ';
    out += attribute;
  };
  if (query.is_lsub) {
    if (!entry.subscribed) add("\\Noselect");
    return;
  }
  // RFC 5258 3: \NonExistent says \NoSelect as well, but not to clients that do not know it.
  if (entry.mailbox == nullptr) add("\\NonExistent"), add("\\Noselect");
  if (entry.subscribed) add("\\Subscribed");
  add(entry.has_children ? "\\HasChildren" : "\\HasNoChildren");
  const auto use = entry.mailbox == nullptr ? std::string_view() : entry.mailbox->status.special_use;
  if (!use.empty()) add(use);
}

}  // namespace

// The user's own mailboxes, and what others show.
Result<std::vector<Found>> Session::listed() {
  auto own = services_.store.mailboxes(account_->id);
  if (!own) return std::move(own).error();
  auto others = access_->of_others();
  if (!others) return others;
  std::vector<Found> all;
  all.reserve(own->size() + others->size());
  for (auto& status : *own) {
    const mailstore::MailboxRef ref{account_->id, status.id};
    all.push_back({{}, ref, std::move(status), Rights::all()});
  }
  for (auto& found : *others) all.push_back(std::move(found));
  return all;
}

// Behind the LIST response of a mailbox: RFC 5819 STATUS, RFC 8440 MYRIGHTS.
void Session::write_about(const Found& found, const ListQuery& query) {
  if (query.tells_rights) write_my_rights(found);
  if (query.status_items != 0 && found.rights.has('r'))
    write_status(found.ref, found.status, query.status_items);
}

Answer Session::list_matching(const ListQuery& query) {
  const auto mailboxes = listed();
  if (!mailboxes) return refused(mailboxes.error());
  const auto subscriptions = services_.store.subscriptions(account_->id);
  if (!subscriptions) return refused(subscriptions.error());
  std::vector<imap::Pattern> patterns;
  for (const auto& text : query.patterns) {
    const auto decoded = speaks_utf8() ? std::nullopt : imap::decode_utf7(text);
    patterns.emplace_back(decoded.value_or(text));
  }
  const auto entries = gather(*mailboxes, *subscriptions);
  for (const auto& named : entries) {
    const std::string& name = named.first;
    const Entry& entry = named.second;
    const bool matches = std::any_of(patterns.begin(), patterns.end(),
                                     [&](const imap::Pattern& pattern) { return pattern.matches(name); });
    if (!matches || !is_wanted(entry, query)) continue;
    std::string line = query.is_lsub ? "* LSUB (" : "* LIST (";
    append_attributes(line, entry, query);
    line += ") \"/\" ";
    imap::append_mailbox(line, name, speaks_utf8());
    if (query.recursive && entry.has_subscribed_below) line += " (\"CHILDINFO\" (\"SUBSCRIBED\"))";
    lines_ << line.append("\r\n");
    if (entry.mailbox != nullptr) write_about(*entry.mailbox, query);
  }
  return imap::ok("That is all");
}

Answer Session::list(Call& call) {
  ListQuery query;
  expect_select_options(call.args, query);
  const auto reference = call.args.expect_astring();
  call.args.expect_space();
  query.patterns = expect_patterns(call.args);
  expect_return_options(call.args, query);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (query.patterns.size() == 1 && query.patterns[0].empty()) {  // RFC 9051 6.3.9: what is the delimiter?
    lines_ << "* LIST (\\Noselect) \"/\" \"\"\r\n";
    return imap::ok("That is all");
  }
  for (auto& pattern : query.patterns) pattern.insert(0, reference);
  return list_matching(query);
}

Answer Session::lsub(Call& call) {
  ListQuery query;
  query.is_lsub = query.only_subscribed = true;
  const auto reference = call.args.expect_astring();
  call.args.expect_space();
  query.patterns = {reference + call.args.expect_list_mailbox()};
  // RFC 3501 6.3.9: of a subscription that % does not reach, its parent is told.
  query.tells_parents = query.patterns[0].find('*') == std::string::npos;
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  return list_matching(query);
}

// RFC 9051 6.3.10, RFC 2342: the user's own, those of others, those of all.
Answer Session::name_space(Call&) {
  lines_ << "* NAMESPACE ((\"\" \"/\")) ((\"" << others_prefix << "\" \"/\")) ";
  if (access_->has_shared())
    lines_ << "((\"" << shared_prefix << "\" \"/\"))\r\n";
  else
    lines_ << "NIL\r\n";
  return imap::ok("That is all");
}

}  // namespace tubepost::imapd
