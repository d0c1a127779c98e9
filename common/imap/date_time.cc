#include "imap/date_time.h"

#include <array>

#include "base/text.h"

namespace tubepost::imap {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t date_time_size = 26;

std::optional<unsigned> parse_month(std::string_view name) {
  for (unsigned i = 0; i < month_names.size(); ++i)
    if (equal_ignoring_case(name, month_names[i])) return i + 1;
  return std::nullopt;
}

std::optional<sys_days> make_day(std::optional<unsigned> day_of_month, std::optional<unsigned> month_number,
                                 std::optional<int> year_number) {
  if (!day_of_month || !month_number || !year_number) return std::nullopt;
  const year_month_day date{year{*year_number}, month{*month_number}, day{*day_of_month}};
  return date.ok() ? std::optional<sys_days>(sys_days(date)) : std::nullopt;
}

std::optional<minutes> parse_zone(std::string_view text) {
  const auto hour = parse_number<unsigned>(text.substr(1, 2)),
             minute = parse_number<unsigned>(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  const auto offset = hours(*hour) + minutes(*minute);
  if (text[0] == '+') return offset;
  return text[0] == '-' ? std::optional(-offset) : std::nullopt;
}

void append_padded(std::string& out, unsigned number, unsigned width, char pad = '0') {
  const auto digits = std::to_string(number);
  out.append(width > digits.size() ? width - digits.size() : 0, pad);
  out += digits;
}

}  // namespace

// "dd-Mmm-yyyy hh:mm:ss +zzzz", of a fixed size; a day of one digit has a blank before it.
std::optional<Timestamp> parse_date_time(std::string_view text) {
  if (text.size() != date_time_size || text[2] != '-' || text[6] != '-' || text[11] != ' ' ||
      text[14] != ':' || text[17] != ':' || text[20] != ' ')
    return std::nullopt;
  const auto day_text = text[0] == ' ' ? text.substr(1, 1) : text.substr(0, 2);
  const auto date = make_day(parse_number<unsigned>(day_text), parse_month(text.substr(3, 3)),
                             parse_number<int>(text.substr(7, 4)));
  const auto hour = parse_number<unsigned>(text.substr(12, 2)),
             minute = parse_number<unsigned>(text.substr(15, 2)),
             second = parse_number<unsigned>(text.substr(18, 2));
  const auto zone = parse_zone(text.substr(21));
  if (!date || !hour || !minute || !second || !zone || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  return Timestamp(*date + hours(*hour) + minutes(*minute) + seconds(*second) - *zone);
}

void append_date_time(std::string& out, Timestamp time) {
  const auto day_point = floor<days>(time);
  const year_month_day date{day_point};
  const hh_mm_ss clock{floor<seconds>(time - day_point)};
  out += '"';
  append_padded(out, static_cast<unsigned>(date.day()), 2, ' ');
  out += '-';
  out += month_names[static_cast<unsigned>(date.month()) - 1];
  out += '-';
  append_padded(out, static_cast<unsigned>(std::max(0, static_cast<int>(date.year()))), 4);
  out += ' ';
  append_padded(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(clock.seconds().count()), 2);
  out += " +0000\"";
}

sys_days expect_date(Scanner& scanner) {
  const bool quoted = scanner.take('"');
  const auto parts = split(scanner.expect_atom(), '-');
  if (quoted) scanner.expect('"');
  const auto date =
      parts.size() == 3 && parts[0].size() <= 2 && parts[2].size() == 4
          ? make_day(parse_number<unsigned>(parts[0]), parse_month(parts[1]), parse_number<int>(parts[2]))
          : std::nullopt;
  if (!date) scanner.fail("a date expected, like 1-Feb-1994");
  return date.value_or(sys_days{});
}

}  // namespace tubepost::imap
