// The few primitives that passwords and SASL need, on OpenSSL and libcrypt. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tubepost::auth {

std::string sha256(std::string_view bytes);                             // 32 octets
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 octets
std::string hmac_md5(std::string_view key, std::string_view bytes);     // 16 octets: CRAM-MD5, which has nothing else
// RFC 5802 2.2: Hi(), which is PBKDF2 with one block. Costs `iterations` HMACs.
std::string hi_sha256(std::string_view password, std::string_view salt, unsigned iterations);
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
