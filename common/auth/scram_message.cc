#include "auth/scram_message.h"

#include <algorithm>

#include "auth/sasl.h"
#include "base/base64.h"
#include "base/text.h"

namespace tubepost::auth::scram {
namespace {

// Reads attributes from left to right; what was wrong once stays wrong, so that a message is one conjunction.
class Attributes {
public:
  explicit Attributes(std::string_view message) : rest_(message), at_end_(false) {}

  // The value of the next attribute, which has to be `name`.
  std::optional<std::string_view> expect(char name) {
    if (at_end_ || rest_.size() < 2 || rest_[0] != name || rest_[1] != '=') return std::nullopt;
    const auto comma = rest_.find(',');
    const auto value = rest_.substr(2, comma == std::string_view::npos ? comma : comma - 2);
    at_end_ = comma == std::string_view::npos;
    rest_ = at_end_ ? std::string_view() : rest_.substr(comma + 1);
    return value;
  }

  // RFC 5802 5.1: attributes not known are ignored where extensions may stand, "m" alone demands a failure.
  bool skip_extensions(bool up_to_proof) {
    while (!at_end_) {
      if (up_to_proof && rest_.starts_with("p=")) return true;
      if (rest_.empty() || !is_alpha(rest_[0]) || rest_[0] == 'm' || !expect(rest_[0])) return false;
    }
    return !up_to_proof;
  }
  std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
  bool at_end_;
};

// printable = %x21-2B / %x2D-7E
bool is_nonce(std::string_view nonce) {
  return !nonce.empty() && nonce.size() <= nonce_max && std::all_of(nonce.begin(), nonce.end(), [](char c) {
    return is_printable_ascii(c) && c != ' ' && c != ',';
  });
}

// gs2-cbind-flag = ("p=" cb-name) / "n" / "y"; cb-name = 1*(ALPHA / DIGIT / "." / "-")
bool is_binding_flag(std::string_view flag) {
  if (flag == "n" || flag == "y") return true;
  return flag.size() > 2 && flag.starts_with("p=") && std::all_of(flag.begin() + 2, flag.end(), [](char c) {
           return is_alpha(c) || is_digit(c) || c == '.' || c == '-';
         });
}

// gs2-header = gs2-cbind-flag "," [ authzid ] ","
bool parse_header(std::string_view message, ClientFirst& first) {
  const auto flag_end = message.find(',');
  if (flag_end == std::string_view::npos || !is_binding_flag(message.substr(0, flag_end))) return false;
  const auto authzid_end = message.find(',', flag_end + 1);
  if (authzid_end == std::string_view::npos) return false;
  first.binding = message[0];
  first.gs2_header = message.substr(0, authzid_end + 1);
  first.bare = message.substr(authzid_end + 1);
  const auto authzid = message.substr(flag_end + 1, authzid_end - flag_end - 1);
  if (authzid.empty()) return true;
  auto name = authzid.starts_with("a=") ? decode_name(authzid.substr(2)) : std::nullopt;
  if (name) first.authzid = std::move(*name);
  return name.has_value();
}

}  // namespace

std::optional<ClientFirst> parse_client_first(std::string_view message) {
  ClientFirst first;
  if (message.size() > sasl_response_max || !parse_header(message, first)) return std::nullopt;
  Attributes attributes(first.bare);
  // A reserved "m=" in front is a mandatory extension that we do not know: expect() refuses it (RFC
  // 5802 5.1).
  const auto name = attributes.expect('n'), nonce = attributes.expect('r');
  if (!name || !nonce || !is_nonce(*nonce) || !attributes.skip_extensions(false)) return std::nullopt;
  auto user = decode_name(*name);
  if (!user || user->size() > login_name_max) return std::nullopt;
  first.user = std::move(*user);
  first.nonce = *nonce;
  return first;
}

std::optional<ServerFirst> parse_server_first(std::string_view message) {
  Attributes attributes(message);
  const auto nonce = attributes.expect('r'), salt = attributes.expect('s'), count = attributes.expect('i');
  if (!nonce || !salt || !count || !is_nonce(*nonce) || !attributes.skip_extensions(false))
    return std::nullopt;
  auto octets = base64_decode(*salt);
  const auto iterations = parse_number<unsigned>(*count);
  if (!octets || octets->empty() || !iterations || *iterations == 0) return std::nullopt;
  return ServerFirst{*nonce, std::move(*octets), *iterations};
}

std::optional<ClientFinal> parse_client_final(std::string_view message) {
  if (message.size() > sasl_response_max) return std::nullopt;
  Attributes attributes(message);
  const auto binding = attributes.expect('c'), nonce = attributes.expect('r');
  if (!binding || !nonce || !is_nonce(*nonce) || !attributes.skip_extensions(true)) return std::nullopt;
  const auto before_proof = message.size() - attributes.rest().size() - 1;  // without the comma
  const auto proof = attributes.expect('p');
  auto decoded_binding = base64_decode(*binding),
       decoded_proof = proof ? base64_decode(*proof) : std::nullopt;
  // The proof is the last attribute; nothing may follow it (RFC 5802 7).
  if (!decoded_binding || !decoded_proof || !attributes.rest().empty() || message.ends_with(','))
    return std::nullopt;
  return ClientFinal{std::move(*decoded_binding), *nonce, std::move(*decoded_proof),
                     message.substr(0, before_proof)};
}

std::optional<std::string> parse_server_final(std::string_view message) {
  Attributes attributes(message);
  const auto verifier = attributes.expect('v');
  if (!verifier || !attributes.skip_extensions(false)) return std::nullopt;
  return base64_decode(*verifier);
}

std::string encode_name(std::string_view name) {
  std::string text;
  for (const char c : name) text += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
  return text;
}

std::optional<std::string> decode_name(std::string_view saslname) {
  std::string name;
  for (std::size_t i = 0; i < saslname.size(); ++i) {
    const char c = saslname[i];
    if (c == '\0' || c == ',') return std::nullopt;
    if (c != '=') {
      name += c;
      continue;
    }
    // RFC 5802 5.1: "=" followed by anything but 2C and 3D fails the authentication.
    const auto escape = saslname.substr(i + 1, 2);
    if (escape != "2C" && escape != "3D") return std::nullopt;
    name += escape == "2C" ? ',' : '=';
    i += 2;
  }
  if (name.empty() || !is_valid_utf8(name)) return std::nullopt;
  return name;
}

}  // namespace tubepost::auth::scram
