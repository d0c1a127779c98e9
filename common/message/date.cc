#include "message/date.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "message/cfws.h"

namespace tubepost::message {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> day_names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t date_text_max = 1000;

struct NamedZone {
  std::string_view name;
  int hours;
};
// RFC 5322 4.3; any other name, the military ones too, says nothing and counts as -0000.
constexpr NamedZone named_zones[] = {{"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6},
                                     {"MDT", -6}, {"MST", -7}, {"PDT", -7}, {"PST", -8}};

class DateScanner {
public:
  explicit DateScanner(std::string_view text) : text_(text) {}

  void skip_blanks() { skip_cfws(text_); }
  bool take(char c) {
    skip_blanks();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view take_word() {
    skip_blanks();
    return take_while([](char c) { return is_alpha(c); });
  }
  // A number of `least` to `most` digits; its digits are counted in `digits`.
  std::optional<int> take_number(std::size_t least, std::size_t most) {
    skip_blanks();
    const auto digits = take_while([](char c) { return is_digit(c); });
    digits_ = digits.size();
    if (digits.size() < least || digits.size() > most) return std::nullopt;
    return parse_number<int>(digits);
  }
  std::size_t digits() const { return digits_; }  // of the last number

private:
  template <class Predicate>
  std::string_view take_while(Predicate wanted) {
    std::size_t length = 0;
    while (length < text_.size() && wanted(text_[length])) ++length;
    const auto taken = text_.substr(0, length);
    text_.remove_prefix(length);
    return taken;
  }
  std::string_view text_;
  std::size_t digits_ = 0;
};

std::optional<unsigned> month_of(std::string_view word) {
  for (unsigned i = 0; i < month_names.size(); ++i)
    if (word.size() >= 3 && equal_ignoring_case(word.substr(0, 3), month_names[i])) return i + 1;
  return std::nullopt;
}

// RFC 5322 4.3: two digits are 2000-2049 and 1950-1999, three count from 1900.
int full_year(int number, std::size_t digits) {
  if (digits == 3 || (digits == 2 && number >= 50)) return number + 1900;
  return digits == 2 ? number + 2000 : number;
}

std::optional<year_month_day> take_day(DateScanner& scanner) {
  if (!scanner.take_word().empty()) scanner.take(',');  // the day of the week
  const auto number = scanner.take_number(1, 2);
  scanner.take('-');
  const auto named_month = month_of(scanner.take_word());
  scanner.take('-');
  const auto number_of_year = scanner.take_number(2, 4);
  if (!number || !named_month || !number_of_year) return std::nullopt;
  const year_month_day date(year(full_year(*number_of_year, scanner.digits())), month(*named_month),
                            day(static_cast<unsigned>(*number)));
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::optional<seconds> take_time_of_day(DateScanner& scanner) {
  const auto hour = scanner.take_number(1, 2);
  if (!hour || !scanner.take(':')) return std::nullopt;
  const auto minute = scanner.take_number(1, 2);
  const auto second = scanner.take(':') ? scanner.take_number(1, 2) : std::optional(0);
  // RFC 5322 3.3: 60 is a leap second.
  if (!minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return hours(*hour) + minutes(*minute) + seconds(*second);
}

std::optional<minutes> take_zone(DateScanner& scanner) {
  const bool east = scanner.take('+');
  if (east || scanner.take('-')) {
    const auto number = scanner.take_number(4, 4);
    if (!number || *number % 100 > 59 || *number / 100 > 23) return std::nullopt;
    const auto offset = hours(*number / 100) + minutes(*number % 100);
    return east ? offset : -offset;
  }
  const auto name = scanner.take_word();
  for (const auto& zone : named_zones)
    if (equal_ignoring_case(name, zone.name)) return hours(zone.hours);
  return minutes(0);
}

std::string two_digits(long number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

}  // namespace

std::string format_date(Timestamp time) {
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(floor<seconds>(time - midnight));
  std::string out(day_names[weekday(midnight).c_encoding()]);
  out.append(", ").append(std::to_string(static_cast<unsigned>(date.day()))).append(" ");
  out.append(month_names[static_cast<unsigned>(date.month()) - 1]).append(" ");
  out.append(std::to_string(static_cast<int>(date.year()))).append(" ");
  out.append(two_digits(clock.hours().count()))
      .append(":")
      .append(two_digits(clock.minutes().count()))
      .append(":");
  return out.append(two_digits(clock.seconds().count())).append(" +0000");
}

std::optional<Date> parse_date(std::string_view text) {
  DateScanner scanner(text.substr(0, date_text_max));
  const auto date = take_day(scanner);
  if (!date) return std::nullopt;
  const auto time_of_day = take_time_of_day(scanner);
  if (!time_of_day) return std::nullopt;
  const auto zone = take_zone(scanner);
  if (!zone) return std::nullopt;
  return Date{sys_days(*date) + *time_of_day - *zone, *zone};
}

}  // namespace tubepost::message
