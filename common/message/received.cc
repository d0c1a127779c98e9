#include "message/received.h"

#include "base/text.h"
#include "message/date.h"

namespace tubepost::message {
namespace {

constexpr std::size_t word_max = 255;
constexpr std::size_t path_max = 320;  // as much as an address may have, escaped
constexpr std::string_view fold = "\r\n\t";

// What a host name or an address literal can hold; anything else becomes '_'.
std::string as_name(std::string_view text) {
  std::string out(text.substr(0, word_max));
  for (char& c : out)
    if (!is_alpha(c) && !is_digit(c) && std::string_view(".-_:[]").find(c) == std::string_view::npos) c = '_';
  return out;
}

// What may stand in a comment: RFC 5322 3.2.2 ctext and blanks.
std::string as_comment(std::string_view text) {
  std::string out(text.substr(0, word_max));
  for (char& c : out)
    if (!is_printable_ascii(c) || c == '(' || c == ')' || c == '\\') c = '_';
  return out;
}

// RFC 5321 4.4 TCP-info: what we know of the client ourselves, beside what it said.
std::string client_comment(const Received& received) {
  std::string known = as_name(received.client_name);
  if (!received.client_address.empty())
    known.append(known.empty() ? "" : " ").append(as_name(received.client_address));
  if (known.empty() && !received.user.empty()) known = "user " + as_comment(received.user);
  return known.empty() ? known : " (" + known + ')';
}

}  // namespace

std::string received_field(const Received& received) {
  std::string field = "Received: from ";
  field += received.helo.empty() ? "unknown" : as_name(received.helo);
  field += client_comment(received);
  field.append(fold).append("by ").append(as_name(received.by)).append(" (Tubepost)");
  if (!received.protocol.empty()) field.append(" with ").append(as_name(received.protocol));
  if (!received.id.empty()) field.append(" id ").append(as_name(received.id));
  if (!received.tls.empty()) field.append(fold).append("(").append(as_comment(received.tls)).append(")");
  if (!received.recipient.empty())
    field.append(fold).append("for <").append(printable(received.recipient, path_max)).append(">");
  return field.append(";").append(fold).append(format_date(received.time)).append("\r\n");
}

}  // namespace tubepost::message
