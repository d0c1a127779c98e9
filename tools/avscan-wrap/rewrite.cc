#include "avscan-wrap/rewrite.h"

#include "base/text.h"
#include "message/header.h"
#include "message/transfer_encoding.h"

namespace tubepost::avscan {
namespace {

constexpr std::size_t field_value_max = 900;  // RFC 5322 2.1.1: a line of 998

std::string_view line_end_of(std::string_view text) {
  const auto lf = text.find('\n');
  return lf != text.npos && (lf == 0 || text[lf - 1] != '\r') ? "\n" : "\r\n";
}

std::string with_line_ends(std::string_view crlf_text, std::string_view line_end) {
  if (line_end == "\r\n") return std::string(crlf_text);
  std::string text;
  for (const char c : crlf_text)
    if (c != '\r') text += c;
  return text;
}

bool starts_content_field(const message::Field& field) {
  return starts_with_ignoring_case(field.name, "Content-");
}

// The header without its empty line and without the fields that `drop` holds for.
template <class Drop>
std::string filtered_header(std::string_view header, std::string_view line_end, Drop drop) {
  std::string kept;
  message::HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (drop(*field)) continue;
    kept += field->whole;
    if (!field->whole.ends_with('\n')) kept += line_end;
  }
  return kept;
}

class Rewriter {
public:
  Rewriter(std::string_view text, const Inspection& found, Replace how)
      : text_(text), found_(found), how_(how), line_end_(line_end_of(text)) {}

  std::string run() {
    std::size_t at = 0;
    std::string result;
    for (const InfectedPart& infected : found_.infected) {
      const auto& part = found_.parts[infected.index];
      result += text_.substr(at, part.header_begin - at);
      result += replacement(part, infected);
      at = part.body_end;
    }
    return result += text_.substr(at);
  }

private:
  std::string replacement(const message::MimePart& part, const InfectedPart& infected) const {
    const bool repairs = how_ == Replace::repair && infected.repaired;
    std::string text = repairs ? repaired(part, *infected.repaired) : removed(part, infected);
    // The line end before a boundary belongs to the boundary; that of a message's last line to the message.
    const bool ends_the_text = part.body_end == text_.size();
    if (!ends_the_text && text.ends_with(line_end_)) text.resize(text.size() - line_end_.size());
    return text;
  }

  std::string repaired(const message::MimePart& part, std::string_view bytes) const {
    std::string text = filtered_header(part.header(text_), line_end_, [](const message::Field& field) {
      return field.is("Content-Transfer-Encoding") || field.is("Content-MD5") || field.is("Content-Length");
    });
    text += "Content-Transfer-Encoding: base64" + line_end_ + line_end_;
    return text += with_line_ends(message::encode_base64_lines(bytes), line_end_);
  }

  // A message, whole or embedded, keeps who it is from and what it is about.
  std::string removed(const message::MimePart& part, const InfectedPart& infected) const {
    std::string text;
    if (part.is_message()) text = filtered_header(part.header(text_), line_end_, starts_content_field);
    text += "Content-Type: text/plain; charset=us-ascii" + line_end_ + line_end_;
    text += "The virus scanner has removed what was here: " + infected.name + line_end_;
    if (!infected.virus.empty()) text += "It holds a virus: " + infected.virus + line_end_;
    return text;
  }

  std::string_view text_;
  const Inspection& found_;
  Replace how_;
  std::string line_end_;
};

}  // namespace

std::string replace_parts(std::string_view text, const Inspection& found, Replace how) {
  return Rewriter(text, found, how).run();
}

std::string with_field(std::string_view text, std::string_view value) {
  std::string field(field_name);
  field += ": " + printable(value, field_value_max);
  field += line_end_of(text);
  return field += text;
}

std::string describe(const Inspection& found, Replace how) {
  std::string value;
  for (const InfectedPart& infected : found.infected) {
    const bool repairs = how == Replace::repair && infected.repaired;
    value += (value.empty() ? "" : "; ") + std::string(repairs ? "repaired " : "removed ") + infected.name;
    if (!infected.virus.empty()) value += " (" + infected.virus + ')';
  }
  return value;
}

}  // namespace tubepost::avscan
