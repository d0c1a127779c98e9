// What a server answers (RFC 5321 4.2): a code, perhaps an enhanced status code (RFC 2034), and text of one
// or more lines. A value; to_wire() guarantees that whatever text it was given - a client's own words, a
// policy service's - becomes nothing but lines of this one reply.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enhanced_status.h"

namespace tubepost::smtp {

inline constexpr std::size_t reply_line_max = 512;  // RFC 5321 4.5.3.1.5, with code and CRLF

struct Reply {
  Reply(int reply_code, std::optional<EnhancedStatus> enhanced, std::string text);
  Reply(int reply_code, std::optional<EnhancedStatus> enhanced, std::vector<std::string> text);

  int code;  // 211..554
  std::optional<EnhancedStatus>
      status;                      // left out on the wire if its class is not that of the code (RFC 2034 4)
  std::vector<std::string> lines;  // of text, without codes; never empty

  const std::string& first_line() const { return lines.front(); }
  bool is_success() const { return code < 400; }
  bool is_done() const { return code / 100 == 2; }  // RFC 5321 4.2.1: 2yz, nothing else is to follow

  // "550-5.1.1 …CRLF550 5.1.1 …CRLF". CR, LF and control characters are made visible; a line too long becomes
  // several, cut at blanks where there are some. A 334 is a challenge (RFC 4954 4): always one line, whatever
  // its length.
  std::string to_wire(bool with_enhanced = true) const;
};

}  // namespace tubepost::smtp
