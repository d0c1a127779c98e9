// AES-256-GCM, for what must be kept and is as good as a password.
#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "auth/crypto.h"
#include "auth/octets.h"
#include "base/file.h"

namespace tubepost::auth {
namespace {

constexpr int nonce_size = 12, tag_size = 16;
constexpr std::size_t key_size = 32, overhead = nonce_size + tag_size;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

}  // namespace

std::string seal(std::string_view key, std::string_view text, std::string_view context) {
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string sealed = random_bytes(nonce_size);
  sealed.resize(nonce_size + text.size() + tag_size);
  char* const out = sealed.data() + nonce_size;
  int count = 0;
  if (key.size() != key_size || !cipher ||
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, octets(key), octets(sealed)) != 1 ||
      EVP_EncryptUpdate(cipher.get(), nullptr, &count, octets(context), static_cast<int>(context.size())) != 1 ||
      EVP_EncryptUpdate(cipher.get(), octets(out), &count, octets(text), static_cast<int>(text.size())) != 1 ||
      EVP_EncryptFinal_ex(cipher.get(), octets(out + count), &count) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, out + text.size()) != 1)
    std::abort();  // a lack of memory, or a key of the wrong size
  return sealed;
}

std::optional<std::string> unseal(std::string_view key, std::string_view sealed, std::string_view context) {
  if (key.size() != key_size || sealed.size() < overhead) return std::nullopt;
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const auto body = sealed.substr(nonce_size, sealed.size() - overhead);
  std::string tag(sealed.substr(sealed.size() - tag_size)), text(body.size(), '\0');
  int count = 0;
  const bool genuine =
      cipher && EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, octets(key), octets(sealed)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &count, octets(context), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), octets(text.data()), &count, octets(body), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), octets(text.data() + count), &count) == 1;
  if (genuine) return text;
  wipe(text);
  return std::nullopt;
}

}  // namespace tubepost::auth
