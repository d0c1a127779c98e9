#include "message/dsn.h"

#include "base/text.h"
#include "message/date.h"
#include "net/endpoint.h"

#include <algorithm>
#include <initializer_list>

namespace tubepost::message {
namespace {

constexpr std::size_t text_max = 400;     // of a diagnostic or an envelope id
constexpr std::size_t address_max = 900;  // an address is at most 256 bytes, \xNN makes four of one
constexpr std::size_t returned_header_max = 64 << 10;
constexpr std::string_view end_of_line = "\r\n";

void line(std::string& out, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) out += part;
  out += end_of_line;
}

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

// One UTF-8 sequence of valid text as RFC 6533 3 writes it: \x{3B1}.
std::size_t append_embedded(std::string& out, std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  std::uint32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string hex;
  for (; point > 0 || hex.empty(); point >>= 4) hex.insert(hex.begin(), digits[point & 15]);
  out.append("\\x{").append(hex).append("}");
  return length;
}

// What is not ASCII becomes ?, what is not printable \xNN: for the fields of the status part.
std::string ascii_text(std::string_view text, std::size_t limit) {
  std::string ascii(text);
  for (char& c : ascii)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return printable(ascii, limit);
}
std::string field_text(std::string_view text) { return ascii_text(text, text_max); }

// RFC 6533 3: in message/delivery-status, which is ASCII, only the xtext form of type utf-8 may stand.
std::string typed_address(std::string_view address) {
  if (is_ascii(address) || !is_valid_utf8(address)) return "rfc822; " + ascii_text(address, address_max);
  std::string out = "utf-8; ";
  while (!address.empty()) {
    const bool plain = address[0] > ' ' && address[0] < 0x7f &&
                       std::string_view("\\+=").find(address[0]) == std::string_view::npos;
    if (plain) out += address[0];
    address.remove_prefix(plain ? 1 : append_embedded(out, address));
  }
  return out;
}

// RFC 6533 3: in message/global-delivery-status an address may stand as it is.
std::string final_recipient(std::string_view address, bool utf8) {
  if (!utf8 || is_ascii(address) || !is_valid_utf8(address)) return typed_address(address);
  return "utf-8; " + printable(address, address_max);
}

// RFC 3464 2.3.5: a host's name, what else is known of it as a comment (as 2.2.4 has it). `mta` is what mxsend calls it:
// "mx.example.net[192.0.2.1]:25", "192.0.2.1:25", "[2001:db8::1]:25" or "unix:/run/lmtp".
std::string remote_mta(std::string_view mta) {
  if (mta.starts_with("unix:")) return "X-Unix; " + field_text(mta.substr(5));
  const auto open = mta.find('['), close = mta.rfind(']');
  const auto port = mta.find(':', close == std::string_view::npos ? 0 : close);
  const auto host = mta.substr(0, port);
  if (const auto address = net::IpAddress::parse(host)) return "dns; " + address->to_smtp_literal();
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return "dns; " + field_text(host);
  const auto address = net::IpAddress::parse(host.substr(open + 1, close - open - 1));
  if (!address) return "dns; " + field_text(host);
  if (open == 0) return "dns; " + address->to_smtp_literal();
  return "dns; " + field_text(host.substr(0, open)) + " (" + address->to_text() + ')';
}

std::string original_recipient(std::string_view orcpt) {
  const std::size_t semicolon = orcpt.find(';');
  if (semicolon == std::string_view::npos) return typed_address(decode_xtext(orcpt));
  const std::string_view type = orcpt.substr(0, semicolon);
  const std::string address = decode_xtext(orcpt.substr(semicolon + 1));
  // The utf-8 type has an encoding of its own, which the sender made; it is given back as it came.
  if (equal_ignoring_case(type, "rfc822") && !is_ascii(address)) return typed_address(address);
  return ascii_text(type, 40) + "; " + field_text(address);
}

// The part of `message` that is its header, whole lines only, with the last line's end.
std::string_view header_of(std::string_view message) {
  if (message.starts_with(end_of_line)) return {};
  const std::size_t end = message.find("\r\n\r\n");
  std::string_view header = end == std::string_view::npos ? message : message.substr(0, end + 2);
  if (header.size() <= returned_header_max) return header;
  const std::size_t last = header.rfind(end_of_line, returned_header_max);
  return header.substr(0, last == std::string_view::npos ? 0 : last + 2);
}

std::string_view returned_part(const Dsn& dsn) {
  return dsn.return_full ? dsn.returned : header_of(dsn.returned);
}

// RFC 2046 5.1.1: the boundary must not stand in what it separates. Nobody outside knows it beforehand, but
// the returned part is theirs.
std::string choose_boundary(const Dsn& dsn) {
  std::string boundary = "tubepost-" + dsn.message_id;
  while (dsn.returned.find(boundary) != std::string_view::npos) boundary += "=_";
  return boundary;
}

bool only_of(DsnAction action, const Dsn& dsn) {
  return std::all_of(dsn.recipients.begin(), dsn.recipients.end(),
                     [&](const DsnRecipient& recipient) { return recipient.action == action; });
}

std::string_view subject_of(const Dsn& dsn) {
  if (only_of(DsnAction::failed, dsn)) return "Undelivered mail returned to sender";
  if (only_of(DsnAction::delayed, dsn)) return "Delayed mail (still being tried)";
  return "Delivery status notification";
}

void append_header(std::string& out, const Dsn& dsn, std::string_view boundary, std::string_view encoding) {
  line(out, {"Date: ", format_date(dsn.now)});
  line(out, {"From: Mail Delivery System <MAILER-DAEMON@", dsn.reporting_mta, ">"});
  line(out, {"To: <", printable(dsn.to, address_max), ">"});
  line(out, {"Subject: ", subject_of(dsn)});
  line(out, {"Message-ID: <", dsn.message_id, "@", dsn.reporting_mta, ">"});
  line(out, {"Auto-Submitted: auto-replied"});  // RFC 3834 5, RFC 5436
  line(out, {"MIME-Version: 1.0"});
  line(out, {"Content-Type: multipart/report; report-type=delivery-status;"});
  line(out, {"\tboundary=\"", boundary, "\""});
  line(out, {"Content-Transfer-Encoding: ", encoding});
  line(out, {});
  line(out, {"This is a report in the form of RFC 6522."});
}

void append_for_people(std::string& out, const DsnRecipient& recipient) {
  line(out, {});
  const std::string address = printable(recipient.address, address_max);
  const std::string original = printable(recipient.original, address_max);
  if (original.empty() || original == address)
    line(out, {"<", address, ">:"});
  else
    line(out, {"<", original, "> (which leads to <", address, ">):"});
  line(out, {"    ", to_text(recipient.action), " (", to_string(recipient.status), ")"});
  if (!recipient.remote_mta.empty()) line(out, {"    ", field_text(recipient.remote_mta), " said:"});
  if (!recipient.diagnostic.empty()) line(out, {"    ", printable(recipient.diagnostic, text_max)});
  if (!recipient.advice.empty()) line(out, {"    ", printable(recipient.advice, text_max)});
  if (recipient.retry_until) line(out, {"    It is tried until ", format_date(*recipient.retry_until), "."});
}

void append_human_part(std::string& out, const Dsn& dsn, std::string_view encoding) {
  line(out, {"Content-Type: text/plain; charset=utf-8"});
  line(out, {"Content-Transfer-Encoding: ", encoding});
  line(out, {"Content-Description: Notification"});
  line(out, {});
  line(out, {"This is the mail system at ", dsn.reporting_mta, "."});
  line(out, {});
  if (only_of(DsnAction::failed, dsn)) {
    line(out, {"Your message could not be delivered to the recipients below, and will not be tried"});
    line(out, {"again. What was said is given for each; what is returned of the message is attached."});
  } else if (only_of(DsnAction::delayed, dsn)) {
    line(out, {"Your message has not reached the recipients below yet. It is still being tried: there is"});
    line(out, {"nothing that you need to do."});
  } else {
    line(out, {"This is what became of your message, for each recipient below."});
  }
  for (const DsnRecipient& recipient : dsn.recipients) append_for_people(out, recipient);
}

void append_recipient_fields(std::string& out, const DsnRecipient& recipient, bool utf8) {
  line(out, {});
  if (!recipient.orcpt.empty()) line(out, {"Original-Recipient: ", original_recipient(recipient.orcpt)});
  line(out, {"Final-Recipient: ", final_recipient(recipient.address, utf8)});
  line(out, {"Action: ", to_text(recipient.action)});
  line(out, {"Status: ", to_string(recipient.status)});
  if (!recipient.remote_mta.empty()) line(out, {"Remote-MTA: ", remote_mta(recipient.remote_mta)});
  if (!recipient.diagnostic.empty())
    line(out, {"Diagnostic-Code: ", recipient.said_by_smtp ? "smtp; " : "X-Tubepost; ",
               field_text(recipient.diagnostic)});
  if (recipient.retry_until) line(out, {"Will-Retry-Until: ", format_date(*recipient.retry_until)});
  if (recipient.last_attempt) line(out, {"Last-Attempt-Date: ", format_date(*recipient.last_attempt)});
}

// RFC 6533 3, 4: the parts for UTF-8 are used where there is any, and where it can be read.
bool needs_global_status(const Dsn& dsn) {
  return dsn.utf8 &&
         std::any_of(dsn.recipients.begin(), dsn.recipients.end(), [](const DsnRecipient& recipient) {
           return !is_ascii(recipient.address) && is_valid_utf8(recipient.address);
         });
}

std::string_view returned_type(const Dsn& dsn) {
  const bool global = dsn.utf8 && !is_ascii(header_of(dsn.returned));
  if (dsn.return_full) return global ? "message/global" : "message/rfc822";
  return global ? "message/global-headers" : "text/rfc822-headers";  // RFC 6522 3
}

void append_status_part(std::string& out, const Dsn& dsn) {
  const bool global = needs_global_status(dsn);
  line(out, {"Content-Type: message/", global ? "global-delivery-status" : "delivery-status"});
  if (global) line(out, {"Content-Transfer-Encoding: 8bit"});
  line(out, {"Content-Description: Delivery report"});
  line(out, {});
  if (dsn.envelope_id) line(out, {"Original-Envelope-Id: ", field_text(*dsn.envelope_id)});
  line(out, {"Reporting-MTA: dns; ", dsn.reporting_mta});
  line(out, {"Arrival-Date: ", format_date(dsn.arrival)});
  if (dsn.deliver_by) line(out, {"Deliver-By-Date: ", format_date(*dsn.deliver_by)});
  if (dsn.released) line(out, {"Future-Release-Request: until;", to_rfc3339(*dsn.released)});
  for (const DsnRecipient& recipient : dsn.recipients) append_recipient_fields(out, recipient, global);
}

void append_returned_part(std::string& out, const Dsn& dsn, std::string_view encoding) {
  const std::string_view part = returned_part(dsn);
  line(out, {"Content-Type: ", returned_type(dsn)});
  line(out, {"Content-Transfer-Encoding: ", encoding});
  const bool undelivered =
      std::any_of(dsn.recipients.begin(), dsn.recipients.end(),
                  [](const DsnRecipient& recipient) { return recipient.action == DsnAction::failed; });
  line(out, {"Content-Description: ", dsn.return_full ? "Undelivered message"
                                      : undelivered   ? "Header of the undelivered message"
                                                      : "Header of the message"});
  line(out, {});
  out += part;
  if (!part.ends_with(end_of_line)) out += end_of_line;
}

bool people_need_8bit(const Dsn& dsn) {
  return std::any_of(dsn.recipients.begin(), dsn.recipients.end(), [](const DsnRecipient& recipient) {
    return !is_ascii(printable(recipient.address, address_max)) ||
           !is_ascii(printable(recipient.original, address_max)) ||
           !is_ascii(printable(recipient.diagnostic, text_max));
  });
}

}  // namespace

