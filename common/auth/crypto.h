// The few primitives that passwords and SASL need, on OpenSSL and libcrypt. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::auth {

enum class Hash { sha1, sha256 };
std::size_t size_of(Hash hash);                                             // 20, 32 octets
std::string digest(Hash hash, std::string_view bytes);
std::string hmac(Hash hash, std::string_view key, std::string_view bytes);
// RFC 5802 2.2: Hi(), which is PBKDF2 with one block. Costs `iterations` HMACs.
std::string hi(Hash hash, std::string_view password, std::string_view salt, unsigned iterations);
inline std::string sha256(std::string_view bytes) { return digest(Hash::sha256, bytes); }
inline std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  return hmac(Hash::sha256, key, bytes);
}

// For the old mechanisms alone (legacy_secrets.h).
std::string md5(std::string_view bytes);                             // 16 octets
std::string hmac_md5(std::string_view key, std::string_view bytes);  // 16 octets
// RFC 2195 2 keeps of a password the two states of MD5 after the padded key: 32 octets, as good as the password for
// CRAM-MD5 and for nothing else.
std::string cram_md5_states(std::string_view password);
std::string hmac_md5_of_states(std::string_view states, std::string_view bytes);  // 16 octets
// MD4 of UTF-16LE (MS-NLMP 3.3.2); nullopt: not UTF-8, or OpenSSL has no MD4 here (its legacy provider is missing).
std::optional<std::string> nt_hash(std::string_view password);
std::optional<std::string> utf16le(std::string_view utf8);

// AES-256-GCM under a key of 32 octets, bound to `context`: nonce, octets, tag. open(): nullopt if any of it is not as it was.
std::string seal(std::string_view key, std::string_view text, std::string_view context);
std::optional<std::string> unseal(std::string_view key, std::string_view sealed, std::string_view context);

std::string exclusive_or(std::string_view a, std::string_view b);  // of the same length
// Same length and octets; the time depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// crypt(3) with the setting's own method; nullopt: it is broken or not supported.
std::optional<std::string> crypt_password(std::string_view password, const std::string& setting);
std::string new_yescrypt_setting();  // "$y$…" with a fresh salt, libcrypt's default cost

// Overwrites the octets, then empties the string. A string that is moved or grown leaves copies behind:
// reserve first.
void wipe(std::string& secret);

// Wipes a string of somebody else when the scope ends, however it ends.
class Wiped {
public:
  explicit Wiped(std::string& secret) : secret_(secret) {}
  ~Wiped() { wipe(secret_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

private:
  std::string& secret_;
};

// A password on its way from the client to its verifier: wiped when it goes. Moves, never copies.
class Password {
public:
  Password() = default;
  explicit Password(std::string_view text) : text_(text) {}
  Password(Password&& other) noexcept : text_(other.text_) { wipe(other.text_); }
  Password& operator=(Password&& other) noexcept {
    if (this != &other) wipe(text_), text_ = other.text_, wipe(other.text_);
    return *this;
  }
  ~Password() { wipe(text_); }
  std::string_view view() const { return text_; }

private:
  std::string text_;
};

}  // namespace tubepost::auth
