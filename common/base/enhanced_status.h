// Enhanced mail system status codes, RFC 3463 2: class.subject.detail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost {

struct EnhancedStatus {
  std::uint8_t status_class = 5;  // 2 success, 4 persistent transient, 5 permanent
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;

  friend bool operator==(const EnhancedStatus&, const EnhancedStatus&) = default;
};

std::string to_string(EnhancedStatus status);                         // "5.1.1"
std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text);  // exactly "5.1.1", nothing around it

}  // namespace tubepost
