#include "imapd/notify.h"

#include <algorithm>
#include <functional>

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
std::vector<std::string> changed_entries(const SeenEntries& was, const SeenEntries& is) {
  std::vector<std::string> names;
  for (const auto& [name, value] : is) {
    const auto before = was.find(name);
    if (before == was.end() || before->second != value) names.push_back(name);
  }
  for (const auto& [name, value] : was)
    if (!is.contains(name)) names.push_back(name);
  return names;
}

// RFC 5465 5.4: children go with their parent, and nothing is told of them.
bool goes_with_parent(const std::map<std::string, std::string>& renamed, const std::string& was,
                      const std::string& is) {
  for (auto parent = imap::parent_of(was); !parent.empty(); parent = imap::parent_of(parent)) {
    const auto found = renamed.find(std::string(parent));
    if (found != renamed.end() && is == found->second + was.substr(parent.size())) return true;
  }
  return false;
}

}  // namespace

bool OwnChanges::has_named(std::string_view name) const {
  if (mailboxes.contains(std::string(name))) return true;
  if (renamed.empty() || !name.starts_with(renamed)) return false;
  return name.size() == renamed.size() || name[renamed.size()] == imap::hierarchy_delimiter;
}

bool Sight::has_children(const std::string& name) const {
  const auto prefix = name + imap::hierarchy_delimiter;
  const auto first = names.lower_bound(prefix);
  return first != names.end() && first->starts_with(prefix);
}

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
  const auto mailboxes = look(*notification, notification->seen);
  if (!mailboxes) return refused(mailboxes.error());
  const auto is_watched = [](const auto& known) { return (known.second.events & message_events) != 0; };
  const auto& known = notification->seen.mailboxes;
  if (std::count_if(known.begin(), known.end(), is_watched) >
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
    return group.filter.covers(mailbox, notification.seen.subscribed);
  });
  if (is_asked_for && !mailbox.rights.has('r')) write_listed(mailbox.status.name, "\\NoAccess");
  const auto events = notification.seen.mailboxes.at(mailbox.ref).events;
  const bool is_selected = selected_ && selected_->ref == mailbox.ref;
  if (notification.request.status && (events & message_events) != 0 && !is_selected)
    write_status(mailbox.ref, mailbox.status, first_items(events));
}

Result<SeenEntries> Session::seen_metadata(mailstore::MailboxRef ref) {
  const auto entries = metadata_of(ref);
  if (!entries) return entries.error();
  SeenEntries seen;
  for (const auto& entry : *entries)
    seen.emplace(entry.name, std::hash<std::string>()(entry.value.value_or(std::string())));
  return seen;
}

// The mailboxes that `sight` was taken of.
Result<std::vector<Found>> Session::look(const Notification& notification, Sight& sight) {
  auto mailboxes = listed();
  if (!mailboxes) return mailboxes;
  const auto subscriptions = services_.store.subscriptions(account_->id);
  if (!subscriptions) return subscriptions.error();
  sight.subscribed = {subscriptions->begin(), subscriptions->end()};
  for (const auto& mailbox : *mailboxes) {
    Sight::Known known{mailbox.status, {}, notification.events_of(mailbox, sight.subscribed)};
    if ((known.events & mailbox_metadata) != 0) {
      auto entries = seen_metadata(mailbox.ref);
      if (!entries) return std::move(entries).error();
      known.metadata = std::move(*entries);
    }
    sight.names.insert(mailbox.status.name);
    sight.mailboxes.emplace(mailbox.ref, std::move(known));
  }
  if (!notification.wants(server_metadata)) return mailboxes;
  auto entries = seen_metadata({account_->id, 0});
  if (!entries) return std::move(entries).error();
  sight.server_metadata = std::move(*entries);
  return mailboxes;
}

void Session::write_listed(const std::string& name, std::string_view attributes,
                           const std::string& old_name) {
  std::string out = "* LIST (" + std::string(attributes) + ") \"/\" ";
  imap::append_mailbox(out, name, speaks_utf8());
  if (!old_name.empty()) {
    out += " (\"OLDNAME\" (";
    imap::append_mailbox(out, old_name, speaks_utf8());
    out += "))";
  }
  lines_ << out << "\r\n";
}

// As LIST would tell it now.
void Session::tell_listed(const std::string& name, const Sight& now, const std::string& old_name) {
  std::string attributes;
  if (!now.names.contains(name)) attributes += "\\NonExistent ";
  if (now.subscribed.contains(name)) attributes += "\\Subscribed ";
  attributes += now.has_children(name) ? "\\HasChildren" : "\\HasNoChildren";
  write_listed(name, attributes, old_name);
}

