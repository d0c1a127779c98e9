// avscan-wrap --selftest: whether this scanner, called so, does what it should.
#pragma once

#include "avscan-wrap/options.h"
#include "base/exit_status.h"
#include "log/logger.h"

namespace tubepost::avscan {

// A line a step on stdout; ok only if every step is.
ExitStatus run_selftest(const Options& options, const log::Logger& logger);

}  // namespace tubepost::avscan
