// A message as this server can take it: what it has announced decides about 8-bit content, UTF-8 addresses,
// size and chunks. A message that is signed is never changed. Pure.
#pragma once

#include <string>

#include "relay/job.h"
#include "smtp/client.h"

namespace tubepost::mxsend {

// What is known of a message before any server is asked.
struct Content {
  std::string_view bytes;
  bool eight_bit = false, eight_bit_header = false;
  bool bare_line_ends = false;  // a CR or LF that is no line end, which no server sees as another does
  bool nul = false;

  static Content of(std::string_view bytes);
};

struct Prepared {
  smtp::Letter letter;  // recipients as `which` says; content points into `converted` or the original
  std::string converted;
};

// Whether the server can be told this address: a permanent Failure, 5.6.7, if not.
Result<void> fit_address(const std::string& address, const smtp::Extensions& extensions);

// For the recipients at these places of the job. Permanent Failures, for all of them: 5.3.4 too large, 5.6.7
// UTF-8 in addresses or header, 5.6.3 8-bit or binary content that must not be converted, 5.7.30 REQUIRETLS, 5.4.7 DELIVERBY.
Result<std::unique_ptr<Prepared>> prepare(
    const relay::Job& job, const std::vector<std::size_t>& which, const Content& content,
    const smtp::Extensions& extensions, Timestamp now = {});  // what is left until DELIVERBY is counted from

}  // namespace tubepost::mxsend
