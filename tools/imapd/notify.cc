#include "imapd/notify.h"

#include <algorithm>

#include "imap/mailbox_name.h"
#include "imap/status_item.h"
#include "imap/writer.h"
#include "imapd/session.h"
#include "net/wait.h"

namespace tubepost::imapd {
namespace {

constexpr std::chrono::milliseconds look_interval{1000};  // at a selected mailbox, without a watcher
constexpr std::string_view known_events =
    "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange "
    "ServerMetadataChange";

// RFC 5465 3.1, 5: what a STATUS tells, by what was asked for.
std::uint32_t first_items(unsigned events) {
  std::uint32_t items = imap::status_messages | imap::status_uid_next | imap::status_uid_validity;
  if ((events & flag_change) != 0) items |= imap::status_highest_modseq | imap::status_unseen;
  return items;
}

std::uint32_t changed_items(const mailstore::MailboxStatus& was, const mailstore::MailboxStatus& is,
                            unsigned events, bool condstore) {
  std::uint32_t items = 0;
  if (was.uid_validity != is.uid_validity) items |= imap::status_uid_validity;
  const bool arrived = was.uid_next != is.uid_next, counted = was.messages != is.messages;
  if ((events & message_new) != 0 && (arrived || counted))
    items |= imap::status_uid_next | imap::status_messages;
  const bool flagged = was.highest_modseq != is.highest_modseq || was.unseen != is.unseen;
  if ((events & flag_change) != 0 && flagged) items |= imap::status_uid_validity | imap::status_unseen;
  if (items != 0 && condstore) items |= imap::status_highest_modseq | imap::status_uid_validity;
  return items;
}

// The names of entries that are not what they were.
std::vector<std::string> changed_entries(const std::vector<mailstore::MetadataEntry>& was,
                                         const std::vector<mailstore::MetadataEntry>& is) {
  std::map<std::string, std::string> before;
  std::vector<std::string> names;
  for (const auto& entry : was) before.emplace(entry.name, entry.value.value_or(std::string()));
  for (const auto& entry : is) {
    const auto found = before.find(entry.name);
    if (found == before.end() || found->second != entry.value) names.push_back(entry.name);
    if (found != before.end()) before.erase(found);
  }
  for (const auto& [name, value] : before) names.push_back(name);
  return names;
}

}  // namespace

Answer Session::notify(Call& call) {
  auto request = expect_notify_request(call.args, speaks_utf8());
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (request.unknown_event)
    return imap::no("BADEVENT (" + std::string(known_events) + ")", "There is no such event here");
  if (request.none) {
    notify_ = std::make_unique<Notification>();
    return imap::ok("Silence");
  }
  auto notification = std::make_unique<Notification>();
  notification->request = std::move(request);
  notification->counter = services_.store.change_counter();
  const auto mailboxes = take_in(*notification);
  if (!mailboxes) return refused(mailboxes.error());
  const auto is_watched = [](const auto& known) { return (known.second.events & message_events) != 0; };
  if (std::count_if(notification->known.begin(), notification->known.end(), is_watched) >
      static_cast<std::ptrdiff_t>(notify_mailboxes_max))
    return imap::no("NOTIFICATIONOVERFLOW", "Too many mailboxes");
  for (const auto& mailbox : *mailboxes) introduce(*notification, mailbox);
  notify_ = std::move(notification);
  return imap::ok("Told from now on");
}

// RFC 5465 3.1: what the client cannot read it is told of; with STATUS, where each mailbox stands.
void Session::introduce(const Notification& notification, const Found& mailbox) {
  const auto& groups = notification.request.groups;
  const bool is_asked_for = std::any_of(groups.begin(), groups.end(), [&](const NotifyGroup& group) {
    return group.filter.covers(mailbox, notification.subscribed);
  });
  if (is_asked_for && !mailbox.rights.has('r')) write_listed(mailbox.status.name, "\\NoAccess", {});
  const auto events = notification.known.at(mailbox.ref).events;
  const bool is_selected = selected_ && selected_->ref == mailbox.ref;
  if (notification.request.status && (events & message_events) != 0 && !is_selected)
    write_status(mailbox.ref, mailbox.status, first_items(events));
}

// Fills in what is known; the mailboxes it was taken from.
Result<std::vector<Found>> Session::take_in(Notification& notification) {
  auto mailboxes = listed();
  if (!mailboxes) return mailboxes;
  const auto subscriptions = services_.store.subscriptions(account_->id);
  if (!subscriptions) return subscriptions.error();
  notification.subscribed = {subscriptions->begin(), subscriptions->end()};
  notification.known.clear();
  for (const auto& mailbox : *mailboxes) {
    Notification::Known known{mailbox.status, {}, notification.events_of(mailbox)};
    if ((known.events & mailbox_metadata) != 0)
      if (auto entries = metadata_of(mailbox.ref)) known.metadata = std::move(*entries);
    notification.known.emplace(mailbox.ref, std::move(known));
  }
  if (notification.wants(server_metadata))
    if (auto entries = metadata_of({account_->id, 0})) notification.server_metadata = std::move(*entries);
  return mailboxes;
}

void Session::write_listed(const std::string& name, std::string_view attribute, const std::string& old_name) {
  std::string out = "* LIST (" + std::string(attribute) + ") \"/\" ";
  imap::append_mailbox(out, name, speaks_utf8());
  if (!old_name.empty()) {
    out += " (\"OLDNAME\" (";
    imap::append_mailbox(out, old_name, speaks_utf8());
    out += "))";
  }
  lines_ << out << "\r\n";
}

// RFC 5464 4.4.2: names alone.
void Session::write_changed_metadata(std::string_view name, const std::vector<std::string>& entries) {
  if (entries.empty()) return;
  std::string out = "* METADATA ";
  name.empty() ? void(out += "\"\"") : imap::append_mailbox(out, name, speaks_utf8());
  for (const auto& entry : entries) out.append(" ").append(entry);
  lines_ << out << "\r\n";
}

void Session::tell_mailbox(const Notification::Known* was, const Found& mailbox, const Notification& now) {
  const auto& known = now.known.at(mailbox.ref);
  const auto& name = mailbox.status.name;
  const std::string_view attribute = now.subscribed.contains(name) ? "\\Subscribed" : "";
  if (was == nullptr) {
    if ((known.events & mailbox_name) != 0) write_listed(name, attribute, {});
    return;
  }
  if (was->status.name != name && (known.events & mailbox_name) != 0)
    write_listed(name, attribute, was->status.name);
  if ((known.events & mailbox_metadata) != 0)
    write_changed_metadata(name, changed_entries(was->metadata, known.metadata));
  if (selected_ && selected_->ref == mailbox.ref) return;
  const auto items = changed_items(was->status, mailbox.status, known.events, condstore_);
  if (items != 0) write_status(mailbox.ref, mailbox.status, items);
}

// What has happened since the last look, of all but the messages of the selected mailbox.
void Session::tell_notified() {
  if (!notify_ || notify_->request.groups.empty()) return;
  const auto counter = services_.store.change_counter();
  if (counter == notify_->counter) return;
  Notification was;
  was.known.swap(notify_->known);
  was.subscribed.swap(notify_->subscribed);
  was.server_metadata.swap(notify_->server_metadata);
  const auto mailboxes = take_in(*notify_);
  if (!mailboxes) {  // it is told by the next look
    was.known.swap(notify_->known);
    return;
  }
  notify_->counter = counter;
  for (const auto& mailbox : *mailboxes) {
    const auto before = was.known.find(mailbox.ref);
    tell_mailbox(before == was.known.end() ? nullptr : &before->second, mailbox, *notify_);
  }
  for (const auto& [ref, known] : was.known)
    if ((known.events & mailbox_name) != 0 && !notify_->known.contains(ref))
      write_listed(known.status.name, "\\NonExistent", {});
  tell_subscriptions(was.subscribed);
  if (notify_->wants(server_metadata))
    write_changed_metadata({}, changed_entries(was.server_metadata, notify_->server_metadata));
}

void Session::tell_subscriptions(const std::set<std::string>& before) {
  if (!notify_->wants(subscription_change)) return;
  std::map<std::string, bool> there;
  for (const auto& [ref, known] : notify_->known)
    if ((known.events & subscription_change) != 0) there.emplace(known.status.name, true);
  for (const auto& [name, is_there] : there)
    if (notify_->subscribed.contains(name) != before.contains(name))
      write_listed(name, notify_->subscribed.contains(name) ? "\\Subscribed" : "", {});
}

// The mailboxes whose changes wake the session: those whose messages are asked for, the lists of their owners.
std::vector<mailstore::MailboxRef> Session::watched_mailboxes() const {
  std::vector<mailstore::MailboxRef> refs;
  if (!notify_) {
    if (selected_) refs.push_back(selected_->ref);
    return refs;
  }
  if (selected_ && notify_->request.selected) refs.push_back(selected_->ref);
  if (!notify_->request.groups.empty()) refs.push_back({account_->id, 0});
  for (const auto& [ref, known] : notify_->known) {
    if ((known.events & message_events) != 0) refs.push_back(ref);
    if (known.events != 0 && ref.account != account_->id) refs.push_back({ref.account, 0});
  }
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
  return refs;
}

// Tells what happens until the client says something, for IDLE, and for NOTIFY between commands. False: the selected
// mailbox has gone.
bool Session::await_input(Expunges expunges) {
  const net::Deadline deadline(rules_.idle_timeout);
  std::unique_ptr<mailstore::ChangeWatcher::Watch> watch;
  std::vector<mailstore::MailboxRef> watched;
  while (!lines_.has_buffered_input()) {
    if (auto wanted = watched_mailboxes(); services_.watcher != nullptr && wanted != watched) {
      watched = std::move(wanted);
      if (watch)
        watch->replace(watched);
      else if (auto made = services_.watcher->watch(watched))
        watch = std::move(*made);
    }
    if (watch) watch->clear();
    if (selected_ && !send_updates(expunges)) return false;
    tell_notified();
    if (notify_ && watch && watched_mailboxes() != watched) continue;
    lines_.flush();
    const std::chrono::milliseconds left(deadline.poll_milliseconds());
    const bool looks = (selected_ || notify_) && !watch;
    const auto woken = stream_->wait(watch ? watch->fd() : -1, looks ? std::min(left, look_interval) : left);
    if (woken == net::Stream::Woken::input) break;
    if (deadline.passed()) throw net::TimedOut();
  }
  return true;
}

}  // namespace tubepost::imapd
