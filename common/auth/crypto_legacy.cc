// What the old mechanisms need: MD5 in the middle of an HMAC (CRAM-MD5) and MD4 (NTLM).
#define OPENSSL_SUPPRESS_DEPRECATED  // no other interface of OpenSSL gives away a state of MD5
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/provider.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "auth/crypto.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

constexpr std::size_t block_size = 64, state_size = 16;  // RFC 1321

void append_word(std::string& text, unsigned word) {
  for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>((word >> shift) & 0xff);
}

unsigned word_at(std::string_view text, std::size_t at) {
  unsigned word = 0;
  for (unsigned i = 0; i < 4; ++i) word |= static_cast<unsigned>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  return word;
}

// The state after one block: the key, each octet exclusive-or `pad` (RFC 2104 2).
std::string state_after(std::string_view key, char pad) {
  std::string block(block_size, pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] = static_cast<char>(key[i] ^ pad);
  const Wiped guard(block);
  MD5_CTX context;
  MD5_Init(&context);
  MD5_Update(&context, block.data(), block.size());
  std::string state;
  for (const unsigned word : {context.A, context.B, context.C, context.D}) append_word(state, word);
  return state;
}

std::string finish(std::string_view state, std::string_view bytes) {
  MD5_CTX context;
  MD5_Init(&context);
  context.A = word_at(state, 0), context.B = word_at(state, 4), context.C = word_at(state, 8),
  context.D = word_at(state, 12);
  context.Nl = block_size * 8;  // bits so far
  MD5_Update(&context, bytes.data(), bytes.size());
  std::array<unsigned char, MD5_DIGEST_LENGTH> digest;
  MD5_Final(digest.data(), &context);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string cram_md5_states(std::string_view password) {
  const std::string key = password.size() > block_size ? md5(password) : std::string(password);
  return state_after(key, 0x36) + state_after(key, 0x5c);
}

std::string hmac_md5_of_states(std::string_view states, std::string_view bytes) {
  return finish(states.substr(state_size), finish(states.substr(0, state_size), bytes));
}

std::optional<std::string> utf16le(std::string_view utf8) {
  if (!is_valid_utf8(utf8)) return std::nullopt;
  std::string wide;
  const auto unit = [&](unsigned value) {
    wide += static_cast<char>(value & 0xff);
    wide += static_cast<char>(value >> 8);
  };
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i++]);
    const unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    unsigned point = more == 0 ? lead : lead & (0x3fU >> more);
    for (unsigned k = 0; k < more; ++k) point = point << 6 | (static_cast<unsigned char>(utf8[i++]) & 0x3fU);
    if (point < 0x10000) {
      unit(point);
    } else {
      unit(0xd800 + ((point - 0x10000) >> 10));
      unit(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return wide;
}

std::optional<std::string> nt_hash(std::string_view password) {
  auto wide = utf16le(password);
  if (!wide) return std::nullopt;
  const Wiped guard(*wide);
  // A library context of its own: nothing else of the process gets to see the legacy provider.
  const std::unique_ptr<OSSL_LIB_CTX, decltype(&OSSL_LIB_CTX_free)> library(OSSL_LIB_CTX_new(), OSSL_LIB_CTX_free);
  if (!library) return std::nullopt;
  const std::unique_ptr<OSSL_PROVIDER, decltype(&OSSL_PROVIDER_unload)> provider(
      OSSL_PROVIDER_load(library.get(), "legacy"), OSSL_PROVIDER_unload);
  if (!provider) return std::nullopt;
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> md4(EVP_MD_fetch(library.get(), "MD4", nullptr), EVP_MD_free);
  std::string hash(16, '\0');
  unsigned size = 0;
  if (!md4 || EVP_Digest(wide->data(), wide->size(), reinterpret_cast<unsigned char*>(hash.data()), &size, md4.get(),
                         nullptr) != 1)
    return std::nullopt;
  return hash;
}

}  // namespace tubepost::auth
