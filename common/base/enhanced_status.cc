#include "base/enhanced_status.h"

#include "base/text.h"

namespace tubepost {

std::string to_string(EnhancedStatus status) {
  return std::to_string(status.status_class) + '.' + std::to_string(status.subject) + '.' +
         std::to_string(status.detail);
}

std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text) {
  const auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  if (parts[0] != "2" && parts[0] != "4" && parts[0] != "5") return std::nullopt;
  // RFC 3463 2: subject and detail are one to three digits.
  if (parts[1].size() > 3 || parts[2].size() > 3) return std::nullopt;
  const auto subject = parse_number<std::uint16_t>(parts[1]);
  const auto detail = parse_number<std::uint16_t>(parts[2]);
  if (!subject || !detail) return std::nullopt;
  return EnhancedStatus{static_cast<std::uint8_t>(parts[0][0] - '0'), *subject, *detail};
}

}  // namespace tubepost
