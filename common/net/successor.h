// A service that makes way for a new program in its own process: the listening sockets stay open from one to the other, so that a
// client who connects in between waits in their queue and is refused by nobody. The supervisor sees the same process id.
#pragma once

#include <vector>

#include "net/listening.h"
#include "net/server.h"

namespace tubepost::net {

// From now on, when this process exits (all its objects destroyed: LMDB would take readers of its own process id for living ones),
// its program is executed again with the same arguments, and gets the sockets as systemd passes them. It does not say once more
// on --ready-fd that it is ready. Once, before the sockets are closed.
void be_succeeded(const std::vector<ListeningSocket>& sockets, const std::vector<ListenerSpec>& specs);

}  // namespace tubepost::net
