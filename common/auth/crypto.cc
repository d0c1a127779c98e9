#include "auth/crypto.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "auth/octets.h"
#include "base/base64.h"

namespace tubepost::auth {
namespace {

const EVP_MD* algorithm(Hash hash) { return hash == Hash::sha1 ? EVP_sha1() : EVP_sha256(); }

// Only a lack of memory makes these fail; to go on with zeros in place of a MAC would be worse than to end.
std::string mac_of(const EVP_MD* algorithm, std::string_view key, std::string_view bytes) {
  std::string mac(static_cast<std::size_t>(EVP_MD_get_size(algorithm)), '\0');
  unsigned size = 0;
  if (!HMAC(algorithm, key.data(), static_cast<int>(key.size()), octets(bytes), bytes.size(), octets(mac), &size))
    std::abort();
  return mac;
}

std::string digest_of(const EVP_MD* algorithm, std::string_view bytes) {
  std::string result(static_cast<std::size_t>(EVP_MD_get_size(algorithm)), '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), octets(result), &size, algorithm, nullptr) != 1) std::abort();
  return result;
}

// crypt_data is 32 KiB: too much for a session's small stack. What it held of the password is wiped.
struct WipedCryptData {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    std::free(data);
  }
};

}  // namespace

std::size_t size_of(Hash hash) { return hash == Hash::sha1 ? 20 : 32; }

std::string digest(Hash hash, std::string_view bytes) { return digest_of(algorithm(hash), bytes); }

std::string hmac(Hash hash, std::string_view key, std::string_view bytes) {
  return mac_of(algorithm(hash), key, bytes);
}

std::string hi(Hash hash, std::string_view password, std::string_view salt, unsigned iterations) {
  std::string key(size_of(hash), '\0');
  if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                        static_cast<int>(salt.size()), static_cast<int>(iterations), algorithm(hash),
                        static_cast<int>(key.size()), octets(key)) != 1)
    std::abort();
  return key;
}

std::string md5(std::string_view bytes) { return digest_of(EVP_md5(), bytes); }

std::string hmac_md5(std::string_view key, std::string_view bytes) { return mac_of(EVP_md5(), key, bytes); }

std::string exclusive_or(std::string_view a, std::string_view b) {
  std::string result(a);
  for (std::size_t i = 0; i < result.size() && i < b.size(); ++i)
    result[i] = static_cast<char>(result[i] ^ b[i]);
  return result;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string> crypt_password(std::string_view password, const std::string& setting) {
  const std::unique_ptr<crypt_data, WipedCryptData> data(
      static_cast<crypt_data*>(std::calloc(1, sizeof(crypt_data))));
  if (!data) std::abort();
  // libcrypt takes no more than 511 octets. A longer password goes in as its digest, whole.
  std::string terminated =
      password.size() < CRYPT_MAX_PASSPHRASE_SIZE ? std::string(password) : base64_encode(sha256(password));
  const Wiped guard(terminated);
  const char* hash = crypt_r(terminated.c_str(), setting.c_str(), data.get());
  if (!hash || hash[0] == '*') return std::nullopt;
  return std::string(hash);
}

std::string new_yescrypt_setting() {
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  // Without random octets given, libcrypt asks the kernel; it fails only where the kernel has none.
  if (!crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting)) std::abort();
  return setting;
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace tubepost::auth
