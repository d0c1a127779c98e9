// NOOP, and IDLE (RFC 2177): the client waits, and hears of changes as they come. Nothing is held meanwhile:
// no transaction, no buffer, and a descriptor of the change watcher.
#include "base/text.h"
#include "imapd/session.h"
#include "net/wait.h"

namespace tubepost::imapd {
namespace {

constexpr std::chrono::milliseconds look_interval{1000};  // at a selected mailbox, without a watcher
constexpr std::size_t done_line_max = 100;

}  // namespace

Answer Session::noop(Call&) { return imap::ok("Done"); }

Answer Session::idle(Call&) {
  std::unique_ptr<mailstore::ChangeWatcher::Watch> watch;
  if (services_.watcher != nullptr && selected_) {
    auto made = services_.watcher->watch({selected_->ref});
    if (!made) return refused(made.error());
    watch = std::move(*made);
  }
  reader_.release();
  lines_ << "+ Idling\r\n";
  const net::Deadline deadline(rules_.idle_timeout);
  while (!lines_.has_buffered_input()) {
    if (watch) watch->clear();
    if (selected_ && !send_updates(Expunges::may_be_told)) {
      lines_ << "* BYE The mailbox has been deleted\r\n";
      return {imap::no(imap::code::nonexistent, "The mailbox has been deleted"), Then::close};
    }
    lines_.flush();
    const std::chrono::milliseconds left(deadline.poll_milliseconds());
    const bool looks = selected_ && !watch;
    const auto woken = stream_->wait(watch ? watch->fd() : -1, looks ? std::min(left, look_interval) : left);
    if (woken == net::Stream::Woken::input) break;
    if (deadline.passed()) throw net::TimedOut();
  }
  const auto line = lines_.read_line(done_line_max);
  if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected();
  if (line.kind == net::LineStream::Line::Kind::too_long || !equal_ignoring_case(trim(line.text), "DONE"))
    return imap::bad("DONE expected");
  return imap::ok("No longer idle");
}

}  // namespace tubepost::imapd
