#include "imap/reply.h"

namespace tubepost::imap {

std::string Reply::to_wire(std::string_view tag) const {
  static constexpr std::string_view words[] = {" OK ", " NO ", " BAD "};
  std::string line(tag);
  line += words[static_cast<std::size_t>(kind)];
  if (!code.empty()) line.append("[").append(code).append("] ");
  return line.append(text).append("\r\n");
}

}  // namespace tubepost::imap
