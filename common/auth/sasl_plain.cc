#include "auth/sasl_plain.h"

#include "base/text.h"

namespace tubepost::auth {
namespace {

SaslStep check(std::string_view user, std::string_view password) {
  if (!is_login_name(user)) return Refused{"the user name is empty, too long or not UTF-8"};
  if (password.empty() || password.size() > password_max || password.find('\0') != std::string_view::npos)
    return Refused{"the password is empty, too long or contains NUL"};
  return CheckPassword{std::string(user), Password(password)};
}

}  // namespace

SaslStep PlainServer::step(std::optional<std::string_view> response) {
  if (!response && !asked_) return asked_ = true, Challenge{};
  if (!response || response->size() > sasl_response_max)
    return Refused{"a PLAIN response is missing or too long"};
  // RFC 4616 2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
  const auto parts = split(*response, '\0');
  if (parts.size() != 3) return Refused{"a PLAIN response has two NULs"};
  // Nobody may act for another: RFC 4616 2 lets the authorization identity be the same as the authentication
  // identity.
  if (!parts[0].empty() && parts[0] != parts[1])
    return Refused{"another authorization identity was asked for"};
  return check(parts[1], parts[2]);
}

SaslStep LoginServer::step(std::optional<std::string_view> response) {
  if (awaits_ == Awaits::start && !response) return awaits_ = Awaits::user, Challenge{"Username:"};
  if (!response || response->size() > sasl_response_max || awaits_ == Awaits::nothing)
    return Refused{"a LOGIN response is missing or too long"};
  if (awaits_ != Awaits::password) {
    user_ = *response;
    awaits_ = Awaits::password;
    return Challenge{"Password:"};
  }
  awaits_ = Awaits::nothing;
  return check(user_, *response);
}

std::optional<std::string> PlainClient::initial_response() {
  return '\0' + login_.user + '\0' + std::string(login_.password.view());
}

Result<std::string> PlainClient::answer(std::string_view challenge) {
  if (!challenge.empty()) return Failure::permanent("PLAIN: the server sent an unexpected challenge");
  return *initial_response();
}

// What the challenges say differs among servers; their order does not.
Result<std::string> LoginClient::answer(std::string_view) {
  switch (++answers_) {
    case 1:
      return login_.user;
    case 2:
      return std::string(login_.password.view());
    default:
      return Failure::permanent("LOGIN: the server sent a third challenge");
  }
}

}  // namespace tubepost::auth
