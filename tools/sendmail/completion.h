// What sendmail makes of a header: recipients out of it (-t), Bcc away, and what is missing added. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "message/address_list.h"

namespace tubepost::sendmail {

// Of To, Cc and Bcc; of the Resent- ones if there are any (RFC 5322 3.6.6). As written, "joe" and
// "joe@example.test". Permanent: a field cannot be read.
Result<std::vector<std::string>> recipients_in(std::string_view header);
std::string as_written(const message::Address& address);  // "joe" stays bare
std::string without_bcc(std::string_view header);         // Resent-Bcc as well

struct Author {
  std::string address;    // of the sender; empty: the null sender
  std::string full_name;  // -F
  std::string hostname;
  std::string default_domain;
};
// The fields From, Date, Message-ID that the header lacks, in front of it. Names without a domain get the
// host's in From and Sender, as who calls has it; elsewhere, as in the envelope, the default domain: an answer
// to all must find them.
std::string completed(std::string_view header, const Author& author, Timestamp now);

// A phrase (RFC 5322 3.2.5): quoted, or encoded (RFC 2047) where it has more than ASCII.
std::string phrase(std::string_view name);

}  // namespace tubepost::sendmail
