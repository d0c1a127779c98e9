// NOTIFY (RFC 5465): what a client wants to hear of without asking, and what it has heard of already. Of the selected
// mailbox Session::send_updates() tells; this is about all others, the list of mailboxes, subscriptions and metadata.
//
// Each look compares the store with what was known after the look before. It costs a read of the list of mailboxes, and
// only when something in the store has changed and a watch of ours has been woken, or a command has run.
// Ownership: of its session, whose thread alone uses it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "imap/fetch_item.h"
#include "imapd/mailbox_filter.h"
#include "mailstore/change_watcher.h"

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

struct Notification {
  NotifyRequest request;

  struct Known {
    mailstore::MailboxStatus status;
    std::vector<mailstore::MetadataEntry> metadata;  // where changes of it are wanted
    unsigned events = 0;
  };
  std::map<mailstore::MailboxRef, Known> known;
  std::set<std::string> subscribed;
  std::vector<mailstore::MetadataEntry> server_metadata;
  std::uint64_t counter = 0;  // of the store, at the last look

  std::vector<mailstore::MailboxRef> watched;
  std::unique_ptr<mailstore::ChangeWatcher::Watch> watch;

  unsigned events_of(const Found& mailbox) const;
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
