#include "imap/message_url.h"

#include "base/text.h"

namespace tubepost::imap {
namespace {

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// Where ";KEY=" stands, in any letters.
std::size_t find_key(std::string_view text, std::string_view key) {
  for (std::size_t i = 0; i + key.size() <= text.size(); ++i)
    if (equal_ignoring_case(text.substr(i, key.size()), key)) return i;
  return text.npos;
}

bool take_key(std::string_view& text, std::string_view key) {
  if (find_key(text.substr(0, key.size()), key) != 0) return false;
  text.remove_prefix(key.size());
  return true;
}

bool read_mailbox(std::string_view text, MessageUrl& url) {
  constexpr std::string_view key = ";UIDVALIDITY=";
  const auto at = find_key(text, key);
  if (at != text.npos) {
    url.uid_validity = parse_number<std::uint32_t>(text.substr(at + key.size()));
    if (!url.uid_validity) return false;
  }
  auto name = percent_decoded(text.substr(0, at));
  if (name) url.mailbox = std::move(*name);
  return name.has_value();
}

// "offset" or "offset.length".
bool read_partial(std::string_view text, MessageUrl& url) {
  const auto dot = text.find('.');
  const auto offset = parse_number<std::uint64_t>(text.substr(0, dot));
  const auto length = dot == text.npos ? std::optional<std::uint64_t>(UINT64_MAX)
                                       : parse_number<std::uint64_t>(text.substr(dot + 1));
  if (!offset || !length) return false;
  url.section.partial = FetchSection::Partial{*offset, *length};
  return true;
}

bool read_section(std::string_view text, MessageUrl& url) {
  const auto name = percent_decoded(text);
  if (!name) return false;
  const auto item = "BODY.PEEK[" + *name + "]";
  Scanner scanner(item);
  auto items = expect_fetch_items(scanner);
  scanner.expect_end();
  if (scanner.failed() || items.sections.size() != 1 || items.attributes != 0) return false;
  url.section.name = std::move(items.sections[0].name);
  return true;
}

}  // namespace

std::optional<MessageUrl> parse_message_url(std::string_view text) {
  constexpr std::string_view uid_key = ";UID=";
  MessageUrl url;
  if (text.size() > message_url_max) return std::nullopt;
  if (find_key(text.substr(0, uid_key.size()), uid_key) != 0) {
    const auto at = find_key(text, "/;UID=");
    if (!text.starts_with('/') || text.starts_with("//") || at == text.npos) return std::nullopt;
    if (at > 0 && !read_mailbox(text.substr(1, at - 1), url)) return std::nullopt;
    text.remove_prefix(at + 1);
  }
  if (!take_key(text, uid_key)) return std::nullopt;
  const auto pieces = split(text, '/');
  const auto uid = parse_number<std::uint32_t>(pieces[0]);
  if (!uid || *uid == 0) return std::nullopt;
  url.uid = *uid;
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    auto piece = pieces[i];
    if (take_key(piece, ";SECTION=") ? !read_section(piece, url)
                                     : !take_key(piece, ";PARTIAL=") || !read_partial(piece, url))
      return std::nullopt;
  }
  return url;
}

}  // namespace tubepost::imap
