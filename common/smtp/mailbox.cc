#include "smtp/mailbox.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "dns/name.h"
#include "net/endpoint.h"

namespace tubepost::smtp {
namespace {

// RFC 5322 3.2.3 atext.
constexpr std::array<bool, 256> make_atext() {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c)
    table[static_cast<std::size_t>(c)] = is_alpha(static_cast<char>(c)) || is_digit(static_cast<char>(c));
  for (const char c : std::string_view("!#$%&'*+-/=?^_`{|}~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto atext = make_atext();

bool is_atext(char c, bool allow_utf8) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 ? atext[byte] : allow_utf8;
}

// RFC 5321 4.1.2 Dot-string.
bool is_dot_string(std::string_view text, bool allow_utf8) {
  for (const auto atom : split(text, '.'))
    if (atom.empty() ||
        !std::all_of(atom.begin(), atom.end(), [&](char c) { return is_atext(c, allow_utf8); }))
      return false;
  return true;
}

// RFC 5321 4.1.2 Quoted-string, whose '"' stands at the front; takes it and gives its content.
std::optional<std::string> take_quoted_string(std::string_view& text, bool allow_utf8) {
  std::string content;
  for (std::size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      text.remove_prefix(i + 1);
      return content;
    }
    if (c == '\\') {
      if (++i == text.size()) return std::nullopt;
      c = text[i];
      if (!is_printable_ascii(c)) return std::nullopt;
    } else if (!is_printable_ascii(c) && !(allow_utf8 && static_cast<unsigned char>(c) >= 0x80)) {
      return std::nullopt;
    }
    content += c;
  }
  return std::nullopt;
}

std::optional<std::string> take_local_part(std::string_view& text, bool allow_utf8) {
  if (text.starts_with('"')) return take_quoted_string(text, allow_utf8);
  const auto end = text.find('@');
  const auto local = text.substr(0, end);
  if (!is_dot_string(local, allow_utf8)) return std::nullopt;
  text.remove_prefix(local.size());
  return std::string(local);
}

// RFC 5321 4.1.3. "IPv6" is the only tag that has been registered, so no other is taken; nor are numbers with
// leading zeros, which some read as octal.
std::optional<net::IpAddress> parse_literal(std::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
  auto inside = text.substr(1, text.size() - 2);
  constexpr std::string_view tag = "IPv6:";
  const bool tagged = starts_with_ignoring_case(inside, tag);
  if (tagged) inside.remove_prefix(tag.size());
  if (tagged != (inside.find(':') != std::string_view::npos)) return std::nullopt;
  return net::IpAddress::parse(inside);
}

}  // namespace

bool is_address_literal(std::string_view text) { return parse_literal(text).has_value(); }

bool is_domain(std::string_view text, bool allow_utf8) {
  // The DNS's own limit, 253, is dns::normal_name()'s; one trailing dot is right there and wrong here.
  if (text.size() > domain_max || text.ends_with('.') || (!allow_utf8 && !tubepost::is_ascii(text))) return false;
  return dns::normal_name(text).has_value();
}

std::optional<Mailbox> parse_mailbox(std::string_view text, bool allow_utf8) {
  if (!is_valid_utf8(text)) return std::nullopt;
  auto local = take_local_part(text, allow_utf8);
  // The grammar has `""@domain`; nobody is called so, and an empty name would be a trap for whoever stores
  // addresses.
  if (!local || local->empty() || local->size() > local_part_max) return std::nullopt;
  if (!text.starts_with('@')) return std::nullopt;
  text.remove_prefix(1);
  if (const auto literal = parse_literal(text)) return Mailbox{std::move(*local), literal->to_smtp_literal()};
  if (!is_domain(text, allow_utf8)) return std::nullopt;
  return Mailbox{std::move(*local), to_lower(text)};
}

std::string Mailbox::to_text() const {
  // RFC 5321 4.1.2: the form with the least quoting.
  const auto local = is_dot_string(local_part, true) ? local_part : quoted(local_part);
  return domain.empty() ? local : local + '@' + domain;
}

bool Mailbox::is_ascii() const { return tubepost::is_ascii(local_part) && tubepost::is_ascii(domain); }

}  // namespace tubepost::smtp
