// The message on stdin, made into what the store holds: CRLF line ends, whether LF or CRLF came; a header,
// then the body. Reads the header whole (bounded), then streams the body, so that the size of a message costs
// no memory. A first line "From …" (of an mbox) is dropped. A header ends at its empty line or at the first
// line that is no field; that line then begins the body.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tubepost::sendmail {

inline constexpr std::size_t header_max = 1 << 20;

class Reader {
public:
  struct Rules {
    bool lone_dot_ends = true, validate = true;
    std::uint64_t size_max = 50 << 20;
  };
  Reader(int fd, const Rules& rules) : fd_(fd), rules_(rules) {}

  // Permanent failures: too long (65); where `validate` is on (S7), NUL or a bare CR (77).
  Result<std::string> header();  // with CRLF, without its empty line; may be empty
  using Sink = std::function<void(std::string_view)>;
  Result<void> body(const Sink& sink);               // after header(); the empty line is not part of it
  bool has_eight_bit() const { return eight_bit_; }  // so far

private:
  // The next line without its line end; false: the message has ended. A last line without LF counts.
  Result<bool> next_line(std::string& line);
  Result<bool> fill();
  Result<void> check(std::string_view line);

  int fd_;
  Rules rules_;
  std::uint64_t size_ = 0;
  std::string buffer_;
  std::size_t at_ = 0;
  bool at_end_ = false, eight_bit_ = false, first_line_of_body_ = false;
  std::string pending_;  // the line that ended the header without being empty
};

}  // namespace tubepost::sendmail
