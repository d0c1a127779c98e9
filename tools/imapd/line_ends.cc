#include "imapd/line_ends.h"

namespace tubepost::imapd {

Result<void> LineEnds::write(std::string_view piece) {
  if (piece.empty()) return {};
  std::size_t written = 0;
  for (auto at = piece.find('\n'); at != std::string_view::npos; at = piece.find('\n', at + 1)) {
    if (at == 0 ? after_cr_ : piece[at - 1] == '\r') continue;
    if (auto done = body_.write(piece.substr(written, at - written)); !done) return done;
    if (auto done = body_.write("\r\n"); !done) return done;
    written = at + 1;
  }
  after_cr_ = piece.back() == '\r';
  return written < piece.size() ? body_.write(piece.substr(written)) : Result<void>();
}

}  // namespace tubepost::imapd
