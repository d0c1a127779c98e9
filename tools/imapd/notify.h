// NOTIFY (RFC 5465): what a client wants to hear of without asking, and what it has heard of already. Of the selected
// mailbox Session::send_updates() tells; this is about all others, the list of mailboxes, subscriptions and metadata.
//
// Each look compares the store with what was seen at the look before, and leaves out what the session has done itself. It
// costs a read of the list of mailboxes, and only when something in the store has changed and a watch of ours has been
// woken, or a command has run.
// Ownership: of its session, whose thread alone uses it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "imap/fetch_item.h"
#include "imapd/mailbox_filter.h"

namespace tubepost::imapd {

inline constexpr std::size_t notify_groups_max = 100;
inline constexpr std::size_t notify_mailboxes_max = 1000;  // whose messages are watched

enum NotifyEvent : unsigned {
  message_new = 1,
  message_expunge = 2,
  flag_change = 4,
  mailbox_name = 8,
  subscription_change = 16,
  mailbox_metadata = 32,
  server_metadata = 64,
};
inline constexpr unsigned message_events = message_new | message_expunge | flag_change;

struct NotifyGroup {
  MailboxFilter filter;
  unsigned events = 0;
};

struct NotifyRequest {
  bool none = false, status = false;
  bool unknown_event = false;               // to be refused with BADEVENT
  std::optional<NotifyGroup> selected;      // of the selected mailbox, whatever that is
  std::optional<imap::FetchItems> fetched;  // what MessageNew there asks for
  std::vector<NotifyGroup> groups;
};

NotifyRequest expect_notify_request(imap::Scanner& args, bool utf8);

// What a command of this session has done, of which it is not told (RFC 5465 5).
struct OwnChanges {
  bool has_named(std::string_view name) const;

  std::map<mailstore::MailboxRef, unsigned> changes;  // how often it has raised a mailbox's mod-sequence
  std::set<std::string> mailboxes;                    // names made or removed
  std::string renamed;                                // the name that RENAME has given, to it and all below
  std::set<std::string> subscriptions;
  std::set<std::pair<mailstore::MailboxRef, std::string>> metadata;  // entries, as the user calls them
};

// Name and hash of the value of each entry: values may be long.
using SeenEntries = std::map<std::string, std::size_t>;

// What there was at a look.
struct Sight {
  struct Known {
    mailstore::MailboxStatus status;
    SeenEntries metadata;  // where changes of it are wanted
    unsigned events = 0;
  };
  std::map<mailstore::MailboxRef, Known> mailboxes;
  std::set<std::string> names;  // of all of them
  std::set<std::string> subscribed;
  SeenEntries server_metadata;

  bool has_children(const std::string& name) const;
};

struct Notification {
  NotifyRequest request;
  Sight seen;
  std::uint64_t counter = 0;  // of the store, at the last look

  unsigned events_of(const Found& mailbox, const std::set<std::string>& subscribed) const;
  bool wants(NotifyEvent event) const;
  // Of the selected mailbox.
  bool tells_selected(NotifyEvent event) const {
    return request.selected && (request.selected->events & event) != 0;
  }
  bool holds_expunges() const {
    return request.selected && request.selected->filter.kind == MailboxFilter::Kind::selected_delayed;
  }
};

}  // namespace tubepost::imapd
