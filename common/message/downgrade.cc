#include "message/downgrade.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/text.h"
#include "message/eight_bit.h"
#include "message/header.h"

namespace tubepost::message {
namespace {

constexpr std::size_t octets_in_a_word = 36;  // base64 makes 48 of them: RFC 2047 2 allows words of 75 characters, lines of 76

constexpr std::array<std::string_view, 13> address_fields = {
    "From",        "Sender",    "Reply-To",   "To",        "Cc",          "Bcc",         "Resent-From",
    "Resent-To",   "Resent-Cc", "Resent-Bcc", "Resent-Sender", "Return-Path", "Delivered-To"};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Words hold whole characters (RFC 2047 5).
std::string encoded_words(std::string_view text) {
  const std::string prefix = is_valid_utf8(text) ? "=?utf-8?B?" : "=?unknown-8bit?B?";
  std::string words;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), octets_in_a_word);
    const std::size_t most = size;
    while (size < text.size() && size > 1 && is_continuation(text[size])) --size;
    if (size == 1) size = most;
    words += (words.empty() ? "" : "\r\n ") + prefix + base64_encode(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return words;
}

std::string downgraded(const Field& field) {
  const bool addresses = std::any_of(address_fields.begin(), address_fields.end(),
                                     [&](std::string_view name) { return field.is(name); });
  std::string name(field.name);
  std::replace_if(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return name + ": " + encoded_words(unfold(field.value)) + (addresses ? " :;\r\n" : "\r\n");
}

}  // namespace

std::string downgraded_header(std::string_view header) {
  std::string text;
  HeaderReader reader(header);
  while (const auto field = reader.next()) text += has_eight_bit(field->whole) ? downgraded(*field) : std::string(field->whole);
  if (header.ends_with("\r\n\r\n") || header == "\r\n") text += "\r\n";
  return text;
}

}  // namespace tubepost::message
