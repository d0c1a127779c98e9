#include "message/encoded_word.h"

#include <algorithm>
#include <optional>

#include "base/base64.h"
#include "base/text.h"
#include "message/charset.h"
#include "message/transfer_encoding.h"

namespace tubepost::message {
namespace {

constexpr std::size_t encoded_bytes_max = 45;  // 60 characters in base64: 72 with what stands around

struct EncodedWord {
  std::string_view charset;
  std::string bytes;
  std::size_t length = 0;  // in the text
};

// RFC 2047 4.2: '_' is a blank. As mail has it, blanks and line ends inside are read, too.
std::string decode_q(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '_', ' ');
  // Blanks at the end count here, in quoted-printable they do not.
  const auto end = plain.find_last_not_of(' ');
  const std::size_t used = end == std::string::npos ? 0 : end + 1;
  return decode_transfer(std::string_view(plain).substr(0, used), TransferEncoding::quoted_printable) +
         plain.substr(used);
}

class WordDecoder {
public:
  explicit WordDecoder(std::string_view text) : text_(text) {}
  std::string run();

private:
  std::optional<EncodedWord> word_at(std::size_t at);
  std::size_t end_mark(std::size_t from);
  void take_word(EncodedWord word);
  void flush_word();
  void take_plain(std::string_view plain);

  std::string_view text_;
  std::string out_;
  std::string_view charset_;  // of pending_
  std::string pending_;       // bytes of the words just read, not converted yet
  bool after_word_ = false;
  std::optional<std::size_t> next_end_;  // the first "?=" not before the last place asked for
};

// Searched once for all words, so that openings without an end cost nothing.
std::size_t WordDecoder::end_mark(std::size_t from) {
  if (!next_end_ || *next_end_ < from) next_end_ = text_.find("?=", from);
  return *next_end_;
}

// "=?charset*language?Q?text?=" (RFC 2047 2, RFC 2231 5).
std::optional<EncodedWord> WordDecoder::word_at(std::size_t at) {
  const auto head = text_.substr(at + 2, charset_name_max + 40);
  const auto name_end = head.find_first_of("? \t\r\n");
  if (name_end == npos || name_end == 0 || head.size() < name_end + 3 || head[name_end] != '?' ||
      head[name_end + 2] != '?')
    return std::nullopt;
  const auto begin = at + 2 + name_end + 3;
  const auto end = end_mark(begin);
  if (end == npos) return std::nullopt;
  const char encoding = to_lower(head[name_end + 1]);
  if (encoding != 'b' && encoding != 'q') return std::nullopt;
  auto charset = head.substr(0, name_end);
  charset = charset.substr(0, charset.find('*'));
  if (!is_known_charset(charset)) return std::nullopt;
  const auto encoded = text_.substr(begin, end - begin);
  if (encoded.find("=?") != npos) return std::nullopt;  // this one is not closed, and the next begins
  return EncodedWord{charset,
                     encoding == 'b' ? decode_transfer(encoded, TransferEncoding::base64) : decode_q(encoded),
                     end + 2 - at};
}

void WordDecoder::flush_word() {
  if (pending_.empty()) return;
  auto text = to_utf8(pending_, charset_).value_or(std::string());
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  out_ += text;
  pending_.clear();
}

void WordDecoder::take_word(EncodedWord word) {
  if (!equal_ignoring_case(word.charset, charset_)) flush_word();
  charset_ = word.charset;
  pending_ += word.bytes;
  after_word_ = true;
}

void WordDecoder::take_plain(std::string_view plain) {
  flush_word();
  after_word_ = false;
  std::string text;
  for (const char c : plain)
    if (c != '\r' && c != '\n') text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out_ += guess_utf8(text);
}

std::string WordDecoder::run() {
  std::size_t plain = 0;  // where what is not decoded yet begins
  for (auto at = text_.find("=?"); at != npos; at = text_.find("=?", at)) {
    auto word = word_at(at);
    if (!word) {
      ++at;
      continue;
    }
    const auto between = text_.substr(plain, at - plain);
    const bool joined = after_word_ && trim(between).empty();
    if (!joined && !between.empty()) take_plain(between);
    plain = at + word->length;
    at = plain;
    take_word(std::move(*word));
  }
  if (plain < text_.size()) take_plain(text_.substr(plain));
  flush_word();
  return std::move(out_);
}

}  // namespace

std::string decode_encoded_words(std::string_view value) { return WordDecoder(value).run(); }

std::string encode_words(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), is_printable_ascii) && text.find("=?") == npos)
    return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(at + encoded_bytes_max, text.size());
    while (end < text.size() && end > at + encoded_bytes_max - 4 && (text[end] & 0xc0) == 0x80) --end;
    if (at > 0) out += ' ';
    out.append("=?utf-8?B?").append(base64_encode(text.substr(at, end - at))).append("?=");
    at = end;
  }
  return out;
}

}  // namespace tubepost::message
