// From the debt of a finished round to the DSN that pays it (RFC 3461 5.2, 6): failures, delays and successes that
// the sender wanted to hear of, in one. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spool/spool.h"

namespace tubepost::qrun {

// RFC 3461 4.1: without NOTIFY failures and delays are reported; NEVER, or a list without the word, says not to.
bool wants_notice(std::string_view notify, spool::Owed kind);

// nullopt: nobody is to be told (the null sender, RFC 5321 4.5.5; NOTIFY). `body` may be empty: it is gone.
// The id follows from the debt, so that a run repeated after a crash inserts the same DSN once.
std::optional<spool::Generated> make_bounce(const spool::Debt& debt, std::string_view body,
                                            const std::string& hostname, Timestamp now,
                                            std::chrono::seconds expire = {});  // for Will-Retry-Until

}  // namespace tubepost::qrun
