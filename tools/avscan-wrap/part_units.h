// What of a message is scanned part by part: the decoded bytes of each leaf of the MIME tree, under the name it
// gives itself (RFC 2183 2.3), made safe. Embedded messages in base64 or quoted-printable are opened too. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "message/mime_part.h"

namespace tubepost::avscan {

inline constexpr unsigned encoded_messages_max = 8;  // one in another

struct PartUnit {
  std::uint32_t index;  // in the tree of the whole message: the part that holds it
  std::string bytes, name;
};

enum class Walk {
  whole,
  stopped,
  beyond_limits
};  // all were seen; `take` said false; parts cannot be told apart
Walk walk_units(std::string_view text, const std::vector<message::MimePart>& parts,
                const std::function<bool(const PartUnit&)>& take);

// The last component of what the part calls its file, without what a shell, a file system or a terminal would
// take for something else; "part" if nothing is left. At most file_name_max bytes, its extension kept.
std::string safe_file_name(const message::MimePart& part);
std::string safe_file_name(std::string_view name);

}  // namespace tubepost::avscan
