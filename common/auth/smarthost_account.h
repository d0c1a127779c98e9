// The account by which we log in at another server (mxsend.smarthost-auth). A file of lines NAME=VALUE, # comments: user,
// password; mechanism (the best the server has, if not given; XOAUTH2, with a token as password, only if given);
// tls=verify (the default: its certificate must be good), encrypt or may; clear-text=yes lets PLAIN and LOGIN go
// without TLS. Values.
#pragma once

#include <string>
#include <string_view>

#include "auth/sasl.h"
#include "base/result.h"

namespace tubepost::auth {

struct SmarthostAccount {
  std::string user, mechanism;
  Password password;
  enum class Tls { verify, encrypt, may } tls = Tls::verify;
  bool clear_text = false;
};
// A Failure names the file and the line, never its content; a file that others may read is refused.
Result<SmarthostAccount> read_smarthost_account(const std::string& path);
Result<SmarthostAccount> parse_smarthost_account(std::string_view text);

}  // namespace tubepost::auth
