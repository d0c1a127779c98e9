// CRC-32C (Castagnoli), as in RFC 3720 B.4: guards every stored body. Uses the processor's instruction where it has one.
#pragma once

#include <cstdint>
#include <string_view>

namespace tubepost {

// Extends `crc` (0 to begin with) by `bytes`: crc32c(b, crc32c(a)) is the checksum of a followed by b.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

}  // namespace tubepost
