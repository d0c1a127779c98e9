#include "imapd/mailbox_filter.h"

#include <algorithm>

#include "imap/mailbox_name.h"

namespace tubepost::imapd {
namespace {

using FilterKind = MailboxFilter::Kind;

constexpr struct {
  std::string_view word;
  FilterKind kind;
} filter_words[] = {{"SELECTED-DELAYED", FilterKind::selected_delayed},
                    {"SELECTED", FilterKind::selected},
                    {"INBOXES", FilterKind::inboxes},
                    {"PERSONAL", FilterKind::personal},
                    {"SUBSCRIBED", FilterKind::subscribed},
                    {"SUBTREE-ONE", FilterKind::subtree_one},
                    {"SUBTREE", FilterKind::subtree},
                    {"MAILBOXES", FilterKind::mailboxes}};

// A name that can be no mailbox's matches none.
void expect_names(imap::Scanner& args, bool utf8, std::vector<std::string>& names) {
  args.expect_space();
  const bool several = args.take('(');
  do {
    if (names.size() == filter_names_max) args.fail("too many mailboxes");
    if (auto name = imap::parse_mailbox_name(args.expect_astring(), utf8)) names.push_back(std::move(*name));
  } while (several && !args.failed() && args.take(' '));
  if (several) args.expect(')');
}

}  // namespace

MailboxFilter expect_mailbox_filter(imap::Scanner& args, bool utf8) {
  MailboxFilter filter;
  for (const auto& word : filter_words) {
    if (!args.take_word(word.word)) continue;
    filter.kind = word.kind;
    if (word.kind >= FilterKind::subtree) expect_names(args, utf8, filter.names);
    return filter;
  }
  args.fail("an unknown set of mailboxes");
  return filter;
}

bool MailboxFilter::covers(const Found& mailbox, const std::set<std::string>& subscribed) const {
  const std::string& name = mailbox.status.name;
  const auto is_named = [&](auto matches) { return std::any_of(names.begin(), names.end(), matches); };
  switch (kind) {
    case FilterKind::selected:
    case FilterKind::selected_delayed:
      return false;
    case FilterKind::inboxes:
    case FilterKind::personal:
      return mailbox.is_own();
    case FilterKind::subscribed:
      return subscribed.contains(name);
    case FilterKind::subtree:
      return is_named([&](const std::string& top) {
        return name == top || (name.starts_with(top) && name[top.size()] == imap::hierarchy_delimiter);
      });
    case FilterKind::subtree_one:
      return is_named([&](const std::string& top) { return name == top || imap::parent_of(name) == top; });
    case FilterKind::mailboxes:
      return is_named([&](const std::string& one) { return name == one; });
  }
  return false;
}

}  // namespace tubepost::imapd
