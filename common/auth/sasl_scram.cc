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
    case Awaits::binding:
    case Awaits::nothing:
      break;
  }
  return Refused{"an unexpected SCRAM message"};
}

SaslStep ScramServer::take_first(std::string_view message) {
  const auto first = scram::parse_client_first(message);
  if (!first) return Refused{"broken SCRAM client-first-message"};
  // RFC 5802 6: 'p' with -PLUS and only there; 'y' where -PLUS was offered means that somebody hid the offer.
  if (first->binding == 'p' && !kind_.plus) return Refused{"channel binding was not offered"};
  if (first->binding != 'p' && kind_.plus) return Refused{"a -PLUS mechanism without channel binding"};
  if (first->binding == 'y' && plus_offered_)
    return Refused{"the client did not see that -PLUS was offered: somebody may sit between"};
  if (!first->authzid.empty() && first->authzid != first->user)
    return Refused{"another authorization identity was asked for"};
  auto verifier = lookup_(first->user);
  if (!verifier) return Refused{verifier.error().text, verifier.error().retry == Retry::later};
  user_ = first->user, verifier_ = std::move(*verifier);
  binding_ = first->gs2_header, client_first_bare_ = first->bare;
  nonce_.insert(0, first->nonce);
  if (!kind_.plus) return challenge();
  awaits_ = Awaits::binding;
  const auto flag = first->gs2_header.substr(2);  // behind "p="
  return AskBinding{std::string(flag.substr(0, flag.find(',')))};
}

SaslStep ScramServer::bind(std::string_view data) {
  if (std::exchange(awaits_, Awaits::nothing) != Awaits::binding)
    return Refused{"channel binding data nobody asked for"};
  if (data.empty()) return Refused{"the connection has no channel binding of that type"};
  binding_ += data;
  return challenge();
}

SaslStep ScramServer::challenge() {
  server_first_ =
      "r=" + nonce_ + ",s=" + base64_encode(verifier_.salt) + ",i=" + std::to_string(verifier_.iterations);
  awaits_ = Awaits::final;
  return Challenge{server_first_};
}

// RFC 5802 3: ClientKey := ClientProof XOR ClientSignature; it is right if H(ClientKey) is the StoredKey.
SaslStep ScramServer::take_final(std::string_view message) {
  const auto last = scram::parse_client_final(message);
  if (!last) return Refused{"broken SCRAM client-final-message"};
  if (!equal_in_constant_time(last->channel_binding, binding_))
    return Refused{"the SCRAM channel binding is another"};
  if (last->nonce != nonce_) return Refused{"the SCRAM nonce is not ours"};
  const std::string auth_message =
      client_first_bare_ + ',' + server_first_ + ',' + std::string(last->without_proof);
  const std::string signature = hmac(kind_.hash, verifier_.stored_key, auth_message);
  if (last->proof.size() != signature.size()) return Refused{"a SCRAM proof of the wrong length"};
  std::string client_key = exclusive_or(last->proof, signature);
  const Wiped guard(client_key);
  if (!equal_in_constant_time(digest(kind_.hash, client_key), verifier_.stored_key)) return Refused{"wrong password"};
  awaits_ = Awaits::acknowledgement;
  return Challenge{"v=" + base64_encode(hmac(kind_.hash, verifier_.server_key, auth_message))};
}

std::string ScramClient::gs2_header() const {
  return kind_.plus ? "p=" + login_.binding.type + ",," : "n,,";
}

std::optional<std::string> ScramClient::initial_response() {
  client_first_bare_ = "n=" + scram::encode_name(login_.user) + ",r=" + nonce_;
  return gs2_header() + client_first_bare_;
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
  std::string salted = hi(kind_.hash, login_.password.view(), first->salt, first->iterations);
  const Wiped salted_guard(salted);
  std::string client_key = hmac(kind_.hash, salted, "Client Key");
  const Wiped client_guard(client_key);
  const std::string binding = gs2_header() + (kind_.plus ? login_.binding.data : std::string());
  const std::string final_bare = "c=" + base64_encode(binding) + ",r=" + std::string(first->nonce);
  const std::string auth_message = client_first_bare_ + ',' + std::string(server_first) + ',' + final_bare;
  const std::string proof = exclusive_or(client_key, hmac(kind_.hash, digest(kind_.hash, client_key), auth_message));
  server_signature_ = hmac(kind_.hash, hmac(kind_.hash, salted, "Server Key"), auth_message);
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
