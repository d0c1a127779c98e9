// Hears of changes to mailboxes: one datagram socket in run/notify and one thread for a whole process, and a
// descriptor for each session that becomes readable when a mailbox it watches has changed (IDLE, NOTIFY).
//
//   auto watch = watcher.watch({ref});
//   poll(client, watch->fd()) … watch->clear(); store.changes_since(…)
//
// Datagrams may be lost (mailstore/notifier.h), so once a second the watcher compares the store's transaction
// counter, and only if that moved, one read transaction looks at the mod-sequences of the watched mailboxes:
// five thousand idle sessions cost nothing while nothing happens. A watch may be woken without need; whoever
// is woken asks the store what has changed.
//
// Ownership: borrows the store; every Watch ends before the watcher does. Threading: watch(), and each Watch,
// from any thread. Make it after fork.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mailstore/mailstore.h"

namespace tubepost::mailstore {

class ChangeWatcher {
public:
  class Watch {
  public:
    virtual ~Watch() = default;
    virtual int fd() const = 0;  // readable: something has changed; for poll(2), not for reading
    virtual void clear() = 0;    // before looking at the store, so that nothing is missed
    virtual void replace(std::vector<MailboxRef> mailboxes) = 0;  // watches these from now on
  };

  // `notify_folder` as MailStore::Options has it; empty: only the look once a second.
  static Result<std::unique_ptr<ChangeWatcher>> start(const MailStore& store,
                                                      const std::string& notify_folder);
  ~ChangeWatcher();

  // MailboxRef{account, 0}: the account's list of mailboxes and subscriptions.
  Result<std::unique_ptr<Watch>> watch(std::vector<MailboxRef> mailboxes);

private:
  struct State;
  explicit ChangeWatcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::mailstore
