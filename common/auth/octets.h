// For the sources of this library: bytes as OpenSSL wants them.
#pragma once

#include <string>
#include <string_view>

namespace tubepost::auth {

inline const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
inline unsigned char* octets(std::string& bytes) { return octets(bytes.data()); }

}  // namespace tubepost::auth
