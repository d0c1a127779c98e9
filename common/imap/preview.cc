#include "imap/preview.h"

#include <algorithm>

#include "base/text.h"
#include "imap/html_entity.h"
#include "imap/structure_cache.h"
#include "message/charset.h"
#include "message/parameters.h"

namespace tubepost::imap {
namespace {

using message::MimePart;

constexpr std::size_t plain_read_max = 2 << 10;  // of the part, as it stands in the message
constexpr std::size_t html_read_max = 64 << 10;  // style sheets come first

bool is_attachment(const MimePart& part) {
  return equal_ignoring_case(message::parse_parameterized(part.disposition).type, "attachment");
}

const MimePart* first_text(const std::vector<MimePart>& parts, std::string_view subtype) {
  for (const auto& part : parts) {
    // A multipart without parts is shown as plain text (body_structure.h).
    const bool plain = part.opened == message::Opened::no_parts && subtype == "plain";
    const bool fits = part.opened == message::Opened::leaf && part.is_type("text", subtype);
    if ((plain || fits) && !is_attachment(part)) return &part;
  }
  return nullptr;
}

std::string decoded(std::string_view message, const MimePart& part, std::size_t read_max) {
  const auto bytes = message::decode_transfer(part.body(message).substr(0, read_max), part.encoding);
  auto text = message::to_utf8(bytes, message::charset_of(part));
  return text ? std::move(*text) : message::guess_utf8(bytes);
}

// Behind the element whose content is not shown: <style>, <script>, <title>, and comments. 0: it is another.
std::size_t end_of_hidden(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at);
  struct Hidden {
    std::string_view begin, end;
  };
  for (const auto& hidden :
       {Hidden{"<!--", "-->"}, Hidden{"<style", "</style"}, Hidden{"<script", "</script"},
        Hidden{"<title", "</title"}, Hidden{"<head", "</head"}}) {
    if (!starts_with_ignoring_case(rest, hidden.begin)) continue;
    for (std::size_t i = hidden.begin.size(); i < rest.size(); ++i)
      if (rest[i] == hidden.end[0] && starts_with_ignoring_case(rest.substr(i), hidden.end))
        return at + i + 1;
    return text.size();
  }
  return 0;
}

std::string without_tags(std::string_view html) {
  std::string out;
  for (std::size_t i = 0; i < html.size();) {
    if (html[i] == '<') {
      const auto hidden = end_of_hidden(html, i);
      const auto end = html.find('>', hidden > 0 ? hidden : i);
      i = end == std::string_view::npos ? html.size() : end + 1;
      out += ' ';
    } else if (const auto entity = html[i] == '&' ? take_html_entity(html.substr(i)) : std::nullopt) {
      out += entity->text;
      i += entity->length;
    } else {
      out += html[i++];
    }
  }
  return out;
}

// One line of valid UTF-8, runs of blanks and controls as one blank, cut between characters.
std::string as_line(std::string_view text) {
  std::string out;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool blank = byte <= 0x20 || byte == 0x7f || text.substr(i).starts_with("\xc2\xa0");
    if (blank) {
      i += byte == 0xc2 ? 1 : 0;
      if (out.empty() || out.back() == ' ') continue;
    }
    if ((byte & 0xc0) != 0x80 && ++characters > preview_max) break;
    out += blank ? ' ' : text[i];
  }
  return std::string(trim(out));
}

}  // namespace

std::string make_preview(std::string_view message, const std::vector<MimePart>& parts) {
  if (const auto* plain = first_text(parts, "plain")) {
    auto line = as_line(decoded(message, *plain, plain_read_max));
    if (!line.empty()) return line;
  }
  if (const auto* html = first_text(parts, "html"))
    return as_line(without_tags(decoded(message, *html, html_read_max)));
  return {};
}

}  // namespace tubepost::imap
