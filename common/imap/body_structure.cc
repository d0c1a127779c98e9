#include "imap/body_structure.h"

#include <algorithm>

#include "base/text.h"
#include "imap/envelope.h"
#include "imap/writer.h"
#include "message/cfws.h"
#include "message/header.h"
#include "message/parameters.h"

namespace tubepost::imap {
namespace {

using message::MimePart;
using message::Opened;

constexpr std::size_t value_max = 16 << 10;  // of a description, an id …

// RFC 9051 9: a literal has no NUL.
void append_clean(std::string& out, std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return append_string(out, text);
  std::string clean(text);
  std::erase(clean, '\0');
  append_string(out, clean);
}

void append_value(std::string& out, std::string_view raw) {
  if (raw.empty()) {
    out += "NIL";
    return;
  }
  auto value = message::unfold(raw.substr(0, value_max));
  append_clean(out, value);
}

void append_parameters(std::string& out, const std::vector<message::Parameter>& parameters) {
  if (parameters.empty()) {
    out += "NIL";
    return;
  }
  char separator = '(';
  for (const auto& parameter : parameters) {
    out += separator;
    append_clean(out, parameter.name);
    out += ' ';
    append_clean(out, parameter.value);
    separator = ' ';
  }
  out += ')';
}

// The name as it came, but for what is only misspelt; the bytes are to be read as `encoding` says.
std::string encoding_name(const MimePart& part) {
  using message::TransferEncoding;
  if (part.encoding == TransferEncoding::base64) return "base64";
  if (part.encoding == TransferEncoding::quoted_printable) return "quoted-printable";
  auto name = part.encoding_name;
  message::skip_cfws(name);
  name = name.substr(0, std::min(name.find_first_of("; \t\r\n("), value_max));
  if (part.encoding == TransferEncoding::unknown) return std::string(name);
  const bool other = equal_ignoring_case(name, "8bit") || equal_ignoring_case(name, "binary");
  return other ? std::string(name) : "7bit";
}

class StructureWriter {
public:
  StructureWriter(std::string_view text, const std::vector<MimePart>& parts) : text_(text), parts_(parts) {}
  BodyStructure run() {
    append_part(0);
    return std::move(out_);
  }

private:
  void append_part(std::uint32_t index);
  void append_multipart(const MimePart& part);
  void append_leaf(const MimePart& part);
  void append_type(const MimePart& part);
  void append_fields(const MimePart& part);
  void append_language(const MimePart& part);
  void append_disposition(const MimePart& part);
  void append_common_extension(const MimePart& part);
  std::string& out() { return out_.text; }
  // What is written until end_extension() is left out of BODY.
  void begin_extension() { extension_ = out().size(); }
  void end_extension() {
    out_.extensions.push_back(
        {static_cast<std::uint32_t>(extension_), static_cast<std::uint32_t>(out().size() - extension_)});
  }

  std::string_view text_;
  const std::vector<MimePart>& parts_;
  BodyStructure out_;
  std::size_t extension_ = 0;
};

// As deep as mime_depth_max.
void StructureWriter::append_part(std::uint32_t index) {
  const auto& part = parts_[index];
  out() += '(';
  part.opened == Opened::multipart ? append_multipart(part) : append_leaf(part);
  out() += ')';
}

void StructureWriter::append_multipart(const MimePart& part) {
  for (auto child = part.first_child; child != message::no_part; child = parts_[child].next_sibling)
    append_part(child);
  out() += ' ';
  append_clean(out(), part.subtype);
  begin_extension();
  out() += ' ';
  append_parameters(out(), message::parse_parameterized(part.content_type).parameters);
  append_common_extension(part);
  end_extension();
}

void StructureWriter::append_type(const MimePart& part) {
  const bool hidden =
      part.opened == Opened::encoded || part.opened == Opened::too_deep || part.opened == Opened::too_many;
  if (part.opened == Opened::no_parts) {
    out() += "\"text\" \"plain\" NIL";
  } else if (hidden) {
    out() += "\"application\" \"octet-stream\" ";
    append_parameters(out(), message::parse_parameterized(part.content_type).parameters);
  } else if (part.content_type.empty() && part.is_type("text", "plain")) {
    out() += "\"text\" \"plain\" (\"charset\" \"us-ascii\")";  // RFC 2045 5.2
  } else {
    append_clean(out(), part.type);
    out() += ' ';
    append_clean(out(), part.subtype);
    out() += ' ';
    append_parameters(out(), message::parse_parameterized(part.content_type).parameters);
  }
}

void StructureWriter::append_fields(const MimePart& part) {
  out() += ' ';
  append_value(out(), part.id);
  out() += ' ';
  append_value(out(), part.description);
  out() += ' ';
  append_clean(out(), encoding_name(part));
  out() += ' ';
  append_number(out(), part.body_end - part.body_begin);
}

void StructureWriter::append_leaf(const MimePart& part) {
  append_type(part);
  append_fields(part);
  if (part.opened == Opened::message) {
    out() += ' ';
    append_envelope(out(), read_envelope_fields(parts_[part.first_child].header(text_)));
    out() += ' ';
    append_part(part.first_child);
  }
  const bool is_text =
      part.opened == Opened::no_parts || (part.opened == Opened::leaf && part.is_type("text"));
  if (is_text || part.opened == Opened::message) {
    out() += ' ';
    append_number(out(), part.lines);
  }
  begin_extension();
  out() += ' ';
  append_value(out(), part.md5);
  append_common_extension(part);
  end_extension();
}

void StructureWriter::append_common_extension(const MimePart& part) {
  out() += ' ';
  append_disposition(part);
  out() += ' ';
  append_language(part);
  out() += ' ';
  append_value(out(), part.location);
}

void StructureWriter::append_disposition(const MimePart& part) {
  const auto disposition = message::parse_parameterized(part.disposition);
  if (disposition.type.empty()) {
    out() += "NIL";
    return;
  }
  out() += '(';
  append_clean(out(), disposition.type);
  out() += ' ';
  append_parameters(out(), disposition.parameters);
  out() += ')';
}

// RFC 3282 2: one language or several.
void StructureWriter::append_language(const MimePart& part) {
  auto value = message::unfold(part.language.substr(0, value_max));
  std::erase(value, '\0');
  std::string list;
  std::size_t count = 0;
  for (const auto piece : split(value, ',')) {
    const auto language = trim(piece);
    if (language.empty()) continue;
    list += count++ == 0 ? "" : " ";
    append_clean(list, language);
  }
  out() += count == 0 ? "NIL" : count == 1 ? list : "(" + list + ")";
}

}  // namespace

BodyStructure render_body_structure(std::string_view message, const std::vector<message::MimePart>& parts) {
  return StructureWriter(message, parts).run();
}

}  // namespace tubepost::imap
