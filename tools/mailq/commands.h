// mailq's commands: each reads or changes the spool and prints what it found. Plain readers but for the
// operators' verbs; they work live, when nothing runs, and on a copy. Threading: one thread.
#pragma once

#include <cstdio>
#include <functional>
#include <string>

#include "base/exit_status.h"
#include "mailq/request.h"
#include "spool/spool.h"

namespace tubepost::mailq {

struct Output {
  std::FILE* out;
  std::FILE* notes;  // for people: what is no part of the answer
  bool json = false, raw = false, preview = false;
  // Whether an address is another server's; empty: nobody knows.
  std::function<bool(const std::string& address)> is_remote{};
};

ExitStatus run(spool::Spool& spool, const Request& request, const Output& output);

}  // namespace tubepost::mailq