// RFC 5464 4.4.2: names alone.
void Session::write_changed_metadata(std::string_view name, mailstore::MailboxRef ref,
                                     const std::vector<std::string>& entries) {
  std::string changed;
  for (const auto& entry : entries)
    if (!own_.metadata.contains({ref, entry})) changed.append(" ").append(entry);
  if (changed.empty()) return;
  std::string out = "* METADATA ";
  name.empty() ? void(out += "\"\"") : imap::append_mailbox(out, name, speaks_utf8());
  lines_ << out << changed << "\r\n";
}

// What has happened since the last look, of all but the messages of the selected mailbox.
void Session::tell_notified() {
  if (!notify_ || notify_->request.groups.empty()) return;
  const auto counter = services_.store.change_counter();
  if (counter == notify_->counter) return;
  Sight now;
  if (!look(*notify_, now)) return;  // it is told by the next look
  notify_->counter = counter;
  tell_names(notify_->seen, now);
  tell_subscriptions(notify_->seen, now);
  for (const auto& [ref, known] : now.mailboxes)
    if (const auto was = notify_->seen.mailboxes.find(ref); was != notify_->seen.mailboxes.end())
      tell_mailbox(ref, was->second, known);
  if (notify_->wants(server_metadata))
    write_changed_metadata({}, {account_->id, 0},
                           changed_entries(notify_->seen.server_metadata, now.server_metadata));
  notify_->seen = std::move(now);
}

// RFC 5465 5.4: made, removed, renamed; of what is made or removed, the parent too.
void Session::tell_names(const Sight& was, const Sight& now) {
  std::map<std::string, std::string> renamed;
  std::set<std::string> told, parents;
  const auto tell = [&](const std::string& name) {
    if (own_.has_named(name)) return;
    tell_listed(name, now);
    told.insert(name);
    parents.emplace(imap::parent_of(name));
  };
  for (const auto& [ref, known] : now.mailboxes) {
    const auto before = was.mailboxes.find(ref);
    if (before != was.mailboxes.end() && before->second.status.name != known.status.name)
      renamed.emplace(before->second.status.name, known.status.name);
  }
  for (const auto& [ref, known] : now.mailboxes) {
    if ((known.events & mailbox_name) == 0) continue;
    const auto& name = known.status.name;
    const auto before = was.mailboxes.find(ref);
    if (before == was.mailboxes.end()) {
      tell(name);
      continue;
    }
    const auto& old_name = before->second.status.name;
    if (old_name == name || own_.has_named(name) || goes_with_parent(renamed, old_name, name)) continue;
    tell_listed(name, now, old_name);
    told.insert(name);
  }
  for (const auto& [ref, known] : was.mailboxes)
    if ((known.events & mailbox_name) != 0 && !now.mailboxes.contains(ref)) tell(known.status.name);
  for (const auto& parent : parents)
    if (!parent.empty() && !told.contains(parent)) tell_listed(parent, now);
}

void Session::tell_mailbox(mailstore::MailboxRef ref, const Sight::Known& was, const Sight::Known& now) {
  if ((now.events & mailbox_metadata) != 0)
    write_changed_metadata(now.status.name, ref, changed_entries(was.metadata, now.metadata));
  if (selected_ && selected_->ref == ref) return;
  const auto own = own_.changes.find(ref);
  const auto changes = now.status.highest_modseq - was.status.highest_modseq;
  if (own != own_.changes.end() && own->second == changes) return;  // nobody else has changed it
  const auto items = changed_items(was.status, now.status, now.events, condstore_);
  if (items != 0) write_status(ref, now.status, items);
}

void Session::tell_subscriptions(const Sight& was, const Sight& now) {
  for (const auto& [ref, known] : now.mailboxes) {
    const auto& name = known.status.name;
    const bool is_told = (known.events & subscription_change) != 0 && !own_.subscriptions.contains(name);
    if (is_told && now.subscribed.contains(name) != was.subscribed.contains(name)) tell_listed(name, now);
  }
}

void Session::note_own_messages(mailstore::MailboxRef ref, mailstore::UidRange uids) {
  ++own_.changes[ref];
  if (selected_ && selected_->ref == ref) selected_->put_here.add(uids);
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
  for (const auto& [ref, known] : notify_->seen.mailboxes) {
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
