#include "message/charset.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "base/text.h"

namespace tubepost::message {
namespace {

constexpr std::size_t piece_max = 64 << 10;

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// Names met in mail that ICU does not know by themselves.
std::string_view usual_name(std::string_view charset) {
  struct Alias {
    std::string_view name, meant;
  };
  constexpr Alias aliases[] = {{"utf8", "utf-8"},
                               {"x-unknown", "us-ascii"},
                               {"unknown-8bit", "us-ascii"},
                               {"unknown", "us-ascii"},
                               {"default", "us-ascii"},
                               {"ascii", "us-ascii"},
                               {"iso-8859-8-i", "iso-8859-8"},
                               {"x-gbk", "gbk"},
                               {"cp932", "windows-31j"},
                               {"ansi_x3.110-1983", "iso-8859-1"}};
  for (const auto& alias : aliases)
    if (equal_ignoring_case(charset, alias.name)) return alias.meant;
  // What calls itself Latin-1 in mail is what Windows calls so, in which the controls C1 are letters.
  if (equal_ignoring_case(charset, "iso-8859-1")) return "windows-1252";
  return charset;
}

// In these an ASCII byte need not be that character.
bool has_other_ascii(std::string_view charset) {
  constexpr std::string_view ordinary[] = {"utf-8",       "iso-8859-", "windows-125", "koi8-", "gb2312",
                                           "gbk",         "gb18030",   "big5",        "euc-",  "shift_jis",
                                           "windows-31j", "ks_c_5601", "tis-620"};
  return std::none_of(std::begin(ordinary), std::end(ordinary),
                      [&](std::string_view prefix) { return starts_with_ignoring_case(charset, prefix); });
}

Converter open_converter(std::string_view charset) {
  if (charset.empty() || charset.size() > charset_name_max) return nullptr;
  // ICU reads options behind a ',' and would take an empty name as the system's own.
  if (!std::all_of(charset.begin(), charset.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || std::string_view("-_.:+()").find(c) != std::string_view::npos;
      }))
    return nullptr;
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(std::string(charset).c_str(), &error));
  if (U_FAILURE(error)) return nullptr;
  return converter;
}

void append_code_point(UChar32 code_point, std::string& out) {
  auto c = static_cast<std::uint32_t>(code_point);
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (U_IS_SURROGATE(c)) c = 0xfffd;
  if (c < 0x80) {
    out += byte(c);
  } else if (c < 0x800) {
    out.append({byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f))});
  } else if (c < 0x10000) {
    out.append({byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f))});
  } else {
    out.append({byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f)),
                byte(0x80 | (c & 0x3f))});
  }
}

void append_utf8(const UChar* text, std::size_t length, std::string& out) {
  for (std::size_t i = 0; i < length;) {
    UChar32 c = 0;
    U16_NEXT(text, i, length, c);
    append_code_point(c, out);
  }
}

std::string convert(UConverter* converter, std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  std::vector<UChar> buffer(std::min(bytes.size() + 16, piece_max));
  const char* from = bytes.data();
  const char* const end = from + bytes.size();
  std::size_t kept = 0;  // a high surrogate whose other half is still to come
  for (;;) {
    UErrorCode error = U_ZERO_ERROR;
    UChar* to = buffer.data() + kept;
    ucnv_toUnicode(converter, &to, buffer.data() + buffer.size(), &from, end, nullptr, true, &error);
    auto length = static_cast<std::size_t>(to - buffer.data());
    const bool more = error == U_BUFFER_OVERFLOW_ERROR;
    kept = more && length > 0 && U16_IS_LEAD(buffer[length - 1]) ? 1 : 0;
    append_utf8(buffer.data(), length - kept, out);
    if (kept > 0) buffer[0] = buffer[length - 1];
    if (!more) return out;
  }
}

const UNormalizer2* nfkd() {
  UErrorCode error = U_ZERO_ERROR;
  return unorm2_getNFKDInstance(&error);
}

// RFC 5051 2: a run of characters beyond ASCII.
void append_folded(std::string_view text, std::string& out) {
  std::vector<UChar> wide(text.size() + 1);
  std::int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strFromUTF8WithSub(wide.data(), static_cast<std::int32_t>(wide.size()), &length, text.data(),
                       static_cast<std::int32_t>(text.size()), 0xfffd, nullptr, &error);
  std::vector<UChar> titled;
  titled.reserve(wide.size());
  for (std::int32_t i = 0; i < length;) {
    UChar32 c = 0;
    U16_NEXT(wide.data(), i, length, c);
    c = u_totitle(c);
    if (U_IS_BMP(c)) {
      titled.push_back(static_cast<UChar>(c));
    } else {
      titled.push_back(U16_LEAD(c));
      titled.push_back(U16_TRAIL(c));
    }
  }
  // The longest decomposition has 18 characters (U+FDFA).
  std::vector<UChar> decomposed(titled.size() * 18 + 1);
  const auto size = unorm2_normalize(nfkd(), titled.data(), static_cast<std::int32_t>(titled.size()),
                                     decomposed.data(), static_cast<std::int32_t>(decomposed.size()), &error);
  if (U_FAILURE(error)) return;
  std::string decomposed_utf8;
  append_utf8(decomposed.data(), static_cast<std::size_t>(size), decomposed_utf8);
  // Here we go beyond the RFC: U+339D decomposes to "cm", which its titlecase had not raised.
  for (const char c : decomposed_utf8) out += to_upper(c);
}

}  // namespace

bool is_known_charset(std::string_view charset) {
  charset = usual_name(charset);
  return equal_ignoring_case(charset, "utf-8") || equal_ignoring_case(charset, "us-ascii") ||
         open_converter(charset);
}

std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  charset = usual_name(charset);
  const bool ascii = is_ascii(bytes);
  if (charset.empty() || equal_ignoring_case(charset, "us-ascii"))
    return ascii ? std::string(bytes) : guess_utf8(bytes);
  if (equal_ignoring_case(charset, "utf-8") && (ascii || is_valid_utf8(bytes))) return std::string(bytes);
  const auto converter = open_converter(charset);
  if (!converter) return std::nullopt;
  if (ascii && !has_other_ascii(charset)) return std::string(bytes);
  return convert(converter.get(), bytes);
}

std::string guess_utf8(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  const auto converter = open_converter("windows-1252");
  return converter ? convert(converter.get(), bytes) : std::string();
}

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto is_ascii_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]) < 0x80; };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_ascii_at(end)) ++end;
    const auto copied = out.size();
    out.append(text.substr(i, end - i));
    for (std::size_t k = copied; k < out.size(); ++k) out[k] = to_upper(out[k]);
    i = end;
    while (end < text.size() && !is_ascii_at(end) && end - i < piece_max) ++end;
    // Cut between characters.
    while (end < text.size() && (text[end] & 0xc0) == 0x80 && end - i > piece_max - 4) --end;
    if (end > i) append_folded(text.substr(i, end - i), out);
    i = end;
  }
  return out;
}

std::string to_nfc(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  UErrorCode error = U_ZERO_ERROR;
  const auto* const nfc = icu::Normalizer2::getNFCInstance(error);
  const auto wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())});
  if (U_FAILURE(error) || nfc->isNormalized(wide, error)) return std::string(text);
  std::string out;
  nfc->normalize(wide, error).toUTF8String(out);
  return U_SUCCESS(error) ? out : std::string(text);
}

}  // namespace tubepost::message
