// The trigger port (O9): whoever connects and names a domain on one line makes what waits for it due now. It gives
// nothing away and changes nothing but times, at most once a minute for each domain (Spool::expedite); so anybody
// may ask. Answers are those of ETRN (RFC 1985 5.2). Threading: any thread.
#pragma once

#include "log/logger.h"
#include "net/stream.h"
#include "spool/spool.h"

namespace tubepost::kick {

inline constexpr std::size_t domain_line_max = 300;
inline constexpr std::chrono::seconds patience{10};

void serve_trigger(net::Stream& stream, spool::Spool& spool, const std::string& client,
                   const log::Logger& logger);

}  // namespace tubepost::kick
