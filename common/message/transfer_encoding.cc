#include "message/transfer_encoding.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "message/cfws.h"

namespace tubepost::message {
namespace {

constexpr std::size_t line_max = 76;     // RFC 2045 6.7 (5), 6.8
constexpr std::size_t blanks_max = 998;  // held back; a longer run of them is no line's end

constexpr auto base64_digits = [] {
  std::array<signed char, 256> table{};
  for (auto& digit : table) digit = -1;
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
  return table;
}();

int base64_digit(char c) { return base64_digits[static_cast<unsigned char>(c)]; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void append_bits(std::string& out, std::uint32_t bits, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(bits >> (16 - 8 * i) & 0xff);
}

}  // namespace

TransferEncoding parse_transfer_encoding(std::string_view value) {
  skip_cfws(value);
  while (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
  value = value.substr(0, value.find_first_of("; \t\r\n(\"'"));
  struct Name {
    std::string_view text;
    TransferEncoding encoding;
  };
  constexpr Name names[] = {{"7bit", TransferEncoding::identity},
                            {"8bit", TransferEncoding::identity},
                            {"binary", TransferEncoding::identity},
                            {"base64", TransferEncoding::base64},
                            {"quoted-printable", TransferEncoding::quoted_printable},
                            {"7-bit", TransferEncoding::identity},
                            {"8-bit", TransferEncoding::identity},
                            {"7bits", TransferEncoding::identity},
                            {"8bits", TransferEncoding::identity},
                            {"base-64", TransferEncoding::base64}};
  if (value.empty()) return TransferEncoding::identity;
  for (const auto& name : names)
    if (equal_ignoring_case(value, name.text)) return name.encoding;
  return TransferEncoding::unknown;
}

void TransferDecoder::feed(std::string_view piece, std::string& out) {
  switch (encoding_) {
    case TransferEncoding::base64:
      return feed_base64(piece, out);
    case TransferEncoding::quoted_printable:
      return feed_quoted_printable(piece, out);
    case TransferEncoding::identity:
    case TransferEncoding::unknown:
      out += piece;
  }
}

// RFC 2045 6.8: characters outside the alphabet are ignored. Padding ends a group, and another may follow: several
// encodings in a row are met.
void TransferDecoder::feed_base64(std::string_view piece, std::string& out) {
  out.reserve(out.size() + piece.size() * 3 / 4 + 3);
  for (const char c : piece) {
    const int digit = base64_digit(c);
    if (digit >= 0) {
      bits_ = bits_ << 6 | static_cast<std::uint32_t>(digit);
      if (++count_ < 4) continue;
      append_bits(out, bits_, 3);
      bits_ = count_ = 0;
    } else if (c == '=') {
      finish(out);
    }
  }
}

void TransferDecoder::feed_quoted_printable(std::string_view piece, std::string& out) {
  out.reserve(out.size() + piece.size());
  std::size_t at = 0;
  while (at < piece.size()) {
    if (held_.empty()) at += take_plain(piece.substr(at), out);
    if (at < piece.size()) take_quoted_printable(piece[at++], out);
  }
}

// What stands for itself, up to an escape, a line end, or the blanks before that.
std::size_t TransferDecoder::take_plain(std::string_view text, std::string& out) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '=' && text[end] != '\n' && text[end] != '\r') ++end;
  if (end == text.size() || text[end] != '=')
    while (end > 0 && is_blank(text[end - 1])) --end;
  out += text.substr(0, end);
  return end;
}

// held_ is empty, or blanks, or begins with '='.
void TransferDecoder::take_quoted_printable(char c, std::string& out) {
  if (held_.starts_with('=')) return end_escape(c, out);
  if (is_blank(c) && held_.size() < blanks_max) {
    held_ += c;
    return;
  }
  // RFC 2045 6.7 (3): blanks at the end of a line were added on the way.
  if (c != '\r' && c != '\n') out += held_;
  held_.clear();
  if (c == '=')
    held_ = "=";
  else
    out += c;
}

// "=" and blanks before a line end is a soft line break; "=XY" a byte; anything else stands for itself.
void TransferDecoder::end_escape(char c, std::string& out) {
  if (c == '\n' && (held_.size() == 1 || is_blank(held_[1]) || held_[1] == '\r')) return held_.clear();
  const bool blanks = held_.size() == 1 || is_blank(held_.back());
  if (blanks && (is_blank(c) || c == '\r') && held_.size() < blanks_max) {
    held_ += c;
    return;
  }
  if (held_.size() == 1 && hex_digit(c) >= 0) {
    held_ += c;
    return;
  }
  if (held_.size() == 2 && hex_digit(held_[1]) >= 0 && hex_digit(c) >= 0) {
    out += static_cast<char>(hex_digit(held_[1]) * 16 + hex_digit(c));
    return held_.clear();
  }
  out += held_;
  held_.clear();
  take_quoted_printable(c, out);
}

void TransferDecoder::finish(std::string& out) {
  if (encoding_ == TransferEncoding::base64) {
    if (count_ >= 2) append_bits(out, bits_ << (6 * (4 - count_)), count_ - 1);
    bits_ = count_ = 0;
  } else if (!held_.empty() && held_ != "=" && !is_blank(held_.front())) {
    out += held_;  // an escape that was cut off
  }
  held_.clear();
}

std::string decode_transfer(std::string_view bytes, TransferEncoding encoding) {
  std::string out;
  TransferDecoder decoder(encoding);
  decoder.feed(bytes, out);
  decoder.finish(out);
  return out;
}

std::string encode_base64_lines(std::string_view bytes) {
  constexpr std::size_t bytes_per_line = line_max / 4 * 3;
  std::string out;
  out.reserve(bytes.size() / bytes_per_line * (line_max + 2) + line_max + 2);
  for (std::size_t at = 0; at < bytes.size(); at += bytes_per_line)
    out.append(base64_encode(bytes.substr(at, bytes_per_line))).append("\r\n");
  return out;
}

std::string encode_quoted_printable(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto rest = text.substr(i);
    if (rest.starts_with("\r\n")) {
      out += "\r\n";
      line_begin = out.size();
      ++i;
      continue;
    }
    const bool at_begin = out.size() == line_begin;
    const bool ends_line = rest.size() == 1 || rest.substr(1).starts_with("\r\n");
    const bool escaped = !(is_printable_ascii(c) || c == '\t') || c == '=' || (is_blank(c) && ends_line) ||
                         (at_begin && (c == '.' || c == 'F'));
    const std::size_t width = escaped ? 3 : 1;
    // The last character of a line may stand at column 76; before a soft break there is room for its '='.
    if (out.size() - line_begin + width > line_max - (ends_line ? 0 : 1)) {
      out += "=\r\n";
      line_begin = out.size();
    }
    if (escaped)
      out.append(
          {'=', digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]});
    else
      out += c;
  }
  return out;
}

}  // namespace tubepost::message
