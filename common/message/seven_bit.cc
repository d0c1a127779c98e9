#include "message/seven_bit.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "message/header.h"
#include "message/mime_part.h"

namespace tubepost::message {
namespace {

constexpr EnhancedStatus conversion_failed{5, 6, 3};  // RFC 3463 3.7: conversion required and prohibited

// Fields that vouch for the bytes of the body.
constexpr std::string_view seals[] = {"DKIM-Signature", "ARC-Message-Signature", "DomainKey-Signature"};

bool is_sealed_type(const MimePart& part) {
  return part.is_type("multipart", "signed") || part.is_type("multipart", "encrypted") ||
         part.is_type("application", "pkcs7-mime") || part.is_type("application", "x-pkcs7-mime");
}

bool is_container(const MimePart& part) {
  return part.opened == Opened::multipart || part.opened == Opened::message;
}

// What no line may hold.
bool has_binary(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return true;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
  }
  return false;
}

// RFC 3030 3.
bool says_binary(std::string_view message) {
  HeaderReader reader(message);
  while (const auto field = reader.next())
    if (field->is("Content-Transfer-Encoding")) return equal_ignoring_case(trim(field->value), "binary");
  return false;
}

// What is binary where no encoding can help, as lines.
std::string mended(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends_line = text[i] == '\n' || (text[i] == '\r' && text.substr(i + 1, 1) != "\n");
    if (text[i] == '\0')
      out += "=00";
    else if (ends_line)
      out += "\r\n";
    else if (text[i] != '\r')
      out += text[i];
  }
  return out;
}

// What is to go from a message.
struct Aim {
  bool (*unwanted)(std::string_view text);
  bool quotes_text;  // a text becomes quoted-printable; else base64, which has no line ends of its own
  bool mends;        // what no encoding can help; else that is a Failure
};
constexpr Aim seven_bits{has_eight_bit, true, false};
constexpr Aim lines{has_binary, false, true};

class PartConverter {
public:
  PartConverter(std::string_view message, const Aim& aim)
      : message_(message), aim_(aim), parts_(read_mime(message)) {}

  Result<std::string> convert() {
    out_.reserve(message_.size() + message_.size() / 3);
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (auto done = take(parts_[i]); !done) return std::move(done).error();
    out_ += message_.substr(copied_);
    if (!aim_.unwanted(out_)) return std::move(out_);
    if (aim_.mends) return mended(out_);
    return Failure::permanent("bytes beyond ASCII outside of any part", conversion_failed);
  }

private:
  Result<void> take(const MimePart& part) {
    const auto body = part.body(message_);
    if (!aim_.mends && aim_.unwanted(part.header(message_)))
      return Failure::permanent("a header with bytes beyond ASCII", conversion_failed);
    if (!aim_.unwanted(body)) return {};
    if (is_container(part))
      return write_header(part, !aim_.quotes_text && has_eight_bit(body) ? "8bit" : "7bit"), Result<void>();
    if (part.encoding != TransferEncoding::identity && aim_.mends) return {};
    if (part.encoding != TransferEncoding::identity)
      return Failure::permanent("a part with bytes beyond ASCII says that it is encoded", conversion_failed);
    const bool text = aim_.quotes_text && part.is_type("text");
    write_header(part, text ? "quoted-printable" : "base64");
    out_ += text ? encode_quoted_printable(body) : encode_base64_lines(body);
    copied_ = part.body_end;
    return {};
  }

  // The header again, with this encoding; what stands between it and the part before is copied.
  void write_header(const MimePart& part, std::string_view encoding) {
    out_ += message_.substr(copied_, part.header_begin - copied_);
    const auto header = part.header(message_);
    HeaderReader reader(header);
    bool has_version = false;
    while (const auto field = reader.next()) {
      if (field->is("Content-Transfer-Encoding")) continue;
      has_version = has_version || field->is("MIME-Version");
      out_ += field->whole;
    }
    if (part.parent == no_part && !has_version) {
      out_ += "MIME-Version: 1.0\r\n";
      if (part.content_type.empty())
        out_ += "Content-Type: text/plain; charset=unknown-8bit\r\n";  // RFC 1428 3
    }
    out_.append("Content-Transfer-Encoding: ").append(encoding).append("\r\n");
    out_ += "\r\n";
    copied_ = part.body_begin;
  }

  std::string_view message_;
  const Aim& aim_;
  std::vector<MimePart> parts_;
  std::string out_;
  std::size_t copied_ = 0;  // up to here the message stands in out_
};

}  // namespace

bool is_signed(std::string_view message) {
  HeaderReader reader(message);
  while (const auto field = reader.next())
    for (const auto seal : seals)
      if (field->is(seal)) return true;
  const auto parts = read_mime(message);
  return std::any_of(parts.begin(), parts.end(), is_sealed_type);
}

Result<std::string> to_seven_bit(std::string_view message) {
  if (is_signed(message))
    return Failure::permanent("the message is signed, and that server takes no 8-bit content",
                              conversion_failed);
  return PartConverter(message, seven_bits).convert();
}

std::optional<std::string> in_lines(std::string_view message) {
  const bool has_nul = message.find('\0') != npos;
  if (!has_nul && !(says_binary(message) && has_binary(message))) return std::nullopt;
  std::string made = PartConverter(message, lines).convert().value();  // what mends does not fail
  // By its length whoever stores it knows that it is another: a long field that went must not make it the same.
  while (made.size() <= message.size()) made += "\r\n";
  return made;
}

std::uint64_t size_in_lines(std::string_view message) {
  const auto made = in_lines(message);
  return made ? made->size() : message.size();
}

}  // namespace tubepost::message
