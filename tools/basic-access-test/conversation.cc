#include "basic-access-test/conversation.h"

#include "base/text.h"
#include "net/fd_stream.h"

namespace tubepost::basic_access_test {

void Recorder::keep(std::string_view who, std::string_view bytes) {
  if (text_.size() > record_max) return;
  if (who != speaker_ && !at_line_start_) text_ += '\n', at_line_start_ = true;
  speaker_ = who;
  for (const char c : bytes) {
    if (at_line_start_) text_ += who;
    at_line_start_ = c == '\n';
    if (c != '\r') text_ += c;
  }
  if (text_.size() > record_max) text_ += "\n[…]\n", at_line_start_ = true;
}

void Recorder::note(const std::string& text) { keep("-- ", text + '\n'); }

void Recorder::hide_sent(bool hide) {
  hides_ = hide;
  told_hidden_ = false;
}

std::size_t Recorder::read(std::span<char> into) {
  const std::size_t count = below_->read(into);
  keep("S: ", std::string_view(into.data(), count));
  if (count > 0) told_hidden_ = false;
  return count;
}

void Recorder::write(std::string_view bytes) {
  if (!hides_)
    keep("C: ", bytes);
  else if (!std::exchange(told_hidden_, true))
    keep("C: ", "(login, hidden)\n");
  below_->write(bytes);
}

Result<std::unique_ptr<Conversation>> Conversation::open(const net::Endpoint& endpoint,
                                                         std::chrono::milliseconds limit) {
  auto socket = net::connect_tcp(endpoint, limit);
  if (!socket) return std::move(socket).error();
  (*socket)->set_time_limit(limit);
  return std::unique_ptr<Conversation>(new Conversation(std::move(*socket)));
}

Result<tls::Inspection> Conversation::secure(const tls::InspectionWishes& wishes) {
  const auto shake_hands = [&]() -> Result<tls::Inspected> {
    try {
      return tls::inspect(*socket_, wishes);
    } catch (const net::Disconnected&) {
      return Failure::permanent("it closes the connection");  // in the place of an alert
    }
  };
  auto inspected = shake_hands();
  if (!inspected) {
    recorder_.note("TLS: " + inspected.error().text);
    return std::move(inspected).error();
  }
  recorder_.note(inspected->seen.protocol + ' ' + inspected->seen.cipher);
  tls_ = std::move(inspected->stream);
  recorder_.carry_on_over(*tls_);
  return std::move(inspected->seen);
}

}  // namespace tubepost::basic_access_test
