// RETR and TOP (RFC 1939 5, 7): a message is fetched whole, its transaction is over, and only then is the
// client written to, however slowly it reads.
#include "base/text.h"
#include "message/downgrade.h"
#include "message/eight_bit.h"
#include "message/header.h"
#include "popd/session.h"

namespace tubepost::popd {

std::optional<pop3::Reply> Session::fetch(const Message& message,
                                          std::optional<mailstore::MessageBytes>& bytes) {
  auto fetched = maildrop_->fetch(message);
  if (!fetched) {
    services_.logger.error("not-read",
                           {{"user", account_name_}, {"uid", message.uid}, {"reason", fetched.error().text}});
    return pop3::error(pop3::Code::temporary, "The message cannot be read now");
  }
  if (!*fetched) return pop3::error(pop3::Code::none, "That message has been removed meanwhile");
  bytes.emplace(std::move(**fetched));
  return std::nullopt;
}

// The head is generated fields, without an empty line: the header goes on in the body. RFC 6856 2.1: a client that did not
// say UTF8 gets a header without it, which then has other octets than LIST says.
void Session::write_message(const mailstore::MessageBytes& bytes, std::string_view body) {
  pop3::MultilineWriter out(lines_);
  const auto header = body.substr(0, message::body_offset(body));
  if (utf8_ || (!message::has_eight_bit(header) && !message::has_eight_bit(bytes.head()))) {
    out.write(bytes.head());
    out.write(body);
  } else {
    out.write(message::downgraded_header(bytes.head()));
    out.write(message::downgraded_header(header));
    out.write(body.substr(header.size()));
  }
  out.finish();
}

Answer Session::retr(const Line& line) {
  const Message* message = chosen(line.arguments);
  if (message == nullptr) return pop3::error(pop3::Code::none, "No such message");
  std::optional<mailstore::MessageBytes> bytes;
  if (auto refused = fetch(*message, bytes)) return *refused;
  lines_ << pop3::ok(std::to_string(message->size) + " octets").to_wire();
  write_message(*bytes, bytes->body());
  ++retrieved_;
  return Answer::written();
}

Answer Session::top(const Line& line) {
  const auto words = line.words();
  const Message* message = chosen(words[0]);
  if (message == nullptr) return pop3::error(pop3::Code::none, "No such message");
  const auto count = pop3::parse_line_count(words[1]);
  if (!count) return pop3::error(pop3::Code::none, "How many lines?");
  std::optional<mailstore::MessageBytes> bytes;
  if (auto refused = fetch(*message, bytes)) return *refused;
  lines_ << pop3::ok("The top of it follows").to_wire();
  write_message(*bytes, pop3::top_of(bytes->body(), *count));
  return Answer::written();
}

}  // namespace tubepost::popd
