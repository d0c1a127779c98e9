// mailq's commands: each reads or changes the spool and prints what it found. Plain readers but for the
// operators' verbs; they work live, when nothing runs, and on a copy. Threading: one thread.
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "base/exit_status.h"
#include "mailq/request.h"
#include "spool/retry_schedule.h"
#include "spool/spool.h"

namespace tubepost::mailq {

struct Output {
  std::FILE* out;
  std::FILE* notes;  // for people: what is no part of the answer
  bool json = false, raw = false, preview = false;
  bool terminal = false;  // `out` is one: top goes on until a key is pressed
  std::string plot{};     // stats: the file of a picture
  std::string route{};    // reroute: where to; empty: as the directory says
  // Of a schedule.
  spool::RetryPolicy retry{{std::chrono::seconds(300)}, std::chrono::hours(120)};
  std::chrono::seconds relay_expire{
      0};  // in place of retry.expire, if it is longer, where we are the secondary
  Milliseconds delay_notice{0};
  std::function<bool(const std::string& address)> is_secondary{};  // empty: the directory is not at hand
  // Where nothing may be sent: whether an address is another server's; empty: it may.
  std::function<bool(const std::string& address)> is_remote{};
};

ExitStatus run(spool::Spool& spool, const Request& request, const Output& output);

}  // namespace tubepost::mailq
