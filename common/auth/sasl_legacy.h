// The old mechanisms: a challenge, and a keyed digest of it. Each needs a secret that is as good as the password
// (legacy_secrets.h), and none tells the client who the server is; for clients that know nothing better.
//   CRAM-MD5  RFC 2195     NTLM  MS-NLMP, version 2 alone: older responses are refused     APOP  RFC 1939 7
#pragma once

#include "auth/sasl.h"

namespace tubepost::auth {

class CramMd5Server final : public SaslServer {
public:
  CramMd5Server(LegacyLookup lookup, std::string_view hostname, std::string nonce);
  SaslStep step(std::optional<std::string_view> response) override;

private:
  LegacyLookup lookup_;
  std::string challenge_;
  bool asked_ = false;
};

class CramMd5Client final : public SaslClient {
public:
  explicit CramMd5Client(Login login) : login_(std::move(login)) {}
  std::optional<std::string> initial_response() override { return std::nullopt; }
  Result<std::string> answer(std::string_view challenge) override;
  bool is_satisfied() const override { return answered_; }

private:
  Login login_;
  bool answered_ = false;
};

class NtlmServer final : public SaslServer {
public:
  NtlmServer(LegacyLookup lookup, std::string challenge);  // 8 octets; empty: random
  SaslStep step(std::optional<std::string_view> response) override;

private:
  SaslStep negotiate(std::string_view message);
  SaslStep authenticate(std::string_view message);

  LegacyLookup lookup_;
  std::string challenge_;
  enum class Awaits { start, negotiate, authenticate, nothing } awaits_ = Awaits::start;
};

// Not a SASL mechanism: popd hands over timestamp NUL user NUL digest (16 octets), as Dovecot's login process does.
class ApopServer final : public SaslServer {
public:
  explicit ApopServer(LegacyLookup lookup) : lookup_(std::move(lookup)) {}
  SaslStep step(std::optional<std::string_view> response) override;

private:
  LegacyLookup lookup_;
};

// MS-NLMP 3.3.2: NTOWFv2 and the proof. Letters beyond ASCII are not raised: such names cannot log in by NTLM.
std::string ntlm_v2_proof(std::string_view nt_hash, std::string_view user_utf16, std::string_view domain_utf16,
                          std::string_view challenge, std::string_view blob);

}  // namespace tubepost::auth
