// The rights of RFC 4314 2.1 as a value. "c" and "d" are of RFC 2086 (2.1.1): c gives k and x, d gives t and e.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost::imapd {

class Rights {
public:
  static constexpr std::string_view letters = "lrswipkxtea";

  constexpr Rights() = default;
  static constexpr Rights all() { return Rights((1U << letters.size()) - 1); }
  static std::optional<Rights> parse(std::string_view text);  // nullopt: a letter that is no right

  bool has(char right) const { return (bits_ & bit(right)) != 0; }
  bool has_any(std::string_view of) const;
  bool empty() const { return bits_ == 0; }
  std::string to_text() const;  // with c and d where RFC 4314 2.1.1 wants them

  Rights with(Rights more) const { return Rights(bits_ | more.bits_); }
  Rights without(Rights less) const { return Rights(bits_ & ~less.bits_); }
  friend bool operator==(Rights, Rights) = default;

private:
  constexpr explicit Rights(std::uint32_t bits) : bits_(bits) {}
  static std::uint32_t bit(char right);
  std::uint32_t bits_ = 0;
};

}  // namespace tubepost::imapd
