// mxsend --dry-run: what would be done for an address, and why, without connecting to anybody.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "directory/directory.h"
#include "mxsend/route.h"

namespace tubepost::mxsend {

struct Question {
  std::vector<std::string> recipients;
  std::string sender;
  std::string via;  // a route that comes before the directory's; empty: none
};
// `directory`: none, if there is no instance; then every route is direct. False: an address has no way.
bool print_ways(const Question& question, const directory::Directory* directory, const Options& options,
                const Routes& routes, std::FILE* out);

// The route of a recipient, as a job has it ("direct", "smarthost", "host:…", "lmtp:…"); a Failure for the
// routes that send nothing.
Result<std::string> route_of(const directory::Directory* directory, const smtp::Mailbox& recipient,
                             const std::string& sender);

}  // namespace tubepost::mxsend
