#include "auth/sasl_scram.h"

#include "auth/scram_message.h"
#include "base/base64.h"

namespace tubepost::auth {

SaslStep ScramServer::step(std::optional<std::string_view> response) {
  const auto awaited = std::exchange(awaits_, Awaits::nothing);
  if (!response) {
    if (awaited != Awaits::start) return Refused{"a SCRAM message is missing"};
    awaits_ = Awaits::first;
    return Challenge{};
  }
  switch (awaited) {
    case Awaits::start:
    case Awaits::first:
      return take_first(*response);
    case Awaits::final:
      return take_final(*response);
    case Awaits::acknowledgement:
      // RFC 5802 10, RFC 4422 5: the server's proof went out as a challenge; the client answers it with
      // nothing.
      if (response->empty()) return Proved{user_};
      [[fallthrough]];
    case Awaits::nothing:
      break;
  }
  return Refused{"an unexpected SCRAM message"};
}

SaslStep ScramServer::take_first(std::string_view message) {
  const auto first = scram::parse_client_first(message);
  if (!first) return Refused{"broken SCRAM client-first-message"};
  // RFC 5802 6: 'p' is an error without -PLUS. 'y' would show a downgrade only if we had offered -PLUS.
  if (first->binding == 'p') return Refused{"channel binding was not offered"};
  if (!first->authzid.empty() && first->authzid != first->user)
    return Refused{"another authorization identity was asked for"};
  auto verifier = lookup_(first->user);
  if (!verifier) return Refused{verifier.error().text, verifier.error().retry == Retry::later};
  user_ = first->user, verifier_ = std::move(*verifier);
  gs2_header_ = first->gs2_header, client_first_bare_ = first->bare;
  nonce_.insert(0, first->nonce);
  server_first_ =
      "r=" + nonce_ + ",s=" + base64_encode(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
  awaits_ = Awaits::final;
  return Challenge{server_first_};
}

// RFC 5802 3: ClientKey := ClientProof XOR ClientSignature; it is right if H(ClientKey) is the StoredKey.
SaslStep ScramServer::take_final(std::string_view message) {
  const auto last = scram::parse_client_final(message);
  if (!last) return Refused{"broken SCRAM client-final-message"};
  if (last->channel_binding != gs2_header_)
    return Refused{"the SCRAM channel binding differs from the header"};
  if (last->nonce != nonce_) return Refused{"the SCRAM nonce is not ours"};
  const std::string auth_message =
      client_first_bare_ + ',' + server_first_ + ',' + std::string(last->without_proof);
  const std::string signature = hmac_sha256(verifier_.stored_key, auth_message);
  if (last->proof.size() != signature.size()) return Refused{"a SCRAM proof of the wrong length"};
  std::string client_key = exclusive_or(last->proof, signature);
  const Wiped guard(client_key);
  if (!equal_in_constant_time(sha256(client_key), verifier_.stored_key)) return Refused{"wrong password"};
  awaits_ = Awaits::acknowledgement;
  return Challenge{"v=" + base64_encode(hmac_sha256(verifier_.server_key, auth_message))};
}

std::optional<std::string> ScramClient::initial_response() {
  client_first_bare_ = "n=" + scram::encode_name(login_.user) + ",r=" + nonce_;
  return "n,," + client_first_bare_;
}

Result<std::string> ScramClient::answer(std::string_view challenge) {
  if (client_first_bare_.empty() && challenge.empty()) return *initial_response();
  return server_signature_.empty() ? prove(challenge) : check_server(challenge);
}

Result<std::string> ScramClient::prove(std::string_view server_first) {
  const auto first = scram::parse_server_first(server_first);
  if (!first || !first->nonce.starts_with(nonce_) || first->nonce.size() == nonce_.size())
    return Failure::permanent("SCRAM: the server's first message is broken or not meant for us");
  // A hostile server may not make us weak (RFC 7677 4) or busy for ever.
  if (first->iterations < scram_iterations_min || first->iterations > scram_iterations_max)
    return Failure::permanent("SCRAM: the server's iteration count is out of bounds");
  std::string salted = hi_sha256(login_.password.view(), first->salt, first->iterations);
  const Wiped salted_guard(salted);
  std::string client_key = hmac_sha256(salted, "Client Key");
  const Wiped client_guard(client_key);
  const std::string final_bare = "c=" + base64_encode("n,,") + ",r=" + std::string(first->nonce);
  const std::string auth_message = client_first_bare_ + ',' + std::string(server_first) + ',' + final_bare;
  const std::string proof = exclusive_or(client_key, hmac_sha256(sha256(client_key), auth_message));
  server_signature_ = hmac_sha256(hmac_sha256(salted, "Server Key"), auth_message);
  return final_bare + ",p=" + base64_encode(proof);
}

Result<std::string> ScramClient::check_server(std::string_view server_final) {
  const auto signature = scram::parse_server_final(server_final);
  if (satisfied_ || !signature || !equal_in_constant_time(*signature, server_signature_))
    return Failure::permanent("SCRAM: the server does not know the password");
  satisfied_ = true;
  return std::string();
}

}  // namespace tubepost::auth
