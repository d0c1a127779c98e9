// Every mechanism, both sides, given a hostile peer: the input is cut at 0xFE into what the peer says. Nobody
// may be let in by SCRAM without the password, and no server be believed without it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "auth/sasl.h"
#include "base/text.h"

namespace auth = tubepost::auth;

namespace {

const auth::ScramVerifier& verifier() {
  static const auto made = auth::make_scram_verifier("a password nobody guesses", "0123456789abcdef", 4096);
  return made;
}

void play_server(std::string_view mechanism, const std::vector<std::string_view>& said) {
  auth::SaslLookups lookups;
  lookups.scram = [](const std::string&) -> tubepost::Result<auth::ScramVerifier> { return verifier(); };
  lookups.legacy = [](const std::string&) -> tubepost::Result<std::string> { return std::string(32, 's'); };
  const auto server = auth::make_sasl_server(mechanism, std::move(lookups), "8 octets");
  for (const auto response : said) {
    auto step = server->step(response);
    if (std::holds_alternative<auth::AskBinding>(step)) step = server->bind(response);
    if (std::holds_alternative<auth::CheckToken>(step)) server->token_refused();
    if (std::holds_alternative<auth::Proved>(step)) std::abort();
    const auto* login = std::get_if<auth::CheckPassword>(&step);
    if (login && (login->user.empty() || login->user.size() > auth::login_name_max ||
                  login->password.view().size() > auth::password_max))
      std::abort();
  }
}

void play_client(std::string_view mechanism, const std::vector<std::string_view>& said) {
  const auto client = auth::make_sasl_client(mechanism, {"user", auth::Password("pencil")}, "nonce");
  if (!client) return;
  client->initial_response();
  for (const auto challenge : said) {
    // Iterations cost time by design; the bound is tested elsewhere.
    if (challenge.find("i=") != std::string_view::npos && challenge.find("i=4096") == std::string_view::npos)
      return;
    if (!client->answer(challenge)) return;
    if (mechanism == "SCRAM-SHA-256" && client->is_satisfied()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  auto said = tubepost::split(input, '\xfe');
  if (said.size() > 8) said.resize(8);
  for (const std::string_view mechanism : {"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "OAUTHBEARER", "XOAUTH2", "CRAM-MD5", "NTLM", "APOP"}) {
    play_server(mechanism, said);
    play_client(mechanism, said);
  }
  (void)auth::parse_verifiers(input);
  return 0;
}
