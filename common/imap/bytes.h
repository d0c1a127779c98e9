// Numbers in the records that imap/ keeps beside messages: little-endian, read with bounds. Internal to imap/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tubepost::imap {

template <class T>
void append_le(std::string& out, T number) {
  const auto bits = static_cast<std::uint64_t>(number);
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
}

// 0 beyond the end.
template <class T>
T read_le(std::string_view bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return T{};
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bits |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return static_cast<T>(bits);
}

}  // namespace tubepost::imap
