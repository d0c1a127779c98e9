// The TRANSACTION and UPDATE states: what there is, and what shall go (RFC 1939 5, 6, 7).
#include "base/text.h"
#include "popd/session.h"

namespace tubepost::popd {
namespace {

pop3::Reply no_such_message() { return pop3::error(pop3::Code::none, "No such message"); }

std::string size_line(std::uint32_t number, const Message& message) {
  return std::to_string(number) + ' ' + std::to_string(message.size);
}

}  // namespace

const Message* Session::chosen(std::string_view number) const {
  const auto parsed = pop3::parse_message_number(trim(number));
  return parsed ? maildrop_->find(*parsed) : nullptr;
}

// RFC 1939 5: exactly "+OK nn mm".
Answer Session::stat(const Line&) {
  return pop3::ok(std::to_string(maildrop_->messages()) + ' ' + std::to_string(maildrop_->octets()));
}

Answer Session::list(const Line& line) {
  if (!line.words().empty()) {
    const Message* message = chosen(line.arguments);
    if (message == nullptr) return no_such_message();
    return pop3::ok(size_line(*pop3::parse_message_number(trim(line.arguments)), *message));
  }
  lines_ << pop3::ok(std::to_string(maildrop_->messages()) + " messages").to_wire();
  pop3::MultilineWriter out(lines_);
  for (std::uint32_t number = 1; number <= maildrop_->last_number(); ++number)
    if (const Message* message = maildrop_->find(number)) out.line(size_line(number, *message));
  out.finish();
  return Answer::written();
}

Answer Session::uidl(const Line& line) {
  if (!line.words().empty()) {
    const Message* message = chosen(line.arguments);
    if (message == nullptr) return no_such_message();
    const auto number = *pop3::parse_message_number(trim(line.arguments));
    return pop3::ok(std::to_string(number) + ' ' + maildrop_->unique_id(*message));
  }
  lines_ << pop3::ok("Unique ids follow").to_wire();
  pop3::MultilineWriter out(lines_);
  for (std::uint32_t number = 1; number <= maildrop_->last_number(); ++number)
    if (const Message* message = maildrop_->find(number))
      out.line(std::to_string(number) + ' ' + maildrop_->unique_id(*message));
  out.finish();
  return Answer::written();
}

Answer Session::dele(const Line& line) {
  if (chosen(line.arguments) == nullptr) return no_such_message();
  maildrop_->mark(*pop3::parse_message_number(trim(line.arguments)));
  return pop3::ok("Marked");
}

Answer Session::noop(const Line&) { return pop3::ok("Ok"); }

Answer Session::rset(const Line&) {
  maildrop_->unmark_all();
  return pop3::ok("Nothing is marked now");
}

// RFC 1939 6: only QUIT removes messages, whatever else ends a session.
Answer Session::quit(const Line&) {
  if (!is_logged_in()) return {pop3::ok("Goodbye"), Then::close};
  const auto removed = maildrop_->remove_marked();
  if (!removed) {
    services_.logger.error("not-removed", {{"user", account_name_}, {"reason", removed.error().text}});
    return {pop3::error(pop3::Code::temporary, "Messages could not be removed"), Then::close};
  }
  removed_ = *removed;
  return {pop3::ok("Goodbye"), Then::close};
}

}  // namespace tubepost::popd
