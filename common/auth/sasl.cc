#include "auth/sasl.h"

#include "auth/sasl_plain.h"
#include "auth/sasl_scram.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

// RFC 5802 5.1: printable without comma, never used again.
std::string nonce_or_random(std::string nonce) {
  return nonce.empty() ? base64_encode(random_bytes(18)) : nonce;
}

}  // namespace

const std::vector<MechanismTraits>& known_mechanisms() {
  static const std::vector<MechanismTraits> mechanisms = {
      {"PLAIN", true, false}, {"LOGIN", true, false}, {"SCRAM-SHA-256", false, false}};
  return mechanisms;
}

const MechanismTraits* find_mechanism(std::string_view name) {
  for (const auto& mechanism : known_mechanisms())
    if (equal_ignoring_case(mechanism.name, name)) return &mechanism;
  return nullptr;
}

std::unique_ptr<SaslServer> make_sasl_server(std::string_view mechanism, ScramLookup lookup,
                                             std::string server_nonce) {
  if (equal_ignoring_case(mechanism, "PLAIN")) return std::make_unique<PlainServer>();
  if (equal_ignoring_case(mechanism, "LOGIN")) return std::make_unique<LoginServer>();
  if (equal_ignoring_case(mechanism, "SCRAM-SHA-256"))
    return std::make_unique<ScramServer>(std::move(lookup), nonce_or_random(std::move(server_nonce)));
  return nullptr;
}

std::unique_ptr<SaslClient> make_sasl_client(std::string_view mechanism, Login login,
                                             std::string client_nonce) {
  if (equal_ignoring_case(mechanism, "PLAIN")) return std::make_unique<PlainClient>(std::move(login));
  if (equal_ignoring_case(mechanism, "LOGIN")) return std::make_unique<LoginClient>(std::move(login));
  if (equal_ignoring_case(mechanism, "SCRAM-SHA-256"))
    return std::make_unique<ScramClient>(std::move(login), nonce_or_random(std::move(client_nonce)));
  if (equal_ignoring_case(mechanism, "CRAM-MD5")) return std::make_unique<CramMd5Client>(std::move(login));
  if (equal_ignoring_case(mechanism, "XOAUTH2")) return std::make_unique<XOAuth2Client>(std::move(login));
  return nullptr;
}

}  // namespace tubepost::auth
