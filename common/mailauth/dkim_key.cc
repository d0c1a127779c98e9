#include "mailauth/dkim_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "base/base64.h"
#include "base/text.h"
#include "mailauth/tag_list.h"

namespace tubepost::mailauth {
namespace {

constexpr std::size_t ed25519_octets = 32;  // RFC 8463 4
constexpr int rsa_bits_most = 16384;        // what OpenSSL verifies at all

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Failure bad_key(std::string text) { return Failure::permanent(std::move(text), {5, 7, 0}); }

// p= is a SubjectPublicKeyInfo (RFC 6376 3.6.1, after errata 3017); some publish the bare RSAPublicKey of RFC
// 8017 A.1.1, which verifiers take, too.
Key read_rsa(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) {
    at = reinterpret_cast<const unsigned char*>(der.data());
    key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  }
  ERR_clear_error();
  return key && EVP_PKEY_base_id(key.get()) == EVP_PKEY_RSA ? std::move(key) : nullptr;
}

Result<int> bits_of(DkimKey::Algorithm algorithm, const std::string& key) {
  if (algorithm == DkimKey::Algorithm::ed25519)
    return key.size() == ed25519_octets ? Result<int>(256) : bad_key("p= is no Ed25519 key of 32 octets");
  const Key rsa = read_rsa(key);
  if (!rsa) return bad_key("p= is no RSA key");
  const int bits = EVP_PKEY_bits(rsa.get());
  if (bits <= 0 || bits > rsa_bits_most) return bad_key("an RSA key of " + std::to_string(bits) + " bits");
  return bits;
}

Result<DkimKey::Algorithm> algorithm_of(const std::string& name) {
  if (name == "rsa") return DkimKey::Algorithm::rsa;
  if (name == "ed25519") return DkimKey::Algorithm::ed25519;
  return bad_key("unknown key type k=" + printable(name, 40));
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// v= is optional, and must be the first tag if it is there.
Result<void> check_version(const TagList& tags) {
  const auto* const version = tags.find("v");
  if (!version) return {};
  if (*version != "DKIM1") return bad_key("v=" + printable(*version, 40) + " instead of v=DKIM1");
  if (tags.all().front().name != "v") return bad_key("v= is not the first tag");
  return {};
}

}  // namespace

bool DkimKey::allows_sha256() const { return hashes.empty() || has(hashes, "sha256"); }

Result<DkimKey> parse_dkim_key(std::string_view text) {
  if (text.size() > key_text_max) return bad_key("a record of " + std::to_string(text.size()) + " octets");
  const auto tags = TagList::parse(text);
  if (!tags) return tags.error();
  if (const auto version = check_version(*tags); !version) return version.error();
  const auto* const p = tags->find("p");
  if (!p) return bad_key("no p=, which holds the key");
  DkimKey key;
  const auto algorithm = algorithm_of(tags->value_or("k", "rsa"));
  if (!algorithm) return algorithm.error();
  key.algorithm = *algorithm;
  key.hashes = list_of(tags->value_or("h", ""), ':');
  const auto services = list_of(tags->value_or("s", "*"), ':');
  key.for_email = has(services, "*") || has(services, "email");
  const auto flags = list_of(tags->value_or("t", ""), ':');
  key.testing = has(flags, "y"), key.same_domain = has(flags, "s");
  const auto decoded = base64_decode(without_blanks(*p));
  if (!decoded) return bad_key("p= is not base64");
  key.key = *decoded;
  if (key.is_revoked()) return key;
  const auto bits = bits_of(key.algorithm, key.key);
  if (!bits) return bits.error();
  key.bits = *bits;
  return key;
}

std::string dkim_key_name(std::string_view selector, std::string_view domain) {
  return std::string(selector) + "._domainkey." + std::string(domain);
}

}  // namespace tubepost::mailauth
