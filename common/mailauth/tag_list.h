// "name=value; name=value": the form of DKIM's keys and signatures, of DMARC's and TLS-RPT's records (RFC 6376
// 3.2). Folding white space around names and values is dropped, white space within a value stays. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::mailauth {

inline constexpr std::size_t tags_max = 64;

struct Tag {
  std::string name, value;
};

class TagList {
public:
  // A permanent Failure names what is wrong: no "=", a name that is none, a tag that stands twice (RFC 6376 3.2
  // makes the whole list invalid), too many.
  static Result<TagList> parse(std::string_view text);

  const std::string* find(std::string_view name) const;  // null: not there
  std::string value_or(std::string_view name, std::string_view fallback) const;
  const std::vector<Tag>& all() const { return tags_; }

private:
  std::vector<Tag> tags_;
};

// The value's pieces between `separator`, trimmed, without empty ones: "rsa-sha256 : rsa-sha1".
std::vector<std::string> list_of(std::string_view value, char separator);
// All blanks and line ends taken out: base64 may be folded.
std::string without_blanks(std::string_view value);

}  // namespace tubepost::mailauth
