#include "imap/mailbox_name.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "message/charset.h"

namespace tubepost::imap {
namespace {

constexpr std::string_view inbox = "INBOX";
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

bool stands_for_itself(char c) { return c >= 0x20 && c < 0x7f; }

// One character of valid UTF-8 from the front.
char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t character = length == 1 ? lead : lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i)
    character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  text.remove_prefix(length);
  return character;
}

void append_character(std::string& out, char32_t c) {
  const auto byte = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f));
  if (c < 0x10000) return byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
  byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f));
}

class Base64Writer {
public:
  explicit Base64Writer(std::string& out) : out_(out) { out_ += '&'; }
  void unit(std::uint32_t utf16) {
    bits_ = bits_ << 16 | utf16;
    count_ += 16;
    while (count_ >= 6) out_ += alphabet[bits_ >> (count_ -= 6) & 0x3f];
  }
  void character(char32_t c) {
    if (c < 0x10000) return unit(c);
    unit(0xd800 + ((c - 0x10000) >> 10));
    unit(0xdc00 + ((c - 0x10000) & 0x3ff));
  }
  void finish() {
    if (count_ > 0) out_ += alphabet[bits_ << (6 - count_) & 0x3f];
    out_ += '-';
  }

private:
  std::string& out_;
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
};

// What stands between '&' and '-', as UTF-16.
std::optional<std::u16string> decode_base64(std::string_view text) {
  std::u16string units;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 16) continue;
    units += static_cast<char16_t>(bits >> (count -= 16) & 0xffff);
  }
  const bool leftover = count >= 6 || (bits & ((1U << count) - 1)) != 0;
  return leftover || units.empty() ? std::nullopt : std::optional(std::move(units));
}

bool append_utf16(std::string& out, const std::u16string& units) {
  for (std::size_t i = 0; i < units.size(); ++i) {
    char32_t c = units[i];
    if (c >= 0xdc00 && c < 0xe000) return false;
    if (c >= 0xd800 && c < 0xdc00) {
      if (i + 1 == units.size() || units[i + 1] < 0xdc00 || units[i + 1] >= 0xe000) return false;
      c = 0x10000 + ((c - 0xd800) << 10) + (units[++i] - 0xdc00U);
    }
    if (c < 0x80 && stands_for_itself(static_cast<char>(c))) return false;  // RFC 3501 5.1.3: one form only
    append_character(out, c);
  }
  return true;
}

bool is_well_formed(std::string_view name) {
  if (name.empty() || name.size() > mailbox_name_max || !is_valid_utf8(name)) return false;
  if (std::any_of(name.begin(), name.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
    return false;
  const auto levels = split(name, hierarchy_delimiter);
  return levels.size() <= mailbox_levels_max &&
         std::none_of(levels.begin(), levels.end(), [](std::string_view level) { return level.empty(); });
}

// INBOX, and INBOX/ at the front of a longer name, in any letters.
std::string with_inbox(std::string_view name) {
  std::string result(name);
  const bool is_inbox = starts_with_ignoring_case(name, inbox) &&
                        (name.size() == inbox.size() || name[inbox.size()] == hierarchy_delimiter);
  if (is_inbox) result.replace(0, inbox.size(), inbox);
  return result;
}

}  // namespace

std::string encode_utf7(std::string_view utf8) {
  std::string out;
  while (!utf8.empty()) {
    if (stands_for_itself(utf8.front())) {
      out += utf8.front();
      if (utf8.front() == '&') out += '-';
      utf8.remove_prefix(1);
      continue;
    }
    Base64Writer writer(out);
    while (!utf8.empty() && !stands_for_itself(utf8.front())) writer.character(take_character(utf8));
    writer.finish();
  }
  return out;
}

std::optional<std::string> decode_utf7(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!stands_for_itself(text[i])) return std::nullopt;
    if (text[i] != '&') {
      out += text[i];
      continue;
    }
    const auto end = text.find('-', i + 1);
    if (end == std::string_view::npos) return std::nullopt;
    if (end == i + 1) {
      out += '&';
    } else {
      const auto units = decode_base64(text.substr(i + 1, end - i - 1));
      if (!units || !append_utf16(out, *units)) return std::nullopt;
    }
    i = end;
  }
  return out;
}

std::optional<std::string> parse_mailbox_name(std::string_view text, bool utf8) {
  std::string name;
  const bool ascii = std::all_of(text.begin(), text.end(), stands_for_itself);
  if (!utf8 && ascii) {
    auto decoded = decode_utf7(text);
    if (!decoded) return std::nullopt;
    name = std::move(*decoded);
  } else {
    name = text;  // RFC 9051 A.1: names in plain UTF-8 do no harm where they are not asked for
  }
  if (!name.empty() && name.back() == hierarchy_delimiter) name.pop_back();
  if (!is_valid_utf8(name)) return std::nullopt;
  name = message::to_nfc(name);
  if (!is_well_formed(name)) return std::nullopt;
  return with_inbox(name);
}

std::string_view parent_of(std::string_view name) {
  const auto at = name.rfind(hierarchy_delimiter);
  return at == std::string_view::npos ? std::string_view() : name.substr(0, at);
}

Pattern::Pattern(std::string_view pattern) {
  for (const char c : with_inbox(message::to_nfc(pattern).substr(0, pattern_max))) {
    const char before = pattern_.empty() ? '\0' : pattern_.back();
    if (c == '%' && (before == '%' || before == '*')) continue;
    if (c == '*' && before == '*') continue;
    if (c == '*' && before == '%') pattern_.pop_back();
    pattern_ += c;
  }
}

// All places of the pattern that may be reached are held at once: no backtracking.
bool Pattern::matches(std::string_view name) const {
  if (pattern_ == "*") return true;
  if (pattern_ == "%") return name.find(hierarchy_delimiter) == std::string_view::npos;
  std::vector<char> here(pattern_.size() + 1), next(pattern_.size() + 1);
  const auto is_wildcard = [&](std::size_t at) {
    return at < pattern_.size() && (pattern_[at] == '*' || pattern_[at] == '%');
  };
  const auto reach = [&](std::vector<char>& places, std::size_t at) {
    places[at] = 1;
    if (is_wildcard(at)) places[at + 1] = 1;  // it may stand for nothing; no other wildcard follows
  };
  reach(here, 0);
  for (const char c : name) {
    std::fill(next.begin(), next.end(), char{0});
    for (std::size_t at = 0; at < pattern_.size(); ++at) {
      if (!here[at]) continue;
      if (pattern_[at] == '*' || (pattern_[at] == '%' && c != hierarchy_delimiter)) reach(next, at);
      if (!is_wildcard(at) && pattern_[at] == c) reach(next, at + 1);
    }
    here.swap(next);
  }
  return here[pattern_.size()] != 0;
}

}  // namespace tubepost::imap
