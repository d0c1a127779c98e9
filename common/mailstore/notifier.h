// Tells whoever listens which mailboxes have changed: a datagram to every socket of a folder (run/notify),
// never blocking. One that is lost is no harm: listeners look at the change log each second anyway (design.md
// 5).
//
//   datagram = { account:u64 mailbox:u32 }+   big-endian, at most 100 of them
//
// A listener binds a SOCK_DGRAM socket in the folder, under a name of its own; sockets that nobody reads any
// more are removed by whoever finds them. Who listens is remembered as long as the folder does not change: a
// change to the store costs a system call for each listener and one more. Threading: any thread.
#pragma once

#include <sys/stat.h>

#include <mutex>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "mailstore/mailstore.h"

namespace tubepost::mailstore {

using Changed = MailboxRef;

inline constexpr std::size_t changes_per_datagram = 100;
inline constexpr std::size_t listeners_max = 256;  // more hear of changes by their own look, each second

class Notifier {
public:
  explicit Notifier(std::string folder);  // empty: tell nobody
  void tell(const std::vector<Changed>& changed) const;

private:
  void send(const std::string& datagram) const;
  void find_listeners() const;
  bool is_as_it_was() const;

  std::string folder_;
  mutable std::mutex mutex_;
  mutable std::vector<UniqueFd> listeners_;  // sockets that are connected to them
  mutable timespec folder_time_{};           // its mtime when they were looked for; 0: look again
};

}  // namespace tubepost::mailstore
