#include "auth/legacy_secrets.h"

#include <array>

#include "base/base64.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

struct Name {
  Legacy kind;
  std::string_view text;
  std::string LegacySecrets::*place;
};
constexpr std::array<Name, 3> names{{{Legacy::cram_md5, "cram-md5", &LegacySecrets::cram_md5},
                                     {Legacy::ntlm, "ntlm", &LegacySecrets::nt_hash},
                                     {Legacy::apop, "apop", &LegacySecrets::password}}};

const Name* find(std::string_view text) {
  for (const auto& name : names)
    if (name.text == text) return &name;
  return nullptr;
}

}  // namespace

std::optional<LegacySet> parse_legacy_set(std::string_view text) {
  LegacySet set = 0;
  if (text.empty()) return set;
  for (const auto word : split(text, ',')) {
    const auto* name = find(word);
    if (!name) return std::nullopt;
    set |= static_cast<unsigned>(name->kind);
  }
  return set;
}

std::string to_text(LegacySet set) {
  std::string text;
  for (const auto& name : names)
    if (has(set, name.kind)) text += (text.empty() ? "" : ",") + std::string(name.text);
  return text;
}

Result<LegacySecrets> make_legacy_secrets(std::string_view password, LegacySet kinds) {
  LegacySecrets secrets;
  if (has(kinds, Legacy::cram_md5)) secrets.cram_md5 = cram_md5_states(password);
  if (has(kinds, Legacy::apop)) secrets.password = password;
  if (!has(kinds, Legacy::ntlm)) return secrets;
  auto hash = nt_hash(password);
  if (!hash) return Failure::temporary("NTLM needs MD4, and OpenSSL's legacy provider cannot be loaded");
  secrets.nt_hash = std::move(*hash);
  return secrets;
}

std::string encode(const LegacySecrets& secrets) {
  std::string text;
  for (const auto& name : names)
    if (const auto& value = secrets.*name.place; !value.empty())
      text += std::string(name.text) + '=' + base64_encode(value) + '\n';
  return text;
}

std::optional<LegacySecrets> decode_legacy_secrets(std::string_view text) {
  LegacySecrets secrets;
  while (!text.empty()) {
    const auto end = text.find('\n'), equals = text.find('=');
    if (end == std::string_view::npos || equals == std::string_view::npos || equals > end) return std::nullopt;
    const auto* name = find(text.substr(0, equals));
    auto value = base64_decode(text.substr(equals + 1, end - equals - 1));
    if (!name || !value) return std::nullopt;
    secrets.*name->place = std::move(*value);
    text.remove_prefix(end + 1);
  }
  return secrets;
}

}  // namespace tubepost::auth
