#include "auth/sasl_bearer.h"

#include <algorithm>

#include "auth/scram_message.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

constexpr char separator = '\001';  // RFC 7628 3.1: kvsep

// RFC 6750 2.1: b64token.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

// "key=value" pairs, each ended by a separator, and one separator more at the end.
std::optional<std::string_view> find_pair(std::string_view pairs, std::string_view name) {
  std::optional<std::string_view> found;
  while (!pairs.empty() && pairs != std::string_view(&separator, 1)) {
    const auto end = pairs.find(separator);
    const auto equals = pairs.find('=');
    if (end == std::string_view::npos || equals > end) return std::nullopt;
    if (pairs.substr(0, equals) == name) found = pairs.substr(equals + 1, end - equals - 1);
    pairs.remove_prefix(end + 1);
  }
  return pairs.empty() ? std::nullopt : found;
}

// gs2-header = ("n" / "y") "," [ "a=" saslname ] ","   (channel binding is not for tokens here)
bool take_header(std::string_view& message, std::string& user) {
  const auto begin = message.find(','), end = message.find(',', begin + 1);
  if (begin == std::string_view::npos || end == std::string_view::npos) return false;
  const auto flag = message.substr(0, begin), authzid = message.substr(begin + 1, end - begin - 1);
  message.remove_prefix(end + 1);
  if ((flag != "n" && flag != "y") || !message.starts_with(separator)) return false;
  message.remove_prefix(1);
  if (authzid.empty()) return true;
  auto name = authzid.starts_with("a=") ? scram::decode_name(authzid.substr(2)) : std::nullopt;
  if (name) user = std::move(*name);
  return name.has_value();
}

}  // namespace

std::optional<BearerMessage> parse_bearer(BearerForm form, std::string_view message) {
  if (message.size() > sasl_response_max) return std::nullopt;
  BearerMessage found;
  if (form == BearerForm::oauthbearer && !take_header(message, found.user)) return std::nullopt;
  const auto credentials = find_pair(message, "auth");
  if (form == BearerForm::xoauth2) {
    const auto user = find_pair(message, "user");
    if (!user) return std::nullopt;
    found.user = *user;
  }
  constexpr std::string_view scheme = "Bearer ";  // RFC 6750 2.1; the scheme has no case
  if (!credentials || !starts_with_ignoring_case(*credentials, scheme)) return std::nullopt;
  found.token = trim(credentials->substr(scheme.size()));
  const bool named = form == BearerForm::xoauth2 || !found.user.empty();
  if (!is_token(found.token) || (named && !is_login_name(found.user))) return std::nullopt;
  return found;
}

SaslStep BearerServer::step(std::optional<std::string_view> response) {
  const auto awaited = std::exchange(awaits_, Awaits::nothing);
  if (awaited == Awaits::end) return Refused{"the token was refused"};
  if (!response && awaited == Awaits::start) return awaits_ = Awaits::message, Challenge{};
  if (!response || awaited == Awaits::nothing) return Refused{"a message with a token is missing"};
  auto message = parse_bearer(form_, *response);
  if (!message) return Refused{"a broken message with a token"};
  return CheckToken{std::move(message->user), Password(message->token)};
}

std::string BearerServer::token_refused() {
  awaits_ = Awaits::end;
  return form_ == BearerForm::oauthbearer ? R"({"status":"invalid_token"})"
                                          : R"({"status":"401","schemes":"bearer"})";
}

std::optional<std::string> BearerClient::initial_response() {
  const std::string credentials = "auth=Bearer " + std::string(login_.password.view()) + separator + separator;
  if (form_ == BearerForm::xoauth2) return "user=" + login_.user + separator + credentials;
  return "n,a=" + scram::encode_name(login_.user) + ',' + separator + credentials;
}

// What comes after the first message is the reason of a refusal (RFC 7628 3.2.3).
Result<std::string> BearerClient::answer(std::string_view challenge) {
  if (challenge.empty()) return *initial_response();
  return form_ == BearerForm::oauthbearer ? std::string(1, separator) : std::string();
}

}  // namespace tubepost::auth
