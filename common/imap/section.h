// The bytes that BODY[…], RFC822… and BINARY[…] name (RFC 9051 6.4.5, RFC 3516), found by a message's structure without
// parsing it. `head` is the generated head that stands before the body (structure_cache.h); it belongs to the message's
// header wherever that is asked for.
//
// Ownership: pieces point into head and body, or into what was made (filtered headers, decoded parts). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imap/fetch_item.h"
#include "imap/structure_cache.h"

namespace tubepost::imap {

class SectionBytes {
public:
  SectionBytes() = default;
  SectionBytes(std::string_view first, std::string_view second) : first_(first), second_(second) {}
  explicit SectionBytes(std::string made) : made_(std::move(made)), is_made_(true), length_(made_.size()) {}

  std::uint64_t size() const;
  // In order; one behind the other they are the section. Valid while this object stays where it is.
  std::array<std::string_view, 2> pieces() const;
  std::string text() const;
  // RFC 9051 6.4.5 <offset.length>: beyond the end there is nothing.
  void cut(std::uint64_t offset, std::uint64_t length);

private:
  std::string_view first_, second_;
  std::string made_;
  bool is_made_ = false;
  std::size_t offset_ = 0, length_ = 0;  // of made_
};

// nullopt: there is no such part, or it has no such text (answered NIL). "1" of a message that is no multipart is its
// body, and "1.MIME" its header.
std::optional<SectionBytes> read_section(const StructureView& structure, std::string_view head,
                                         std::string_view body, const SectionName& name);

// RFC 3516 4.2: a part with its transfer encoding undone. An empty path is the whole message, a multipart its raw bytes.
// The decoded part stands in memory: as much as the part at most.
struct BinaryBytes {
  enum class Status { found, no_such_part, unknown_encoding };  // the last is answered NO [UNKNOWN-CTE]
  Status status = Status::no_such_part;
  SectionBytes bytes;
};
BinaryBytes read_binary(const StructureView& structure, std::string_view head, std::string_view body,
                        const std::vector<std::uint32_t>& path);
// BINARY.SIZE, without keeping what was decoded.
struct BinarySize {
  BinaryBytes::Status status = BinaryBytes::Status::no_such_part;
  std::uint64_t size = 0;
};
BinarySize read_binary_size(const StructureView& structure, std::string_view head, std::string_view body,
                            const std::vector<std::uint32_t>& path);

}  // namespace tubepost::imap
