// authd.token-command: the program that knows whether a token is good (OAUTHBEARER, XOAUTH2), for example by asking
// the identity provider. Called as COMMAND… USER, with the token and a line end on stdin:
//   exit 0   it is good; the first line of stdout, if any, names the account (else it is USER, which may then not be empty)
//   exit 1   it is not
//   others   it cannot be said now
// No shell; the token stands neither in the arguments nor in the environment. Blocks for at most `limit`, then the
// program's whole process group is ended. Any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::authd {

struct TokenVerdict {
  bool good = false;
  std::string user;
};
Result<TokenVerdict> check_token(std::vector<std::string> command, const std::string& user, std::string_view token,
                                 std::chrono::milliseconds limit);

}  // namespace tubepost::authd
