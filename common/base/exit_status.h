// What a process says when it ends: sysexits, one meaning everywhere (contracts.md). Message filters add 99.
#pragma once

namespace tubepost {

enum class ExitStatus : int {
  ok = 0,
  no = 1,             // the answer is "no"
  usage = 64,         // EX_USAGE
  data = 65,          // EX_DATAERR
  software = 70,      // EX_SOFTWARE: a bug
  later = 75,         // EX_TEMPFAIL
  refused = 77,       // EX_NOPERM
  configuration = 78  // EX_CONFIG
};

constexpr int to_int(ExitStatus status) { return static_cast<int>(status); }

}  // namespace tubepost
