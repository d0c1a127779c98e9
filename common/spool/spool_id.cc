#include "spool/spool_id.h"

#include <algorithm>

#include "base/file.h"

namespace tubepost::spool {
namespace {

constexpr std::string_view alphabet = "234567abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t text_length = 26;  // 130 bits: the last two are zero

constexpr int digit_of(char c) {
  if (c >= '2' && c <= '7') return c - '2';
  if (c >= 'a' && c <= 'z') return c - 'a' + 6;
  return -1;
}

void write_time(std::array<char, 16>& bytes, Timestamp time) {
  const auto milliseconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<char>(milliseconds >> (40 - 8 * i) & 0xff);
}

std::uint64_t read_u64_at(std::string_view bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

// The finaliser of splitmix64: a bijection, so that for one parent no two (recipient, ordinal) give the same
// id.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27) * 0x94d049bb133111ebU;
  return value ^ value >> 31;
}

}  // namespace

SpoolId SpoolId::make(const Clock& clock) {
  SpoolId id;
  write_time(id.bytes_, clock.now());
  const std::string random = random_bytes(10);
  std::copy(random.begin(), random.end(), id.bytes_.begin() + 6);
  return id;
}

SpoolId SpoolId::derive(const SpoolId& parent, std::uint32_t recipient, std::uint32_t ordinal) {
  SpoolId id = parent;
  const std::uint64_t which = std::uint64_t{recipient} << 32 | ordinal;
  const std::uint64_t low = mix(mix(which) ^ read_u64_at(parent.bytes(), 8));
  const std::uint64_t high = mix(low ^ read_u64_at(parent.bytes(), 2));
  for (std::size_t i = 0; i < 8; ++i) id.bytes_[8 + i] = static_cast<char>(low >> 8 * i & 0xff);
  for (std::size_t i = 0; i < 2; ++i) id.bytes_[6 + i] = static_cast<char>(high >> 8 * i & 0xff);
  return id;
}

std::optional<SpoolId> SpoolId::parse(std::string_view text) {
  if (text.size() != text_length) return std::nullopt;
  SpoolId id;
  unsigned window = 0;
  int bits = 0;
  std::size_t next = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) return std::nullopt;
    window = (window << 5 | static_cast<unsigned>(digit)) & 0xfffU;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    id.bytes_[next++] = static_cast<char>(window >> bits & 0xff);
  }
  if ((window & 3U) != 0) return std::nullopt;  // one id, one name
  return id;
}

SpoolId SpoolId::from_bytes(std::string_view bytes) {
  SpoolId id;
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.bytes_.size()), id.bytes_.begin());
  return id;
}

std::string SpoolId::to_text() const {
  std::string text(text_length, alphabet[0]);
  auto next = text.begin();
  unsigned window = 0;
  int bits = 0;
  for (const char c : bytes_) {
    window = (window << 8 | static_cast<unsigned char>(c)) & 0xfffU;
    for (bits += 8; bits >= 5; bits -= 5) *next++ = alphabet[window >> (bits - 5) & 31U];
  }
  *next = alphabet[window << (5 - bits) & 31U];
  return text;
}

Timestamp SpoolId::time() const {
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i)
    milliseconds = milliseconds << 8 | static_cast<unsigned char>(bytes_[i]);
  return Timestamp(Milliseconds(milliseconds));
}

}  // namespace tubepost::spool