std::string_view to_text(DsnAction action) {
  switch (action) {
    case DsnAction::failed:
      return "failed";
    case DsnAction::delayed:
      return "delayed";
    case DsnAction::delivered:
      return "delivered";
    case DsnAction::relayed:
      return "relayed";
    case DsnAction::expanded:
      return "expanded";
  }
  return "failed";
}

std::string decode_xtext(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '+' && i + 2 < text.size() ? hex_value(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_value(text[i + 2]) : std::nullopt;
    out += low ? static_cast<char>(*high << 4 | *low) : text[i];
    if (low) i += 2;
  }
  return out;
}

std::string write_dsn(const Dsn& dsn) {
  const std::string boundary = choose_boundary(dsn);
  const std::string_view returned_encoding = is_ascii(returned_part(dsn)) ? "7bit" : "8bit";
  const std::string_view human_encoding = people_need_8bit(dsn) ? "8bit" : "7bit";
  std::string out;
  // RFC 2045 6.4: a multipart says 8bit when a part of it does.
  const std::string_view status_encoding = needs_global_status(dsn) ? "8bit" : "7bit";
  append_header(out, dsn, boundary, std::max({returned_encoding, human_encoding, status_encoding}));

  line(out, {end_of_line, "--", boundary});
  append_human_part(out, dsn, human_encoding);
  line(out, {end_of_line, "--", boundary});
  append_status_part(out, dsn);
  if (!dsn.returned.empty()) {
    line(out, {end_of_line, "--", boundary});
    append_returned_part(out, dsn, returned_encoding);
  }
  line(out, {end_of_line, "--", boundary, "--"});
  return out;
}

}  // namespace tubepost::message
