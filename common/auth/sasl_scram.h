// SCRAM (RFC 5802, RFC 7677), both sides. The password never travels; each side proves to the other that it
// knows it, or what was made of it. With -PLUS the proof also holds the channel: whoever sits in the middle of
// TLS cannot pass it on.
#pragma once

#include "auth/sasl.h"

namespace tubepost::auth {

struct ScramKind {
  Hash hash = Hash::sha256;
  bool plus = false;  // SCRAM-…-PLUS
};

class ScramServer final : public SaslServer {
public:
  ScramServer(ScramKind kind, ScramLookup lookup, bool plus_offered, std::string nonce)
      : kind_(kind), lookup_(std::move(lookup)), plus_offered_(plus_offered), nonce_(std::move(nonce)) {}
  SaslStep step(std::optional<std::string_view> response) override;
  SaslStep bind(std::string_view data) override;

private:
  enum class Awaits { start, first, binding, final, acknowledgement, nothing } awaits_ = Awaits::start;
  SaslStep take_first(std::string_view message);
  SaslStep challenge();
  SaslStep take_final(std::string_view message);

  ScramKind kind_;
  ScramLookup lookup_;
  bool plus_offered_;
  std::string nonce_;  // ours; the client's stands in front of it after the first message
  std::string user_, binding_, client_first_bare_, server_first_;  // binding_: what c= must be, decoded
  ScramVerifier verifier_;
};

class ScramClient final : public SaslClient {
public:
  ScramClient(ScramKind kind, Login login, std::string nonce)
      : kind_(kind), login_(std::move(login)), nonce_(std::move(nonce)) {}
  std::optional<std::string> initial_response() override;
  Result<std::string> answer(std::string_view challenge) override;
  bool is_satisfied() const override { return satisfied_; }

private:
  std::string gs2_header() const;
  Result<std::string> prove(std::string_view server_first);
  Result<std::string> check_server(std::string_view server_final);

  ScramKind kind_;
  Login login_;
  std::string nonce_, client_first_bare_, server_signature_;
  bool satisfied_ = false;
};

}  // namespace tubepost::auth
