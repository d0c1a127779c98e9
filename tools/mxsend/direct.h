// mxsend RCPT… < message: now, without the queue. Recipients of one domain and route are one transaction.
#pragma once

#include <string>
#include <vector>

#include "base/exit_status.h"
#include "directory/directory.h"
#include "mxsend/courier.h"

namespace tubepost::mxsend {

struct Errand {
  std::vector<std::string> recipients;
  std::string sender, via, message;  // `via`: a route; empty: the directory's. CRLF line ends
};
// In the order of the recipients.
std::vector<relay::Verdict> send_now(const Errand& errand, const directory::Directory* directory,
                                     Courier& courier, const Clock& clock);
// contracts.md: 75 if any is deferred, else 77 if any failed, else 0.
ExitStatus exit_status(const std::vector<relay::Verdict>& verdicts);

}  // namespace tubepost::mxsend
