#include "smtpd/refusals.h"

#include "base/text.h"

namespace tubepost::smtpd::refusals {
namespace {

using smtp::Reply;
constexpr EnhancedStatus bad_command{5, 5, 1}, syntax{5, 5, 2}, arguments{5, 5, 4}, policy{5, 7, 0};

}  // namespace

Reply unknown_command() { return {500, bad_command, "Command not recognised"}; }
Reply line_too_long() { return {500, syntax, "Line too long"}; }
Reply no_arguments_expected(std::string_view verb) {
  return {501, arguments, std::string(verb) + " takes no arguments"};
}
Reply bad_arguments(std::string text) { return {501, arguments, std::move(text)}; }
Reply say_hello_first(bool lmtp) { return {503, bad_command, lmtp ? "Send LHLO first" : "Send EHLO or HELO first"}; }
Reply need_mail_first() { return {503, bad_command, "Send MAIL FROM first"}; }
// RFC 5321 3.3: DATA without an accepted recipient is 503 or 554; 554 where all were refused says more.
// RFC 2033 4.2: in LMTP it must be 503.
Reply need_recipient_first(bool lmtp) { return {lmtp ? 503 : 554, bad_command, "No valid recipients"}; }
Reply nested_mail() { return {503, bad_command, "A mail transaction is open already; send RSET to leave it"}; }
Reply bad_hello() { return {501, arguments, "Say who you are: a host name or an address literal"}; }
Reply not_a_web_server() { return {421, EnhancedStatus{4, 7, 0}, "This is a mail server"}; }
Reply too_many_errors(std::string_view hostname) {
  return {421, EnhancedStatus{4, 7, 0}, std::string(hostname) + " Too many errors, closing connection"};
}
// RFC 5321 3.8 has no better code for "enough in this connection": the client may come again.
Reply too_many_messages(std::string_view hostname) {
  return {421, EnhancedStatus{4, 7, 0}, std::string(hostname) + " Enough messages in one connection, connect again"};
}
Reply turned_away(std::string_view hostname) {
  return {554, EnhancedStatus{5, 7, 1}, std::string(hostname) + " No service for your address"};
}
// RFC 5321 3.8: 421 may be sent at any time when the service must shut down.
Reply shutting_down(std::string_view hostname) {
  return {421, EnhancedStatus{4, 3, 2}, std::string(hostname) + " Service is restarting, try again"};
}
Reply timed_out(std::string_view hostname) {
  return {421, EnhancedStatus{4, 4, 2}, std::string(hostname) + " Timeout, closing connection"};
}

Reply tls_already_active() { return {503, bad_command, "TLS is active already"}; }
Reply tls_not_available() { return {454, EnhancedStatus{4, 7, 0}, "TLS is not available now"}; }
// RFC 3207 4.
Reply tls_needed_first() { return {530, policy, "Send STARTTLS first"}; }
Reply authentication_needed() { return {530, policy, "Authentication required"}; }
Reply already_authenticated() { return {503, bad_command, "You are logged in already"}; }
// RFC 4954 4.
Reply authentication_in_transaction() { return {503, bad_command, "AUTH is not permitted inside a mail transaction"}; }
Reply authentication_not_offered() { return {502, bad_command, "AUTH is not offered here"}; }
Reply mechanism_unknown() { return {504, arguments, "Mechanism not offered"}; }
Reply mechanism_needs_tls() { return {538, EnhancedStatus{5, 7, 11}, "This mechanism needs TLS: send STARTTLS first"}; }
Reply authentication_cancelled() { return {501, policy, "Authentication cancelled"}; }
Reply authentication_malformed() { return {501, syntax, "That is not base64"}; }
Reply authentication_failed() { return {535, EnhancedStatus{5, 7, 8}, "Authentication credentials invalid"}; }
Reply authentication_unavailable() {
  return {454, EnhancedStatus{4, 7, 0}, "Temporary authentication failure, try again"};
}
Reply too_many_failed_logins(std::string_view hostname) {
  return {421, EnhancedStatus{4, 7, 0}, std::string(hostname) + " Too many failed logins"};
}

// RFC 3030 2, 3.
Reply chunks_have_begun() { return {503, bad_command, "The message has begun with BDAT"}; }
Reply binary_needs_chunks() { return {503, bad_command, "A BINARYMIME message is sent with BDAT"}; }
Reply not_for_you(std::string_view verb) { return {550, policy, std::string(verb) + " is not for your address"}; }
// RFC 1985 5.3.
Reply no_such_node(std::string_view node) {
  return {459, EnhancedStatus{4, 5, 0}, "Node " + printable(node, 100) + " not allowed: there is one queue"};
}
Reply node_too_soon(std::string_view node) {
  return {458, EnhancedStatus{4, 5, 0}, "Unable to queue messages for node " + printable(node, 260) + ": it was done a moment ago"};
}

// RFC 6531 3.5: an address beyond ASCII without SMTPUTF8 is 553, as an address that is not allowed.
Reply bad_path(const Failure& failure) {
  return {failure.status == EnhancedStatus{5, 6, 7} ? 553 : 501, failure.status, failure.text};
}
// RFC 5321 4.1.1.11.
Reply unknown_parameter(std::string_view keyword) {
  return {555, arguments, "Parameter not recognised: " + printable(keyword, 40)};
}
Reply bad_parameter(std::string_view keyword) {
  return {501, arguments, "Bad value of parameter " + printable(keyword, 40)};
}
// RFC 1870 6.
Reply message_too_large(std::uint64_t limit) {
  return {552, EnhancedStatus{5, 3, 4}, "Message is larger than " + std::to_string(limit) + " bytes"};
}
Reply not_your_address(std::string_view address) {
  return {553, EnhancedStatus{5, 7, 1}, "<" + printable(address, 260) + "> is not an address of yours"};
}
Reply relay_denied() { return {550, EnhancedStatus{5, 7, 1}, "Relay denied"}; }
Reply unknown_user(std::string_view address) {
  return {550, EnhancedStatus{5, 1, 1}, "<" + printable(address, 260) + "> no such user here"};
}
Reply suspended_account(std::string_view address) {
  return {550, EnhancedStatus{5, 2, 1}, "<" + printable(address, 260) + "> is suspended"};
}
Reply route_refused(std::string_view address) {
  return {550, EnhancedStatus{5, 7, 1}, "<" + printable(address, 260) + "> is refused by a route of this server"};
}
Reply too_many_recipients(std::size_t limit) {
  return {452, EnhancedStatus{4, 5, 3}, "More than " + std::to_string(limit) + " recipients, send the rest separately"};
}
// L11; the log has the token `Maximum line length overflow`.
Reply data_line_too_long(std::size_t limit) {
  return {500, syntax, "Maximum line length overflow: more than " + std::to_string(limit) + " bytes"};
}
// RFC 5321 2.3.8: CR and LF must not stand alone; who lets them pass helps to smuggle messages.
Reply bare_line_end() { return {554, EnhancedStatus{5, 6, 0}, "A bare CR or LF stands in the message"}; }
Reply corrupt_message(std::string_view what) {
  return {554, EnhancedStatus{5, 6, 0}, "Message is corrupt: " + printable(what, 200)};
}
Reply mail_loop() { return {554, EnhancedStatus{5, 4, 6}, "Too many hops: this mail is in a loop"}; }

Reply filter_refused(std::string_view words) {
  return {554, EnhancedStatus{5, 7, 1}, words.empty() ? "Message refused by a filter" : std::string(words)};
}
Reply filter_found_corrupt(std::string_view words) {
  return {554, EnhancedStatus{5, 6, 0}, words.empty() ? "Message is malformed" : std::string(words)};
}
Reply filter_says_later() { return {451, EnhancedStatus{4, 3, 0}, "Message cannot be checked now, try again"}; }

Reply failed(const Failure& failure, std::string_view what) {
  const bool later = failure.retry == Retry::later;
  // RFC 5321 4.2.3: 452 says that storage is short, 451 that something broke here.
  const bool full = failure.status == EnhancedStatus{4, 3, 1};
  return {later ? (full ? 452 : 451) : 554, failure.status, std::string(what)};
}

}  // namespace tubepost::smtpd::refusals
