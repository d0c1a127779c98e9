// The four messages of SCRAM (RFC 5802 7) as values: strict parsers and their writers. Pure; views point into
// the argument.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::auth::scram {

inline constexpr std::size_t nonce_max = 256;

// client-first-message = gs2-header client-first-message-bare
struct ClientFirst {
  std::string_view gs2_header;  // with its two commas: what the final message's c= repeats
  char binding = 'n';           // 'n' none, 'y' the client could but thinks we cannot, 'p' asked for (-PLUS)
  std::string authzid, user;    // decoded saslnames
  std::string_view nonce;
  std::string_view bare;
};
std::optional<ClientFirst> parse_client_first(std::string_view message);

// server-first-message = nonce "," salt "," iteration-count
struct ServerFirst {
  std::string_view nonce;
  std::string salt;
  unsigned iterations = 0;
};
std::optional<ServerFirst> parse_server_first(std::string_view message);

// client-final-message = client-final-message-without-proof "," proof
struct ClientFinal {
  std::string channel_binding;  // decoded
  std::string_view nonce;
  std::string proof;  // decoded
  std::string_view without_proof;
};
std::optional<ClientFinal> parse_client_final(std::string_view message);

// server-final-message = server-error / verifier; nullopt for an error, too.
std::optional<std::string> parse_server_final(std::string_view message);

std::string encode_name(std::string_view name);                     // "," is "=2C", "=" is "=3D"
std::optional<std::string> decode_name(std::string_view saslname);  // never empty

}  // namespace tubepost::auth::scram
