// The arguments of MAIL and RCPT (RFC 5321 4.1.1.2, 4.1.1.3, 4.1.2): a path and its ESMTP parameters. Pure:
// text in, value or Failure out. A Failure's text is for the client; its status is 5.1.7 (a bad sender
// address), 5.1.3 (a bad recipient address), 5.6.7 (beyond ASCII without SMTPUTF8, RFC 6531 3.5) or 5.5.4 (a
// bad parameter).
//
// Source routes are taken and ignored (RFC 5321 4.1.2, appendix C). Tolerated, and marked sloppy for the log:
// blanks between
// ':' and '<' and more than one between parameters, which are common and harmless. Not tolerated: an address
// without <>.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "smtp/mailbox.h"

namespace tubepost::smtp {

inline constexpr std::size_t parameters_max = 32;

struct Parameter {
  std::string keyword;               // as it came; compare without regard to case
  std::optional<std::string> value;  // never empty where there is one; xtext still encoded
};

struct PathCommand {
  std::optional<Mailbox>
      mailbox;  // nullopt: the null reverse-path <>; an empty domain: <postmaster> (RCPT only)
  std::vector<Parameter> parameters;  // no keyword twice
  bool smtputf8 = false;              // MAIL: the parameter was given
  bool sloppy = false;

  const Parameter* find(std::string_view keyword) const;  // nullptr: not given
};

// `arguments` is what stands behind the verb: "FROM:<joe@example.test> SIZE=1000".
Result<PathCommand> parse_mail_command(std::string_view arguments);
// `allow_utf8`: the transaction's MAIL had SMTPUTF8.
Result<PathCommand> parse_rcpt_command(std::string_view arguments, bool allow_utf8 = false);

// RFC 3461 4: "+2B" is "+"; hexchars in capitals only. nullopt: broken, or a character that xtext has not.
std::optional<std::string> decode_xtext(std::string_view text);
std::string encode_xtext(std::string_view text);

}  // namespace tubepost::smtp
