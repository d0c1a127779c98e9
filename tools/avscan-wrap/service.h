// avscan-wrap --listen: the same filter for many messages, each on a connection of its own (policy
// filter_service.h), with clamd as the scanner. A thread a connection; they share nothing but the options.
#pragma once

#include "avscan-wrap/options.h"
#include "base/exit_status.h"
#include "log/logger.h"

namespace tubepost::avscan {

inline constexpr std::size_t connections_max = 200;

ExitStatus serve(const Options& options, const log::Logger& logger);

}  // namespace tubepost::avscan
