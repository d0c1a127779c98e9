#include "auth/sasl.h"

#include "auth/sasl_bearer.h"
#include "auth/sasl_legacy.h"
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

std::optional<ScramKind> scram_kind(std::string_view mechanism) {
  if (equal_ignoring_case(mechanism, "SCRAM-SHA-256")) return ScramKind{Hash::sha256, false};
  if (equal_ignoring_case(mechanism, "SCRAM-SHA-256-PLUS")) return ScramKind{Hash::sha256, true};
  if (equal_ignoring_case(mechanism, "SCRAM-SHA-1")) return ScramKind{Hash::sha1, false};
  if (equal_ignoring_case(mechanism, "SCRAM-SHA-1-PLUS")) return ScramKind{Hash::sha1, true};
  return std::nullopt;
}

}  // namespace

bool is_login_name(std::string_view user) {
  return !user.empty() && user.size() <= login_name_max && user.find('\0') == std::string_view::npos &&
         is_valid_utf8(user);
}

const std::vector<MechanismTraits>& known_mechanisms() {
  static const std::vector<MechanismTraits> mechanisms = {
      {"PLAIN", true, false},        {"LOGIN", true, false},          {"SCRAM-SHA-256", false, false},
      {"SCRAM-SHA-256-PLUS", false, true}, {"SCRAM-SHA-1", false, false}, {"SCRAM-SHA-1-PLUS", false, true},
      {"OAUTHBEARER", true, false},  {"XOAUTH2", true, false},        {"CRAM-MD5", false, false},
      {"NTLM", false, false},        {"APOP", false, false, true}};
  return mechanisms;
}

const MechanismTraits* find_mechanism(std::string_view name) {
  for (const auto& mechanism : known_mechanisms())
    if (equal_ignoring_case(mechanism.name, name)) return &mechanism;
  return nullptr;
}

std::unique_ptr<SaslServer> make_sasl_server(std::string_view mechanism, SaslLookups lookups,
                                             std::string server_nonce) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(mechanism, name); };
  if (is("PLAIN")) return std::make_unique<PlainServer>();
  if (is("LOGIN")) return std::make_unique<LoginServer>();
  if (is("OAUTHBEARER")) return std::make_unique<BearerServer>(BearerForm::oauthbearer);
  if (is("XOAUTH2")) return std::make_unique<BearerServer>(BearerForm::xoauth2);
  if (is("CRAM-MD5"))
    return std::make_unique<CramMd5Server>(std::move(lookups.legacy), lookups.hostname, std::move(server_nonce));
  if (is("NTLM")) return std::make_unique<NtlmServer>(std::move(lookups.legacy), std::move(server_nonce));
  if (is("APOP")) return std::make_unique<ApopServer>(std::move(lookups.legacy));
  const auto scram = scram_kind(mechanism);
  if (!scram) return nullptr;
  return std::make_unique<ScramServer>(*scram, std::move(lookups.scram), lookups.plus_offered,
                                       nonce_or_random(std::move(server_nonce)));
}

std::unique_ptr<SaslClient> make_sasl_client(std::string_view mechanism, Login login,
                                             std::string client_nonce) {
  const auto is = [&](std::string_view name) { return equal_ignoring_case(mechanism, name); };
  if (is("PLAIN")) return std::make_unique<PlainClient>(std::move(login));
  if (is("LOGIN")) return std::make_unique<LoginClient>(std::move(login));
  if (is("OAUTHBEARER")) return std::make_unique<BearerClient>(BearerForm::oauthbearer, std::move(login));
  if (is("XOAUTH2")) return std::make_unique<BearerClient>(BearerForm::xoauth2, std::move(login));
  if (is("CRAM-MD5")) return std::make_unique<CramMd5Client>(std::move(login));
  const auto scram = scram_kind(mechanism);
  if (!scram) return nullptr;
  return std::make_unique<ScramClient>(*scram, std::move(login), nonce_or_random(std::move(client_nonce)));
}

}  // namespace tubepost::auth
