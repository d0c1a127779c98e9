// What reply codes and enhanced status codes say, in a sentence (RFC 5321 4.2.3, RFC 3463 3, RFC 7372 and others of
// IANA's registry), and replies found in what a person pastes: a line of a log, of a bounce, several lines. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/enhanced_status.h"

namespace tubepost::smtp {

std::string_view meaning_of(int code);               // empty: not known
std::string_view meaning_of(EnhancedStatus status);  // by its subject where the detail is not known

inline constexpr std::size_t pasted_max = 16 << 10;  // what is beyond is not looked at

struct PastedReply {
  int code = 0;  // 0: only an enhanced status code was there
  std::optional<EnhancedStatus> status;
  std::string text;  // without the codes; lines put together; printable
};
// The last reply in it that refuses, else the last reply at all: a log tells first what went well. nullopt: none.
std::optional<PastedReply> find_pasted_reply(std::string_view text);

}  // namespace tubepost::smtp
