// One rule for the values of each kind, whatever source they come from.
#include <arpa/inet.h>

#include <cstring>

#include "base/text.h"
#include "config/settings.h"

namespace tubepost::config {
namespace {

std::string in_range(const Setting& setting, std::string_view unit) {
  std::string text = "needs at least " + std::to_string(setting.least) + std::string(unit);
  if (setting.most != UINT64_MAX) text += " and at most " + std::to_string(setting.most) + std::string(unit);
  return text;
}

std::optional<std::string> out_of_range(const Setting& setting, std::uint64_t value, std::string_view unit) {
  if (value >= setting.least && value <= setting.most) return std::nullopt;
  return in_range(setting, unit);
}

std::optional<std::string> wrong_duration(const Setting& setting, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration || duration->count() < 0) return "needs a time: a number and s, m, h or d";
  return out_of_range(setting, static_cast<std::uint64_t>(duration->count()), " seconds");
}

std::optional<std::string> wrong_choice(const Setting& setting, std::string_view text) {
  for (const auto choice : split(setting.choices, '/')) {
    if (text == choice && !choice.ends_with(":FILE")) return std::nullopt;
    const auto prefix = choice.substr(0, choice.find(':') + 1);  // "fixed:" of "fixed:FILE"
    if (!prefix.empty() && text.starts_with(prefix) && text.size() > prefix.size()) return std::nullopt;
  }
  std::string all(setting.choices);
  for (std::size_t i = 0; (i = all.find('/', i)) != std::string::npos;) all.replace(i, 1, ", ");
  return "needs one of " + all;
}

// "ADDR", "ADDR:PORT", "[V6]:PORT", "HOST:PORT", "unix:PATH". Whether a host exists is found out when it is
// resolved.
bool is_listen_address(std::string_view text) {
  if (text.starts_with("unix:")) return text.size() > 5;
  in6_addr v6{};
  if (text.empty() || inet_pton(AF_INET6, std::string(text).c_str(), &v6) == 1) return !text.empty();
  const auto colon = text.rfind(':');
  const bool only_bracket = text.ends_with(']');
  if (colon != std::string_view::npos && !only_bracket &&
      !parse_number<std::uint16_t>(text.substr(colon + 1)))
    return false;
  auto host = only_bracket ? text : text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return false;
    host = host.substr(1, host.size() - 2);
    return inet_pton(AF_INET6, std::string(host).c_str(), &v6) == 1;
  }
  return !host.empty() && host.find_first_of(":/ \t") == std::string_view::npos;
}

// An address as bytes that compare as numbers do: the family, then 4 or 16 bytes. Empty: it is none.
std::string address_bytes(std::string_view text) {
  char bytes[16];
  const std::string terminated(text);
  if (inet_pton(AF_INET, terminated.c_str(), bytes) == 1) return '4' + std::string(bytes, 4);
  if (inet_pton(AF_INET6, terminated.c_str(), bytes) == 1) return '6' + std::string(bytes, 16);
  return {};
}

bool is_range(std::string_view text) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto address = address_bytes(text.substr(0, slash));
    const auto bits = parse_number<unsigned>(text.substr(slash + 1));
    return !address.empty() && bits && *bits <= (address[0] == '4' ? 32U : 128U);
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    const auto first = address_bytes(trim(text.substr(0, dash))),
               last = address_bytes(trim(text.substr(dash + 1)));
    return !first.empty() && first.size() == last.size() && first <= last;
  }
  return !address_bytes(text).empty();
}

template <class Check>
std::optional<std::string> each(const std::vector<std::string_view>& pieces, Check check) {
  for (const auto piece : pieces)
    if (auto wrong = check(trim(piece))) return "'" + printable(trim(piece), 80) + "' " + *wrong;
  return std::nullopt;
}

std::optional<std::string> unless(bool right, const char* wrong) {
  if (right) return std::nullopt;
  return wrong;
}

std::optional<std::string> wrong_list(const Setting& setting, std::string_view text) {
  switch (setting.kind) {
    case Kind::words:
      if (setting.choices.empty()) return std::nullopt;
      return each(split_words(text), [&](auto word) { return wrong_choice(setting, word); });
    case Kind::durations:
      return each(split_words(text), [&](auto word) { return wrong_duration(setting, word); });
    case Kind::addresses:
      return each(split(text, ','), [](auto piece) {
        return unless(is_listen_address(piece), "is no ADDR[:PORT], HOST[:PORT] or unix:PATH");
      });
    default:
      return each(split(text, ','), [](auto piece) {
        return unless(is_range(piece), "is no address, CIDR range or first-last");
      });
  }
}

std::optional<std::string> wrong_scalar(const Setting& setting, std::string_view text) {
  switch (setting.kind) {
    case Kind::number: {
      const auto number = parse_number<std::uint64_t>(text);
      if (!number) return "needs a number";
      return out_of_range(setting, *number, "");
    }
    case Kind::size: {
      const auto size = parse_size(text);
      if (!size) return "needs a size: a number and K, M or G";
      return out_of_range(setting, *size, " bytes");
    }
    case Kind::duration:
      return wrong_duration(setting, text);
    case Kind::percentage: {
      const auto number = parse_number<unsigned>(text.substr(0, text.find('%')));
      return unless(text.ends_with('%') && number && *number < 100, "needs a percentage from 0% to 99%");
    }
    case Kind::boolean:
      return unless(text == "yes" || text == "no", "needs yes or no");
    case Kind::choice:
      return wrong_choice(setting, text);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> wrong_with(const Setting& setting, std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      return "has a control character in it";
  const bool may_be_empty = setting.fallback.empty() || setting.repeatable || setting.kind == Kind::text ||
                            setting.kind == Kind::command ||  // none
                            (setting.kind == Kind::words && setting.choices.empty());
  if (trim(text).empty()) return unless(may_be_empty, "needs a value");
  switch (setting.kind) {
    case Kind::words:
    case Kind::durations:
    case Kind::addresses:
    case Kind::ranges:
      return wrong_list(setting, text);
    case Kind::command:
      return unless(split_command(text).has_value(), "has a quotation mark that is never closed");
    default:
      return wrong_scalar(setting, text);
  }
}

}  // namespace tubepost::config
