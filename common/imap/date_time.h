// Dates as IMAP writes them: "17-Jul-1996 02:44:25 -0700" (RFC 9051 9 date-time) and 1-Feb-1994 (date).
// Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "imap/scanner.h"

namespace tubepost::imap {

std::optional<Timestamp> parse_date_time(std::string_view text);  // without its quotes
void append_date_time(std::string& out, Timestamp time);          // with its quotes, in UTC

// The day itself, without a zone (RFC 9051 6.4.4: time and zone are disregarded).
std::chrono::sys_days expect_date(Scanner& scanner);

}  // namespace tubepost::imap
