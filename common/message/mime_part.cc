#include "message/mime_part.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "message/header.h"
#include "message/parameters.h"

namespace tubepost::message {
namespace {


bool is_embedded_message(const MimePart& part) {
  return part.is_type("message", "rfc822") || part.is_type("message", "global");
}

// Fields of a part's header, the first of each.
void read_fields(MimePart& part, std::string_view header) {
  struct Slot {
    std::string_view name;
    std::string_view MimePart::*value;
  };
  constexpr Slot slots[] = {{"Content-Type", &MimePart::content_type},
                            {"Content-Disposition", &MimePart::disposition},
                            {"Content-Transfer-Encoding", &MimePart::encoding_name},
                            {"Content-ID", &MimePart::id},
                            {"Content-Description", &MimePart::description},
                            {"Content-Language", &MimePart::language},
                            {"Content-Location", &MimePart::location},
                            {"Content-MD5", &MimePart::md5}};
  HeaderReader reader(header);
  while (const auto field = reader.next()) {
    if (!starts_with_ignoring_case(field->name, "Content-")) continue;
    for (const auto& slot : slots)
      if (field->is(slot.name) && (part.*slot.value).empty()) part.*slot.value = field->value;
  }
}

// One pass, line by line. `open_` holds the parts that have not ended yet, outermost first.
class MimeReader {
public:
  explicit MimeReader(std::string_view text) : text_(text) {}
  std::vector<MimePart> run();
  std::uint64_t examined() const { return examined_; }

private:
  struct OpenPart {
    std::uint32_t index;
    std::string boundary;  // "--…"; empty: none, or it was closed
    std::uint32_t last_child = no_part;
    std::uint32_t lines_before = 0;
  };
  struct Delimiter {
    std::size_t depth;  // in open_
    bool closes;
  };

