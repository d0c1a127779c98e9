// One message on its way in: from MAIL to the end of DATA (RFC 5321 3.3). Forgotten by RSET, EHLO, STARTTLS, XCLIENT and its own
// end.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "smtp/reply.h"
#include "smtpd/chunks.h"
#include "spool/envelope.h"

namespace tubepost::smtpd {

// A refusal that waits for RCPT, where a recipient's allow list may still save the message (issue 6).
struct Refusal {
  smtp::Reply reply;
  std::string rule;
  bool for_strangers = false;  // a list that allows the message saves it from this
};

// What policy services want done with a message besides taking or refusing it (access(5) of Postfix).
struct Effects {
  std::vector<std::string> prepended;  // PREPEND: whole fields
  std::vector<std::string> bcc;
  std::string hold;      // why; empty: it is not held
  std::string redirect;  // empty: it goes where it was sent
  std::string discard;   // who said so; empty: it is not thrown away
  std::optional<Refusal> refusal;        // of connect or MAIL
  std::optional<Refusal> if_permitted;   // DEFER_IF_PERMIT
  std::optional<Refusal> if_refused;     // DEFER_IF_REJECT
  std::vector<spool::Event> decisions;   // for `mailq trace`
};

struct Transaction {
  spool::Envelope envelope;  // what MAIL says of it
  std::uint64_t declared_size = 0;
  std::vector<spool::NewRecipient> recipients;
  std::string identity;        // whom the recipient at hand leads to
  std::set<std::string> seen;  // those of all recipients: one given twice is delivered once
  bool layers_asked = false;  // about the message; about each recipient they are asked anew
  std::optional<Refusal> too_much{};  // of the messages in an hour: for each of its recipients
  bool is_allowed = false;    // a list allows it for the recipient at hand (S4)
  unsigned accepted_rcpts = 0;      // LMTP owes each its reply (RFC 2033 4.2)
  Effects effects;
  std::unique_ptr<Chunks> chunks;  // since the first BDAT
};

}  // namespace tubepost::smtpd
