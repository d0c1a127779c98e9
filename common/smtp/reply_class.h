// What refusals of other servers mean to people (spec O11): a class, a line of advice, the web addresses a
// reply names, and whether it speaks of us - our address, our reputation - rather than of the message or its
// recipient, so that another way out, a smarthost, may help (O3). A table of words and codes, no I/O; for
// DSNs, mailq and the basic access test.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enhanced_status.h"

namespace tubepost::smtp {

enum class ReplyClass {
  other,
  no_reverse_name,  // our address has no reverse name, or one that does not lead back (the old "499")
  block_listed,
  dynamic_address,  // our address is a home's or cannot be verified
  unknown_user,
  disabled_user,
  quota,
  authentication_missing,
  tls_missing,
  sender_refused,  // SPF, DKIM, DMARC, the sender's domain
  content_refused,
  too_large,
  embargo,  // greylisting, rates: a matter of time
  login_failed,
  too_many_recipients,
  system_full,   // its disk
  relay_denied,  // it takes no mail for the recipient's domain from us
  policy
};
std::string_view to_text(ReplyClass reply_class);  // "no-reverse-name"

struct ReplyMeaning {
  ReplyClass reply_class = ReplyClass::other;
  std::string_view advice;  // one sentence; empty for other
  bool speaks_of_us = false;
  std::vector<std::string> links;  // http and https addresses in the reply, at most three
};

ReplyMeaning explain_reply(int code, std::optional<EnhancedStatus> status, std::string_view text);
std::vector<std::string> links_in(std::string_view text);

}  // namespace tubepost::smtp
