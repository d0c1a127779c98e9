// Tokens in place of passwords: OAUTHBEARER (RFC 7628) and XOAUTH2, which Google had before it. Whether a token
// is good is for others to say (CheckToken). A refused token is answered with a JSON text as a challenge; the
// client sends one more response, and the exchange has failed (RFC 7628 3.2.3).
#pragma once

#include "auth/sasl.h"

namespace tubepost::auth {

enum class BearerForm { oauthbearer, xoauth2 };

class BearerServer final : public SaslServer {
public:
  explicit BearerServer(BearerForm form) : form_(form) {}
  SaslStep step(std::optional<std::string_view> response) override;
  std::string token_refused() override;

private:
  BearerForm form_;
  enum class Awaits { start, message, end, nothing } awaits_ = Awaits::start;
};

class BearerClient final : public SaslClient {
public:
  BearerClient(BearerForm form, Login login) : form_(form), login_(std::move(login)) {}
  std::optional<std::string> initial_response() override;
  Result<std::string> answer(std::string_view challenge) override;
  bool is_satisfied() const override { return true; }

private:
  BearerForm form_;
  Login login_;
};

// The message of either form; nullopt: broken.
struct BearerMessage {
  std::string user;  // OAUTHBEARER: the authzid, may be empty
  std::string_view token;
};
std::optional<BearerMessage> parse_bearer(BearerForm form, std::string_view message);

}  // namespace tubepost::auth
