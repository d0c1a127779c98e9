// The name of an accepted message, for ever (design.md 2): 48 bits of milliseconds and 80 random bits,
// written as 26 characters of lower-case base32. The 32 characters are those of RFC 4648 6 (a-z2-7), but
// counted in ASCII order, digits first, so that the written names sort by time as the bytes do.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tubepost::spool {

class SpoolId {
public:
  static SpoolId make(const Clock& clock);
  // Of mail that a delivery generates: the same inputs give the same id, so a repeated run inserts it once.
  // The time is that of `parent`.
  static SpoolId derive(const SpoolId& parent, std::uint32_t recipient, std::uint32_t ordinal);
  static std::optional<SpoolId> parse(std::string_view text);  // 26 characters
  static SpoolId from_bytes(std::string_view bytes);           // 16 bytes
  std::string to_text() const;
  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
  Timestamp time() const;
  // As the database orders them: bytes are unsigned there.
  friend std::strong_ordering operator<=>(const SpoolId& a, const SpoolId& b) {
    return a.bytes() <=> b.bytes();
  }
  friend bool operator==(const SpoolId&, const SpoolId&) = default;

private:
  std::array<char, 16> bytes_{};
};

}  // namespace tubepost::spool
