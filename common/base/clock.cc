#include "base/clock.h"

#include <ctime>

#include "base/text.h"

namespace tubepost {
namespace {

Milliseconds read_clock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return Milliseconds(std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

}  // namespace

Timestamp SystemClock::now() const { return Timestamp(read_clock(CLOCK_REALTIME)); }
Milliseconds SystemClock::since_boot() const { return read_clock(CLOCK_BOOTTIME); }

std::string to_rfc3339(Timestamp time) {
  const auto ms = time.time_since_epoch().count();
  const std::time_t seconds = ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  const auto rest = static_cast<int>(ms - seconds * 1000);
  std::string out(text, length);
  out += '.';
  out += static_cast<char>('0' + rest / 100);
  out += static_cast<char>('0' + rest / 10 % 10);
  out += static_cast<char>('0' + rest % 10);
  return out + 'Z';
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  // RFC 3339 5.6 date-time; the fraction may have one to nine digits, of which three are kept.
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto field = [&](std::size_t at, std::size_t n) {
    return parse_number<unsigned>(text.substr(at, n));
  };
  const auto year = field(0, 4), month = field(5, 2), day = field(8, 2), hour = field(11, 2),
             minute = field(14, 2), second = field(17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  auto rest = text.substr(19);
  int millis = 0;
  if (!rest.empty() && rest[0] == '.') {
    std::size_t digits = 1;
    for (int scale = 100; digits < rest.size() && is_digit(rest[digits]); ++digits, scale /= 10)
      millis += (rest[digits] - '0') * scale;
    if (digits == 1 || digits > 10) return std::nullopt;
    rest.remove_prefix(digits);
  }
  std::chrono::minutes offset{0};
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    const auto hours = parse_number<unsigned>(rest.substr(1, 2)),
               minutes = parse_number<unsigned>(rest.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = std::chrono::minutes(*hours * 60 + *minutes) * (rest[0] == '-' ? -1 : 1);
  } else if (rest != "Z" && rest != "z") {
    return std::nullopt;
  }
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + Milliseconds(millis) - offset;
}

}  // namespace tubepost
