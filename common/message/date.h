// Dates as messages have them (RFC 5322 3.3): written in UTC, read as liberally as mail needs (4.3: two-digit
// years, zones by name, comments and blanks anywhere, no seconds). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tubepost::message {

struct Date {
  Timestamp time;                // UTC
  std::chrono::minutes zone{0};  // east of UTC, as it was written
  friend bool operator==(const Date&, const Date&) = default;
};

std::string format_date(Timestamp time);  // "Sat, 21 Nov 2026 02:08:17 +0000"
// nullopt: no date, a day that the calendar has not, or a zone of a day or more. A wrong day of the week does
// not matter.
std::optional<Date> parse_date(std::string_view text);

}  // namespace tubepost::message
