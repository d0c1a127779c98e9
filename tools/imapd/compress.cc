// COMPRESS DEFLATE (RFC 4978).
#include "base/text.h"
#include "imapd/session.h"

namespace tubepost::imapd {

Answer Session::compress_deflate(Call& call) {
  const auto name = call.args.expect_atom();
  const bool known = equal_ignoring_case(name, "DEFLATE");
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  if (!known) return imap::bad("Another way to compress is not known");
  if (deflate_stream_) return imap::no("COMPRESSIONACTIVE", "It is compressed already");
  return {imap::ok("Compressed from here on"), Then::compress};
}

}  // namespace tubepost::imapd
