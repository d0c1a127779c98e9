#include "policy/filter_output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace tubepost::policy {
namespace {

constexpr std::size_t output_read_size = 64 << 10;

// Up to `size` bytes of the source at `offset`; empty at its end.
Result<std::string_view> part_of(const MessageSource& source, std::uint64_t offset, std::size_t size,
                                 std::string& buffer) {
  if (offset >= source.size) return std::string_view();
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, source.size - offset));
  if (source.file < 0) return source.bytes.substr(static_cast<std::size_t>(offset), size);
  buffer.resize(std::min(size, output_read_size));
  for (;;) {
    const ssize_t got = ::pread(source.file, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got >= 0) return std::string_view(buffer.data(), static_cast<std::size_t>(got));
    if (errno != EINTR) return Failure::temporary("reading the message: " + error_text(errno));
  }
}

// RFC 5322 3.6.8.
bool is_field_name_character(char c) { return c > 32 && c < 127 && c != ':'; }

}  // namespace

Result<void> FilterOutput::take(std::string_view bytes) {
  size_ += bytes.size();
  if (!changed_) {
    const auto same = same_as_source(bytes);
    if (!same) return same.error();
    bytes.remove_prefix(*same);
    if (bytes.empty()) return {};
    if (auto parted = part_from_source(); !parted) return parted;
  }
  emit(bytes);
  return {};
}

Result<std::size_t> FilterOutput::same_as_source(std::string_view bytes) {
  std::size_t same = 0;
  while (same < bytes.size()) {
    const auto theirs = part_of(source_, same_, bytes.size() - same, buffer_);
    if (!theirs) return theirs.error();
    if (theirs->empty()) break;
    const auto* ours = bytes.data() + same;
    const auto differs = std::mismatch(theirs->begin(), theirs->end(), ours).first;
    const auto equal = static_cast<std::size_t>(differs - theirs->begin());
    same += equal;
    same_ += equal;
    if (equal < theirs->size()) break;
  }
  return same;
}

Result<void> FilterOutput::part_from_source() {
  changed_ = true;
  for (std::uint64_t at = 0; at < same_;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(output_read_size, same_ - at));
    const auto part = part_of(source_, at, wanted, buffer_);
    if (!part) return part.error();
    if (part->empty()) return Failure::temporary("the message became shorter");
    at += part->size();
    emit(*part);
  }
  return {};
}

void FilterOutput::emit(std::string_view bytes) {
  look_for_header(bytes);
  eight_bit_ = eight_bit_ || std::any_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) != 0; });
  if (binary_) return sink_(bytes);
  std::size_t begin = 0;
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if ((at == 0 ? last_ : bytes[at - 1]) == '\r') continue;
    sink_(bytes.substr(begin, at - begin));
    sink_("\r\n");
    begin = at + 1;
  }
  if (begin < bytes.size()) sink_(bytes.substr(begin));
  if (!bytes.empty()) last_ = bytes.back();
}

void FilterOutput::look_for_header(std::string_view bytes) {
  for (const char c : bytes) {
    if (header_ == Header::found || header_ == Header::none) return;
    if (c == ':' && name_begun_)
      header_ = Header::found;
    else if (is_blank(c) && name_begun_)
      header_ = Header::behind_name;
    else if (header_ == Header::in_name && is_field_name_character(c))
      name_begun_ = true;
    else
      header_ = Header::none;
  }
}

Result<void> FilterOutput::finish() {
  if (!changed_ && same_ == source_.size) return {};
  if (!changed_)
    if (auto parted = part_from_source(); !parted) return parted;
  if (header_ != Header::found) return Failure::temporary("the output has no header");
  if (!binary_ && last_ != '\n') sink_("\r\n");
  return {};
}

}  // namespace tubepost::policy
