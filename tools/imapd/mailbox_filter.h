// Which mailboxes NOTIFY (RFC 5465 6) and ESEARCH (RFC 7377 2.2) are about. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "imap/scanner.h"
#include "imapd/access.h"

namespace tubepost::imapd {

inline constexpr std::size_t filter_names_max = 1000;

struct MailboxFilter {
  enum class Kind {
    selected,
    selected_delayed,
    inboxes,
    personal,
    subscribed,
    subtree,
    subtree_one,
    mailboxes
  };
  Kind kind = Kind::selected;
  std::vector<std::string> names;  // of the last three

  bool is_selected() const { return kind == Kind::selected || kind == Kind::selected_delayed; }
  // Not asked of the selected kinds. Deliveries may go to any of a user's own mailboxes, so "inboxes" is "personal"
  // (RFC 5465 6.3).
  bool covers(const Found& mailbox, const std::set<std::string>& subscribed) const;
};

MailboxFilter expect_mailbox_filter(imap::Scanner& args, bool utf8);

}  // namespace tubepost::imapd
