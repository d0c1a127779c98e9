#include "auth/sasl_legacy.h"

#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

constexpr std::size_t md5_size = 16;

SaslStep judge(bool right, std::string user) {
  if (right) return Proved{std::move(user)};
  return Refused{"wrong password"};
}

Refused refused(const Failure& failure) { return {failure.text, failure.retry == Retry::later}; }

}  // namespace

// ---- CRAM-MD5

CramMd5Server::CramMd5Server(LegacyLookup lookup, std::string_view hostname, std::string nonce)
    : lookup_(std::move(lookup)) {
  if (nonce.empty()) nonce = to_hex(random_bytes(md5_size));
  challenge_ = '<' + nonce + '@' + std::string(hostname) + '>';  // RFC 2195 2: the form of a msg-id
}

SaslStep CramMd5Server::step(std::optional<std::string_view> response) {
  if (!asked_) {
    if (response) return Refused{"CRAM-MD5 has no initial response"};
    return asked_ = true, Challenge{challenge_};
  }
  if (!response || response->size() > sasl_response_max) return Refused{"a CRAM-MD5 response is missing or too long"};
  const auto blank = response->rfind(' ');  // a user name may have blanks
  const std::string user(response->substr(0, blank));
  if (blank == std::string_view::npos || !is_login_name(user)) return Refused{"a broken CRAM-MD5 response"};
  const auto states = lookup_(user);
  if (!states) return refused(states.error());
  const auto expected = to_hex(hmac_md5_of_states(*states, challenge_));
  return judge(equal_in_constant_time(expected, to_lower(response->substr(blank + 1))), user);
}

Result<std::string> CramMd5Client::answer(std::string_view challenge) {
  if (std::exchange(answered_, true)) return Failure::permanent("CRAM-MD5: the server sent a second challenge");
  return login_.user + ' ' + to_hex(hmac_md5(login_.password.view(), challenge));
}

// ---- APOP

SaslStep ApopServer::step(std::optional<std::string_view> response) {
  if (!response || response->size() > sasl_response_max) return Refused{"an APOP response is missing or too long"};
  const auto first = response->find('\0');
  const auto second = first == std::string_view::npos ? first : response->find('\0', first + 1);
  if (second == std::string_view::npos || response->size() - second - 1 != md5_size)
    return Refused{"a broken APOP response"};
  const std::string user(response->substr(first + 1, second - first - 1));
  if (first == 0 || !is_login_name(user)) return Refused{"a broken APOP response"};
  auto password = lookup_(user);
  if (!password) return refused(password.error());
  std::string text = std::string(response->substr(0, first)) + *password;
  const Wiped guard(text), password_guard(*password);
  return judge(equal_in_constant_time(md5(text), response->substr(second + 1)), user);
}

// ---- NTLM