  std::size_t line_end(std::size_t at);
  std::optional<Delimiter> delimiter_of(std::string_view line);
  void take_line(std::string_view line);
  void take_delimiter(const Delimiter& delimiter, std::size_t line_begin);
  void add_part(std::uint32_t number, std::size_t begin);
  void end_header(std::size_t body_begin);
  void set_type(MimePart& part, const ParameterizedValue& content_type) const;
  void open_multipart(const std::string* boundary);
  void open_message();
  void close_above(std::size_t depth, std::size_t end);
  void take_rest(std::uint32_t number);
  MimePart& innermost() { return parts_[open_.back().index]; }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<MimePart> parts_;
  std::vector<OpenPart> open_;
  bool in_header_ = false;
  bool full_ = false;        // the last part that may be read has taken the rest
  std::uint32_t lines_ = 0;  // line ends before at_
  std::uint32_t lines_before_delimiter_ = 0;
  std::uint64_t examined_ = 0;
};

std::vector<MimePart> MimeReader::run() {
  add_part(0, 0);
  while (at_ < text_.size() && !full_) {
    const auto begin = at_;
    at_ = line_end(at_);
    const auto line = text_.substr(begin, at_ - begin);
    take_line(line);
  }
  while (in_header_) end_header(text_.size());
  lines_before_delimiter_ = lines_;
  close_above(0, text_.size());
  return std::move(parts_);
}

std::size_t MimeReader::line_end(std::size_t at) {
  const auto lf = text_.find('\n', at);
  const auto end = lf == npos ? text_.size() : lf + 1;
  examined_ += end - at;
  return end;
}

void MimeReader::take_line(std::string_view line) {
  if (line.starts_with("--")) {
    if (const auto delimiter = delimiter_of(line)) {
      lines_before_delimiter_ = lines_;
      lines_ += line.ends_with('\n') ? 1 : 0;
      return take_delimiter(*delimiter, at_ - line.size());
    }
  }
  lines_ += line.ends_with('\n') ? 1 : 0;
  if (in_header_ && (line == "\r\n" || line == "\n")) end_header(at_);
}

// RFC 2046 5.1.1: it suffices that the line begins with the boundary. A line that is one exactly is meant first.
std::optional<MimeReader::Delimiter> MimeReader::delimiter_of(std::string_view line) {
  const auto whole = trim(line);
  std::optional<Delimiter> best;
  std::size_t best_length = 0;
  for (std::size_t depth = open_.size(); depth-- > 0;) {
    const auto& boundary = open_[depth].boundary;
    examined_ += std::min(boundary.size(), line.size());
    if (boundary.empty() || !line.starts_with(boundary)) continue;
    const auto rest = whole.size() > boundary.size() ? whole.substr(boundary.size()) : std::string_view();
    const Delimiter found{depth, rest.starts_with("--")};
    if (rest.empty() || rest == "--") return found;
    if (boundary.size() > best_length) {
      best = found;
      best_length = boundary.size();
    }
  }
  return best;
}

void MimeReader::take_delimiter(const Delimiter& delimiter, std::size_t line_begin) {
  std::size_t end = line_begin;
  if (end > 0) end -= end > 1 && text_[end - 2] == '\r' ? 2 : 1;
  // A header that has not ended by now; also of a message that was to begin here.
  while (in_header_) end_header(std::max(end, innermost().header_begin));
  close_above(delimiter.depth + 1, end);
  auto& multipart = open_[delimiter.depth];
  if (delimiter.closes) return multipart.boundary.clear();
  const auto number = multipart.last_child == no_part ? 1 : parts_[multipart.last_child].number + 1;
  if (parts_.size() + 1 >= mime_parts_max) return take_rest(number);
  add_part(number, at_);
}

// Begins a part, a child of the innermost open one.
void MimeReader::add_part(std::uint32_t number, std::size_t begin) {
  MimePart part;
  part.header_begin = part.body_begin = part.body_end = begin;
  part.number = number;
  const auto index = static_cast<std::uint32_t>(parts_.size());
  if (!open_.empty()) {
    auto& parent = open_.back();
    part.parent = parent.index;
    part.depth = static_cast<std::uint16_t>(parts_[parent.index].depth + 1);
    (parent.last_child == no_part ? parts_[parent.index].first_child
                                  : parts_[parent.last_child].next_sibling) = index;
    parent.last_child = index;
  }
  parts_.push_back(part);
  open_.push_back({index, {}, no_part, lines_});
  in_header_ = true;
}

// The header of the innermost part has ended, and its body begins.
void MimeReader::end_header(std::size_t body_begin) {
  auto& part = innermost();
  part.body_begin = body_begin;
  open_.back().lines_before = lines_;
  in_header_ = false;
  const auto header = text_.substr(part.header_begin, body_begin - part.header_begin);
  examined_ += 3 * header.size();
  read_fields(part, header);
  part.encoding = parse_transfer_encoding(part.encoding_name);
  const auto content_type = parse_parameterized(part.content_type);
  set_type(part, content_type);
  if (part.is_type("multipart"))
    open_multipart(find_parameter(content_type.parameters, "boundary"));
  else if (is_embedded_message(part))
    open_message();
}

void MimeReader::set_type(MimePart& part, const ParameterizedValue& content_type) const {
  if (!content_type.type.empty() && !content_type.subtype.empty()) {
    part.type = content_type.type;
    part.subtype = content_type.subtype;
  } else if (part.parent != no_part && parts_[part.parent].is_type("multipart", "digest")) {
    part.type = "message";
    part.subtype = "rfc822";
  }
}

void MimeReader::open_multipart(const std::string* boundary) {
  auto& part = innermost();
  part.opened = part.depth >= mime_depth_max ? Opened::too_deep : Opened::no_parts;  // until one is found
  if (part.opened == Opened::too_deep || boundary == nullptr || boundary->empty()) return;
  open_.back().boundary = "--" + std::string(trim(*boundary));
}

void MimeReader::open_message() {
  auto& part = innermost();
  const bool is_encoded =
      part.encoding == TransferEncoding::base64 || part.encoding == TransferEncoding::quoted_printable;
  if (is_encoded)
    part.opened = Opened::encoded;
  else if (part.depth >= mime_depth_max)
    part.opened = Opened::too_deep;
  else if (parts_.size() + 1 >= mime_parts_max)
    part.opened = Opened::too_many;
  else
    part.opened = Opened::message;
  if (part.opened == Opened::message) add_part(0, part.body_begin);
}

// Ends every open part but the outermost `depth`: at a boundary, before the line end that belongs to it, or at the end
// of the message. That line end may be the empty line of a header: of parts that end together none reaches beyond the
// one it stands in.
void MimeReader::close_above(std::size_t depth, std::size_t end) {
  const bool at_boundary = depth > 0;
  std::size_t limit = text_.size();
  for (std::size_t i = depth; i < open_.size(); ++i) {
    const auto& open = open_[i];
    auto& part = parts_[open.index];
    part.header_begin = std::min(part.header_begin, limit);
    part.body_begin = std::min(part.body_begin, limit);
    part.body_end = limit = std::max(std::min(end, limit), part.body_begin);
    if (lines_before_delimiter_ > open.lines_before)
      part.lines = lines_before_delimiter_ - open.lines_before - (at_boundary ? 1 : 0);
    if (part.opened == Opened::no_parts && part.first_child != no_part) part.opened = Opened::multipart;
  }
  while (open_.size() > depth) open_.pop_back();
}

void MimeReader::take_rest(std::uint32_t number) {
  add_part(number, at_);
  in_header_ = false;
  auto& part = innermost();
  part.type = "application";
  part.subtype = "octet-stream";
  part.opened = Opened::too_many;
  for (auto lf = text_.find('\n', at_); lf != npos; lf = text_.find('\n', lf + 1)) ++lines_;
  examined_ += text_.size() - at_;
  at_ = text_.size();
  full_ = true;
}

}  // namespace

std::string_view MimePart::header(std::string_view message) const {
  return message.substr(header_begin, body_begin - header_begin);
}

std::string_view MimePart::body(std::string_view message) const {
  return message.substr(body_begin, body_end - body_begin);
}

bool MimePart::is_type(std::string_view type_wanted) const { return equal_ignoring_case(type, type_wanted); }

bool MimePart::is_type(std::string_view type_wanted, std::string_view subtype_wanted) const {
  return is_type(type_wanted) && equal_ignoring_case(subtype, subtype_wanted);
}

std::vector<MimePart> read_mime(std::string_view message, std::uint64_t* examined) {
  MimeReader reader(message);
  auto parts = reader.run();
  if (examined != nullptr) *examined = reader.examined();
  return parts;
}

std::string part_path(const std::vector<MimePart>& parts, std::uint32_t index) {
  std::vector<std::uint32_t> numbers;
  if (parts[index].is_message() && parts[index].opened != Opened::multipart) numbers.push_back(1);
  for (auto at = index; at != no_part; at = parts[at].parent)
    if (!parts[at].is_message())
      numbers.push_back(parts[at].number);
    else if (parts[at].parent != no_part && parts[parts[at].parent].is_message())
      numbers.push_back(1);
  std::string path;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    if (!path.empty()) path += '.';
    path += std::to_string(*number);
  }
  return path;
}

std::string charset_of(const MimePart& part) {
  const auto parsed = parse_parameterized(part.content_type);
  const auto* charset = find_parameter(parsed.parameters, "charset");
  return charset == nullptr ? std::string() : *charset;
}

}  // namespace tubepost::message
