// NOOP, and IDLE (RFC 2177): the client waits, and hears of changes as they come. Nothing is held meanwhile:
// no transaction, no buffer, and a descriptor of the change watcher.
#include "base/text.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t done_line_max = 100;

}  // namespace

Answer Session::noop(Call&) { return imap::ok("Done"); }

Answer Session::idle(Call&) {
  reader_.release();
  lines_ << "+ Idling\r\n";
  if (!await_input(Expunges::may_be_told)) {
    lines_ << "* BYE The mailbox has been deleted\r\n";
    return {imap::no(imap::code::nonexistent, "The mailbox has been deleted"), Then::close};
  }
  const auto line = lines_.read_line(done_line_max);
  if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected();
  reader_.look_at_end(line.text);
  if (line.kind == net::LineStream::Line::Kind::too_long || !equal_ignoring_case(trim(line.text), "DONE"))
    return imap::bad("DONE expected");
  return imap::ok("No longer idle");
}

}  // namespace tubepost::imapd
