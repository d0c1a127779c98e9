// The service's side of Postfix's policy delegation (policy_record.h): request after request, an answer each. It ends when the other
// side closes, is silent for half an hour, or says what is no request, which is logged. Threading: the caller's.
#pragma once

#include <functional>
#include <string>

#include "base/exit_status.h"
#include "log/logger.h"
#include "net/stream.h"
#include "policy/policy_record.h"

namespace tubepost::policy {

// The action: "dunno", "451 4.7.1 …".
using Decide = std::function<std::string(const Record& request)>;

// data: the other side has said what is no request; else ok.
ExitStatus serve_requests(net::Stream& stream, const Decide& decide, const log::Logger& logger);

}  // namespace tubepost::policy
