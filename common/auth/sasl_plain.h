// PLAIN (RFC 4616) and LOGIN, both sides. The password travels as it is: the daemons offer these only under
// TLS (A6).
#pragma once

#include "auth/sasl.h"

namespace tubepost::auth {

class PlainServer final : public SaslServer {
public:
  SaslStep step(std::optional<std::string_view> response) override;

private:
  bool asked_ = false;
};

// "Username:" and "Password:", as clients expect to the letter. An initial response is the user name.
class LoginServer final : public SaslServer {
public:
  SaslStep step(std::optional<std::string_view> response) override;

private:
  enum class Awaits { start, user, password, nothing } awaits_ = Awaits::start;
  std::string user_;
};

class PlainClient final : public SaslClient {
public:
  explicit PlainClient(Login login) : login_(std::move(login)) {}
  std::optional<std::string> initial_response() override;
  Result<std::string> answer(std::string_view challenge) override;
  bool is_satisfied() const override { return true; }

private:
  Login login_;
};

class LoginClient final : public SaslClient {
public:
  explicit LoginClient(Login login) : login_(std::move(login)) {}
  std::optional<std::string> initial_response() override { return std::nullopt; }
  Result<std::string> answer(std::string_view challenge) override;
  bool is_satisfied() const override { return answers_ == 2; }

private:
  Login login_;
  int answers_ = 0;
};

}  // namespace tubepost::auth
