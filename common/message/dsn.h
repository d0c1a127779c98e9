// Delivery status notifications: multipart/report (RFC 6522) with a part for people, message/delivery-status
// (RFC 3464) and what is returned of the message (RFC 3461 4.3). A value in, the text of a message out; what
// is owed to whom, and the envelope, are the caller's matter.
//
// Every byte that came from outside is made printable and its lines are bounded, so that a reply text or an
// address cannot add fields or parts. Threading: pure functions of values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/enhanced_status.h"

namespace tubepost::message {

enum class DsnAction { failed, delayed, delivered, relayed, expanded };  // RFC 3464 2.3.3
std::string_view to_text(DsnAction action);

struct DsnRecipient {
  std::string address;   // Final-Recipient
  std::string original;  // the address the sender wrote, where it differs (an alias); for the part for people
  std::string orcpt;     // RFC 3461 4.2 as given in RCPT, "rfc822;" and xtext; empty: no Original-Recipient
  DsnAction action = DsnAction::failed;
  EnhancedStatus status{5, 0, 0};
  std::string diagnostic;     // the last answer, one line; empty: none
  bool said_by_smtp = false;  // the diagnostic is a server's reply: Diagnostic-Code type smtp
  std::string remote_mta;     // who said it; empty: we did
  std::optional<Timestamp> last_attempt;
  std::optional<Timestamp> retry_until;  // RFC 3464 2.3.9, of a delayed one
  std::string advice;                    // a sentence for people on what the diagnostic means; empty: none
};

struct Dsn {
  std::string reporting_mta;  // our host name; also the domain of From and Message-ID
  std::string to;             // the reverse-path of the message
  std::string message_id;     // left of the @
  Timestamp now, arrival;
  std::optional<std::string> envelope_id;  // RFC 3461 4.4, decoded
  std::optional<Timestamp> deliver_by;     // RFC 2852 5
  std::optional<Timestamp> released;       // RFC 4865 5.1.2: it was held until then
  std::vector<DsnRecipient> recipients;    // at least one
  std::string_view returned;               // the message, CRLF line ends; empty: it is gone
  bool return_full = false;                // else its header only
  bool utf8 = false;                       // RFC 6533: its sender takes UTF-8 in the parts of the report, too
};

// A whole message with CRLF line ends. It has bytes beyond ASCII only where the returned part has, or `to`, or it is
// for somebody who takes them (utf8).
std::string write_dsn(const Dsn& dsn);

// RFC 3461 4: "+2B" is "+". Broken escapes stand for themselves, as a DSN should rather be sent than be
// right.
std::string decode_xtext(std::string_view text);

}  // namespace tubepost::message
