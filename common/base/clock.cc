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

namespace {

char* put_digits(char* to, unsigned value, int digits) {
  for (char* at = to + digits; at-- > to; value /= 10) *at = static_cast<char>('0' + value % 10);
  return to + digits;
}

}  // namespace

// By hand: strftime takes as long as all the rest of a line of mailq.
std::string to_rfc3339(Timestamp time) {
  using namespace std::chrono;
  constexpr sys_days first{year{0} / 1 / 1}, end{year{10000} / 1 / 1};
  if (time < first) time = first;
  if (time >= end) time = end - milliseconds(1);
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto ms = static_cast<unsigned>((time - day).count());
  char text[] = "0000-00-00T00:00:00.000Z";
  put_digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(text + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(text + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(text + 11, ms / 3'600'000, 2);
  put_digits(text + 14, ms / 60'000 % 60, 2);
  put_digits(text + 17, ms / 1000 % 60, 2);
  put_digits(text + 20, ms % 1000, 3);
  return text;
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
