// Replies of servers, read without trust (RFC 5321 4.2.1): lines in, a Reply out. Tolerated: a missing blank
// and text, any text, an enhanced status code in front of it or none (RFC 2034). Not tolerated, because who
// sends it does not speak SMTP: lines that begin with no code, codes that differ within one reply, too long
// lines or too many. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "smtp/reply.h"

namespace tubepost::smtp {

inline constexpr std::size_t received_line_max = 4096;        // eight times what RFC 5321 4.5.3.1.5 allows
inline constexpr std::size_t received_lines_max = 256;        // EHLO of some servers has forty
inline constexpr std::size_t received_octets_max = 64 << 10;  // of text of one reply

class ReplyParser {
public:
  // One line without its end. True: the reply is complete. A Failure is temporary (RFC 3463: 4.5.0, protocol).
  Result<bool> take(std::string_view line);
  Reply reply() &&;  // once it is complete

private:
  Failure broken(std::string_view line, const char* why) const;
  int code_ = 0;
  std::optional<EnhancedStatus> status_;
  std::vector<std::string> lines_;
  std::size_t octets_ = 0;
};

}  // namespace tubepost::smtp
