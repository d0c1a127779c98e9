// One message on its way in: from MAIL to the end of DATA (RFC 5321 3.3). Forgotten by RSET, EHLO, STARTTLS and its own end.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "spool/envelope.h"

namespace tubepost::smtpd {

struct Transaction {
  std::string reverse_path;  // "" is the null reverse-path
  spool::BodyType body_type = spool::BodyType::seven_bit;
  std::vector<spool::NewRecipient> recipients;
  std::set<std::string> addresses;  // of recipients: one given twice is delivered once
};

}  // namespace tubepost::smtpd
