// Content-Type and Content-Disposition values (RFC 2045 5.1, RFC 2183): a word, or two with a slash, and parameters.
// Read liberally: comments and blanks anywhere, quotes missing, empty parameters, values without a name skipped.
// Pure and linear; bounded by parameters_max, and parameters_text_max bytes of the value are read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tubepost::message {

inline constexpr std::size_t parameters_max = 200;
inline constexpr std::size_t parameters_text_max = 64 << 10;

struct Parameter {
  std::string_view name;  // as written: "filename*0*" too
  std::string value;      // unquoted; encodings as they came
};

// "text/plain; charset=utf-8" is "text", "plain" and one parameter; "attachment; …" has no subtype.
struct ParameterizedValue {
  std::string_view type;     // empty: it could not be read
  std::string_view subtype;  // empty: there is no slash, or nothing usable behind it
  std::vector<Parameter> parameters;
};
ParameterizedValue parse_parameterized(std::string_view value);

// The value of `name` as it was written, the first one.
const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

// The value of `name` in UTF-8: RFC 2231 continuations in any order and charsets, else what RFC 2047 words in it say
// (wrong there, and usual), else the bytes. (Needs ICU.)
std::optional<std::string> decoded_parameter(const std::vector<Parameter>& parameters, std::string_view name);

}  // namespace tubepost::message