namespace {

constexpr std::string_view signature("NTLMSSP\0", 8);
constexpr std::size_t challenge_size = 8, header_of_authenticate = 64;
constexpr unsigned unicode = 0x1, oem = 0x2, request_target = 0x4, ntlm = 0x200, always_sign = 0x8000,
                   target_type_server = 0x20000, extended_security = 0x80000, target_info = 0x800000;
constexpr std::size_t v2_response_min = md5_size + 28;  // MS-NLMP 2.2.2.7: a proof and the fixed part of its blob

unsigned number_at(std::string_view message, std::size_t at, unsigned octets) {
  unsigned value = 0;
  for (unsigned i = 0; i < octets; ++i)
    value |= static_cast<unsigned>(static_cast<unsigned char>(message[at + i])) << (8 * i);
  return value;
}

void append(std::string& message, unsigned value, unsigned octets) {
  for (unsigned i = 0; i < octets; ++i) message += static_cast<char>((value >> (8 * i)) & 0xff);
}

void append_place(std::string& message, std::size_t size, std::size_t offset) {
  append(message, static_cast<unsigned>(size), 2);
  append(message, static_cast<unsigned>(size), 2);
  append(message, static_cast<unsigned>(offset), 4);
}

bool is_message(std::string_view message, unsigned type, std::size_t least) {
  return message.size() >= least && message.size() <= sasl_response_max && message.starts_with(signature) &&
         number_at(message, 8, 4) == type;
}

// What a pair of length and offset at `at` names; nullopt: it lies outside.
std::optional<std::string_view> place(std::string_view message, std::size_t at) {
  const std::size_t size = number_at(message, at, 2), offset = number_at(message, at + 4, 4);
  if (offset > message.size() || size > message.size() - offset) return std::nullopt;
  return message.substr(offset, size);
}

// UTF-16LE without surrogates to UTF-8; nullopt: anything else.
std::optional<std::string> to_utf8(std::string_view wide) {
  if (wide.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < wide.size(); i += 2) {
    const unsigned point = number_at(wide, i, 2);
    if (point >= 0xd800 && point < 0xe000) return std::nullopt;
    if (point < 0x80) {
      text += static_cast<char>(point);
    } else if (point < 0x800) {
      text += static_cast<char>(0xc0 | point >> 6);
      text += static_cast<char>(0x80 | (point & 0x3f));
    } else {
      text += static_cast<char>(0xe0 | point >> 12);
      text += static_cast<char>(0x80 | (point >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (point & 0x3f));
    }
  }
  return text;
}

// A name of the message as UTF-16LE. OEM is whatever the client's machine speaks; ASCII and UTF-8 can be told.
std::optional<std::string> wide_text(std::optional<std::string_view> text, bool is_wide) {
  if (!text) return std::nullopt;
  return is_wide ? std::optional<std::string>(*text) : utf16le(*text);
}

std::string upper_utf16(std::string_view wide) {
  std::string text(wide);
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    if (text[i + 1] == 0 && text[i] >= 'a' && text[i] <= 'z') text[i] = static_cast<char>(text[i] - 'a' + 'A');
  return text;
}

}  // namespace

std::string ntlm_v2_proof(std::string_view nt_hash, std::string_view user_utf16, std::string_view domain_utf16,
                          std::string_view challenge, std::string_view blob) {
  std::string key = hmac_md5(nt_hash, upper_utf16(user_utf16) + std::string(domain_utf16));
  const Wiped guard(key);
  return hmac_md5(key, std::string(challenge) + std::string(blob));
}

NtlmServer::NtlmServer(LegacyLookup lookup, std::string challenge)
    : lookup_(std::move(lookup)), challenge_(challenge.empty() ? random_bytes(challenge_size) : std::move(challenge)) {}

SaslStep NtlmServer::step(std::optional<std::string_view> response) {
  const auto awaited = std::exchange(awaits_, Awaits::nothing);
  if (!response && awaited == Awaits::start) return awaits_ = Awaits::negotiate, Challenge{};
  if (!response || awaited == Awaits::nothing) return Refused{"an NTLM message is missing"};
  return awaited == Awaits::authenticate ? authenticate(*response) : negotiate(*response);
}

// MS-NLMP 2.2.1.1, 2.2.1.2: NEGOTIATE in, CHALLENGE out.
SaslStep NtlmServer::negotiate(std::string_view message) {
  if (!is_message(message, 1, 16)) return Refused{"a broken NTLM NEGOTIATE message"};
  const bool wide = (number_at(message, 12, 4) & unicode) != 0;  // curl says OEM
  const std::string name = "TUBEPOST", wide_name = *utf16le(name), target = wide ? wide_name : name;
  std::string info;
  append(info, 2, 2);  // MsvAvNbDomainName, in Unicode always
  append(info, static_cast<unsigned>(wide_name.size()), 2);
  info += wide_name;
  append(info, 0, 4);  // MsvAvEOL
  constexpr std::size_t header = 48;
  std::string out(signature);
  append(out, 2, 4);
  append_place(out, target.size(), header);
  append(out,
         (wide ? unicode : oem) | request_target | ntlm | always_sign | target_type_server | extended_security | target_info,
         4);
  out += challenge_ + std::string(8, '\0');
  append_place(out, info.size(), header + target.size());
  awaits_ = Awaits::authenticate;
  return Challenge{out + target + info};
}

// MS-NLMP 2.2.1.3: AUTHENTICATE.
SaslStep NtlmServer::authenticate(std::string_view message) {
  if (!is_message(message, 3, header_of_authenticate)) return Refused{"a broken NTLM AUTHENTICATE message"};
  const bool wide = (number_at(message, 60, 4) & unicode) != 0;
  const auto response = place(message, 20);
  const auto domain = wide_text(place(message, 28), wide), user = wide_text(place(message, 36), wide);
  const auto name = user ? to_utf8(*user) : std::nullopt;
  if (!response || !domain || !name || !is_login_name(*name)) return Refused{"a broken NTLM AUTHENTICATE message"};
  if (response->size() < v2_response_min) return Refused{"only NTLM version 2 is taken"};
  const auto hash = lookup_(*name);
  if (!hash) return refused(hash.error());
  const auto proof = ntlm_v2_proof(*hash, *user, *domain, challenge_, response->substr(md5_size));
  return judge(equal_in_constant_time(proof, response->substr(0, md5_size)), *name);
}

}  // namespace tubepost::auth
