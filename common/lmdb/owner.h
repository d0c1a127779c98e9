// Which host and PID namespace an environment belongs to. LMDB's lock file knows processes by their number
// and relies on the kernel's shared mutexes, so it must not be used from two hosts or namespaces at a time
// (design.md 3).
//
// The file `owner` beside the database holds one line, "BOOT-ID PID-NAMESPACE", and everybody who has the
// environment open holds a shared lock on it. Whoever finds another line there may write its own only where
// nobody holds that lock: after a reboot or a move, but not beside a live environment. (lock.mdb itself is
// touched by nobody but LMDB.)
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tubepost::lmdb {

// This process's line.
std::string this_owner();

// The descriptor that holds the lock, to be kept as long as the environment is open. A Failure if the
// environment is in use from elsewhere. An empty descriptor where the file is missing and cannot be made (a
// reader of a foreign folder).
Result<UniqueFd> take_ownership(const std::string& folder, unsigned mode,
                                const std::string& owner = this_owner());

}  // namespace tubepost::lmdb
