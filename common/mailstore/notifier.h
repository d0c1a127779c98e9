// Tells whoever listens which mailboxes have changed: a datagram to every socket of a folder (run/notify),
// never blocking. One that is lost is no harm: listeners look at the change log each second anyway (design.md
// 5).
//
//   datagram = { account:u64 mailbox:u32 }+   big-endian, at most 100 of them
//
// A listener binds a SOCK_DGRAM socket in the folder, under a name of its own; sockets that nobody reads any
// more are removed by whoever finds them. Threading: any thread.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "mailstore/mailstore.h"

namespace tubepost::mailstore {

using Changed = MailboxRef;

inline constexpr std::size_t changes_per_datagram = 100;

class Notifier {
public:
  explicit Notifier(std::string folder);  // empty: tell nobody
  void tell(const std::vector<Changed>& changed) const;

private:
  void send(const std::string& datagram) const;
  std::string folder_;
  UniqueFd socket_;
};

}  // namespace tubepost::mailstore
