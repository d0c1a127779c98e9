// What a server says in answer to EHLO or LHLO (RFC 5321 4.1.1.1) that matters to a client. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "smtp/reply.h"

namespace tubepost::smtp {

struct Extensions {
  bool esmtp = false;  // EHLO was understood
  bool pipelining = false, eight_bit_mime = false, smtputf8 = false, dsn = false, starttls = false;
  bool chunking = false, binary_mime = false, require_tls = false;
  bool size = false;
  std::optional<std::uint64_t> size_max;  // RFC 1870 4; 0 and none are no limit
  std::optional<std::size_t> rcpt_max;    // RFC 9422 LIMITS: in a transaction
  std::optional<std::size_t> rcpt_domain_max;  // domains of recipients in a session
  bool deliver_by = false;                // RFC 2852 DELIVERBY
  std::uint64_t deliver_by_min = 0;       // seconds that it wants at least, where the mode is R
  std::vector<std::string> mechanisms;    // of AUTH, capitals

  bool has_mechanism(std::string_view name) const;
};

Extensions parse_extensions(const Reply& hello);

}  // namespace tubepost::smtp
