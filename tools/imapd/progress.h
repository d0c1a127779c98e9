// RFC 9585: a client that waits long for its command hears every ten seconds how far it has come. Lives in one command;
// borrows everything. Nothing is written while a transaction is open: at() is called between batches.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "net/line_stream.h"

namespace tubepost::imapd {

class Progress {
public:
  Progress(net::LineStream& lines, std::string_view tag, const Clock& clock)
      : lines_(lines), tag_(tag), clock_(clock), told_(clock.since_boot()) {}

  // What follows is a part of the whole: `before` of the `all` messages are behind us when it begins.
  void part(std::uint64_t before, std::uint64_t all) { before_ = before, all_ = all; }
  // Whether it is time; cheap enough to be asked for each message.
  bool is_due();
  // If it is time: `done` of `goal` messages are behind us, in this part if there are several.
  void at(std::uint64_t done, std::uint64_t goal);

private:
  net::LineStream& lines_;
  std::string_view tag_;
  const Clock& clock_;
  Milliseconds told_;
  std::uint64_t before_ = 0, all_ = 0;  // 0: there is one part
  unsigned asked_ = 0;
  bool due_ = false;
};

}  // namespace tubepost::imapd
