#include "imap/section.h"

#include <algorithm>

#include "base/text.h"
#include "message/header.h"

namespace tubepost::imap {
namespace {

using message::Opened;
using What = SectionName::What;

constexpr std::size_t decoded_piece = 64 << 10;

// Where a path leads. A message that is no multipart is both a message and its own part 1.
struct Place {
  std::uint32_t index = 0;
  bool as_part = false;
};

// RFC 9051 6.4.5.1: numbers count the parts of a multipart, and of the message that a message/rfc822 part holds.
std::optional<Place> find_place(const StructureView& structure, const std::vector<std::uint32_t>& path) {
  Place place;
  for (const auto number : path) {
    auto part = structure.part(place.index);
    if (place.as_part && part.opened == Opened::message) {
      place = {part.first_child, false};
      part = structure.part(place.index);
    }
    if (part.opened == Opened::multipart) {
      place = {structure.child(place.index, number), true};
      if (place.index == message::no_part) return std::nullopt;
    } else if (!place.as_part && number == 1) {
      place.as_part = true;
    } else {
      return std::nullopt;
    }
  }
  return place;
}

// Offsets of a record that does not fit its body are cut.
std::string_view slice(std::string_view body, std::uint64_t begin, std::uint64_t end) {
  const auto last = std::min<std::uint64_t>(end, body.size());
  return begin >= last ? std::string_view()
                       : body.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(last - begin));
}

bool is_named(const message::Field& field, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return field.is(name); });
}

// RFC 9051 6.4.5.1: the fields as they came, and the empty line.
std::string filtered_header(std::array<std::string_view, 2> headers, const SectionName& name) {
  std::string out;
  for (const auto header : headers) {
    message::HeaderReader reader(header);
    while (const auto field = reader.next())
      if (is_named(*field, name.fields) == (name.what == What::header_fields)) out += field->whole;
  }
  // A field that ends the message may lack its line end.
  if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
  return out += "\r\n";
}

// `head` is empty but for the message itself.
SectionBytes header_section(std::string_view head, std::string_view header, const SectionName& name) {
  if (name.what == What::header_fields || name.what == What::header_fields_not)
    return SectionBytes(filtered_header({head, header}, name));
  return {head, header};
}

}  // namespace

std::uint64_t SectionBytes::size() const { return is_made_ ? length_ : first_.size() + second_.size(); }

std::array<std::string_view, 2> SectionBytes::pieces() const {
  if (is_made_) return {std::string_view(made_).substr(offset_, length_), std::string_view()};
  return {first_, second_};
}

std::string SectionBytes::text() const {
  const auto both = pieces();
  return std::string(both[0]).append(both[1]);
}

void SectionBytes::cut(std::uint64_t offset, std::uint64_t length) {
  const auto from = static_cast<std::size_t>(std::min(offset, size()));
  const auto most = static_cast<std::size_t>(std::min(length, size() - from));
  if (is_made_) {
    offset_ += from;
    length_ = most;
    return;
  }
  const auto in_first = std::min(from, first_.size());
  first_.remove_prefix(in_first);
  second_.remove_prefix(from - in_first);
  const auto kept = std::min(most, first_.size());
  first_ = first_.substr(0, kept);
  second_ = second_.substr(0, most - kept);
}

std::optional<SectionBytes> read_section(const StructureView& structure, std::string_view head,
                                         std::string_view body, const SectionName& name) {
  if (!structure.valid()) return std::nullopt;
  const auto place = find_place(structure, name.part);
  if (!place) return std::nullopt;
  auto part = structure.part(place->index);
  const bool is_root = place->index == 0;
  if (name.what == What::whole)
    return place->as_part ? SectionBytes(slice(body, part.body_begin, part.body_end), {})
                          : SectionBytes(head, body);
  if (name.what == What::mime) {
    if (!place->as_part) return std::nullopt;
    return SectionBytes(is_root ? head : std::string_view(), slice(body, part.header_begin, part.body_begin));
  }
  // HEADER and TEXT are of a message: the whole one, or what a part of that type holds.
  if (place->as_part) {
    if (part.opened != Opened::message) return std::nullopt;
    part = structure.part(part.first_child);
  }
  if (name.what == What::text) return SectionBytes(slice(body, part.body_begin, part.body_end), {});
  return header_section(place->as_part ? std::string_view() : head,
                        slice(body, part.header_begin, part.body_begin), name);
}

namespace {

struct BinaryPart {
  BinaryBytes::Status status = BinaryBytes::Status::no_such_part;
  message::TransferEncoding encoding = message::TransferEncoding::identity;
  std::string_view first, second;  // as they stand
};

BinaryPart find_binary(const StructureView& structure, std::string_view head, std::string_view body,
                       const std::vector<std::uint32_t>& path) {
  BinaryPart found;
  const auto place = structure.valid() ? find_place(structure, path) : std::nullopt;
  if (!place) return found;
  const auto part = structure.part(place->index);
  found.status = BinaryBytes::Status::found;
  if (!place->as_part) {
    found.first = head;
    found.second = body;
    return found;
  }
  found.first = slice(body, part.body_begin, part.body_end);
  // RFC 2045 6.4: what consists of parts is not encoded itself, whatever it says.
  if (part.opened != Opened::multipart && part.opened != Opened::message) found.encoding = part.encoding;
  if (found.encoding == message::TransferEncoding::unknown)
    found.status = BinaryBytes::Status::unknown_encoding;
  return found;
}

}  // namespace

BinaryBytes read_binary(const StructureView& structure, std::string_view head, std::string_view body,
                        const std::vector<std::uint32_t>& path) {
  const auto part = find_binary(structure, head, body, path);
  if (part.status != BinaryBytes::Status::found) return {part.status, {}};
  if (part.encoding == message::TransferEncoding::identity) return {part.status, {part.first, part.second}};
  return {part.status, SectionBytes(message::decode_transfer(part.first, part.encoding))};
}

BinarySize read_binary_size(const StructureView& structure, std::string_view head, std::string_view body,
                            const std::vector<std::uint32_t>& path) {
  const auto part = find_binary(structure, head, body, path);
  BinarySize result{part.status, 0};
  if (part.status != BinaryBytes::Status::found) return result;
  message::TransferDecoder decoder(part.encoding);
  std::string decoded;
  for (auto rest = part.first; !rest.empty();) {
    decoder.feed(rest.substr(0, decoded_piece), decoded);
    rest.remove_prefix(std::min(decoded_piece, rest.size()));
    result.size += decoded.size();
    decoded.clear();
  }
  decoder.finish(decoded);
  result.size += decoded.size() + part.second.size();
  return result;
}

}  // namespace tubepost::imap
