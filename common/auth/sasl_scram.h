// SCRAM-SHA-256 (RFC 5802, RFC 7677), both sides. The password never travels; each side proves to the other
// that it knows it, or what was made of it. Channel binding (-PLUS) is not offered yet: its place is the
// check of the client's flag.
#pragma once

#include "auth/sasl.h"

namespace tubepost::auth {

class ScramServer final : public SaslServer {
public:
  ScramServer(ScramLookup lookup, std::string nonce) : lookup_(std::move(lookup)), nonce_(std::move(nonce)) {}
  SaslStep step(std::optional<std::string_view> response) override;

private:
  enum class Awaits { start, first, final, acknowledgement, nothing } awaits_ = Awaits::start;
  SaslStep take_first(std::string_view message);
  SaslStep take_final(std::string_view message);

  ScramLookup lookup_;
  std::string nonce_;  // ours; the client's stands in front of it after the first message
  std::string user_, gs2_header_, client_first_bare_, server_first_;
  ScramVerifier verifier_;
};

class ScramClient final : public SaslClient {
public:
  ScramClient(Login login, std::string nonce) : login_(std::move(login)), nonce_(std::move(nonce)) {}
  std::optional<std::string> initial_response() override;
  Result<std::string> answer(std::string_view challenge) override;
  bool is_satisfied() const override { return satisfied_; }

private:
  Result<std::string> prove(std::string_view server_first);
  Result<std::string> check_server(std::string_view server_final);

  Login login_;
  std::string nonce_, client_first_bare_, server_signature_;
  bool satisfied_ = false;
};

}  // namespace tubepost::auth
