#include "auth/verifier.h"

#include <array>

#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

constexpr std::string_view sha256_label = "SCRAM-SHA-256$", sha1_label = "SCRAM-SHA-1$", sealed_label = "SEALED$";
constexpr std::size_t salt_size = 16, crypt_text_max = 384, sealed_max = 4096;

bool is_strong_crypt(std::string_view text) {
  constexpr std::array<std::string_view, 6> methods = {"$y$", "$gy$", "$7$", "$6$", "$5$", "$2b$"};
  if (text.size() > crypt_text_max) return false;
  for (const char c : text)
    if (!is_printable_ascii(c) || c == ' ' || c == ':') return false;
  for (const auto method : methods)
    if (text.starts_with(method) && text.size() > method.size()) return true;
  return false;
}

// The two halves around the first `separator`; nullopt: there is none.
std::optional<std::pair<std::string_view, std::string_view>> halves(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

// What follows the label.
std::optional<ScramVerifier> parse_scram(std::string_view text, std::size_t digest_size) {
  const auto parts = halves(text, '$');
  if (!parts) return std::nullopt;
  const auto cost = halves(parts->first, ':'), keys = halves(parts->second, ':');
  if (!cost || !keys) return std::nullopt;
  const auto iterations = parse_number<unsigned>(cost->first);
  auto salt = base64_decode(cost->second), stored = base64_decode(keys->first),
       server = base64_decode(keys->second);
  if (!iterations || *iterations < scram_iterations_min || *iterations > scram_iterations_max)
    return std::nullopt;
  if (!salt || salt->empty() || salt->size() > 128) return std::nullopt;
  if (!stored || !server || stored->size() != digest_size || server->size() != digest_size)
    return std::nullopt;
  return ScramVerifier{std::move(*salt), *iterations, std::move(*stored), std::move(*server)};
}

bool parse_word(std::string_view word, Verifiers& into) {
  const auto scram = [&](std::string_view label, Hash hash, std::optional<ScramVerifier>& place) {
    if (place) return false;
    place = parse_scram(word.substr(label.size()), size_of(hash));
    return place.has_value();
  };
  if (word.starts_with(sha256_label)) return scram(sha256_label, Hash::sha256, into.scram);
  if (word.starts_with(sha1_label)) return scram(sha1_label, Hash::sha1, into.scram_sha1);
  if (!word.starts_with(sealed_label) || !into.sealed.empty()) return false;
  auto sealed = base64_decode(word.substr(sealed_label.size()));
  if (!sealed || sealed->empty() || sealed->size() > sealed_max) return false;
  into.sealed = std::move(*sealed);
  return true;
}

std::string to_word(std::string_view label, const ScramVerifier& scram) {
  return ' ' + std::string(label) + std::to_string(scram.iterations) + ':' + base64_encode(scram.salt) + '$' +
         base64_encode(scram.stored_key) + ':' + base64_encode(scram.server_key);
}

}  // namespace

std::string Verifiers::to_text() const {
  std::string text = crypt;
  if (scram) text += to_word(sha256_label, *scram);
  if (scram_sha1) text += to_word(sha1_label, *scram_sha1);
  if (!sealed.empty()) text += ' ' + std::string(sealed_label) + base64_encode(sealed);
  return text;
}

std::optional<Verifiers> parse_verifiers(std::string_view text) {
  auto blank = text.find(' ');
  Verifiers verifiers{std::string(text.substr(0, blank)), std::nullopt};
  if (!is_strong_crypt(verifiers.crypt)) return std::nullopt;
  while (blank != std::string_view::npos) {
    text.remove_prefix(blank + 1);
    blank = text.find(' ');
    if (!parse_word(text.substr(0, blank), verifiers)) return std::nullopt;
  }
  return verifiers;
}

Result<void> check_password_rules(std::string_view password) {
  constexpr EnhancedStatus bad_data{5, 6, 0};
  if (password.empty()) return Failure::permanent("the password is empty", bad_data);
  if (password.size() > password_max) return Failure::permanent("the password is longer than 1024 octets", bad_data);
  if (password.find('\0') != std::string_view::npos) return Failure::permanent("the password contains NUL", bad_data);
  // RFC 4616 2 and RFC 5802 5.1 carry passwords as UTF-8; others could never be typed in by a client.
  if (!is_valid_utf8(password)) return Failure::permanent("the password is not UTF-8", bad_data);
  return {};
}

Result<Verifiers> make_verifiers(std::string_view password) {
  if (auto allowed = check_password_rules(password); !allowed) return std::move(allowed).error();
  auto hash = crypt_password(password, new_yescrypt_setting());
  if (!hash) return Failure::temporary("libcrypt cannot make a yescrypt hash of this password");
  return Verifiers{std::move(*hash),
                   make_scram_verifier(password, random_bytes(salt_size), scram_iterations, Hash::sha256),
                   make_scram_verifier(password, random_bytes(salt_size), scram_iterations, Hash::sha1)};
}

// RFC 5802 3: SaltedPassword := Hi(password, salt, i); StoredKey := H(HMAC(SaltedPassword, "Client Key")).
ScramVerifier make_scram_verifier(std::string_view password, std::string salt, unsigned iterations, Hash hash) {
  std::string salted = hi(hash, password, salt, iterations);
  const Wiped salted_guard(salted);
  std::string client_key = hmac(hash, salted, "Client Key");
  const Wiped client_guard(client_key);
  return {std::move(salt), iterations, digest(hash, client_key), hmac(hash, salted, "Server Key")};
}

bool matches(const std::string& crypt, std::string_view password) {
  const auto hash = crypt_password(password, crypt);
  return hash && equal_in_constant_time(*hash, crypt);
}

}  // namespace tubepost::auth
