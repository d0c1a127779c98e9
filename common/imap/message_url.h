// The relative IMAP URL of a message or of a part of one (RFC 5092), as CATENATE takes it (RFC 4469 3):
//   "/INBOX;UIDVALIDITY=785799047/;UID=113330/;SECTION=1.5.9/;PARTIAL=0.1024"
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imap/fetch_item.h"

namespace tubepost::imap {

inline constexpr std::size_t message_url_max = 8 << 10;

struct MessageUrl {
  std::string mailbox;  // in UTF-8; empty: the selected one
  std::optional<std::uint32_t> uid_validity;
  std::uint32_t uid = 0;
  FetchSection section;  // and its partial
};

// nullopt: it is absolute, names no message, or is no URL.
std::optional<MessageUrl> parse_message_url(std::string_view text);

}  // namespace tubepost::imap
