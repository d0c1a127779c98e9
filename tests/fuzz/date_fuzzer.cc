// A date that was read is written and read as the same moment.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "message/date.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tubepost;
  const auto date = message::parse_date({reinterpret_cast<const char*>(data), size});
  if (!date) return 0;
  if (date->zone <= -std::chrono::hours(24) || date->zone >= std::chrono::hours(24)) std::abort();
  const auto text = message::format_date(date->time);
  const auto again = message::parse_date(text);
  // Years before 1000 are written with fewer digits than four; no mail is that old.
  if (date->time >= Timestamp(std::chrono::sys_days(std::chrono::year(1000) / 1 / 2)) &&
      (!again || again->time != date->time)) {
    // The year 10000 is reached from 9999 by a zone, and has five digits.
    if (date->time < Timestamp(std::chrono::sys_days(std::chrono::year(10000) / 1 / 1))) std::abort();
  }
  return 0;
}
