// What a POP3 server answers: a status line (RFC 1939 3) with a response code (RFC 2449 8, RFC 3206) if it is
// an error with a reason to tell, and for some commands lines behind it, ended by a dot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/line_stream.h"
#include "smtp/dot_stream.h"

namespace tubepost::pop3 {

inline constexpr std::size_t reply_line_max = 512;  // RFC 2449 4, with CRLF

enum class Code {
  none,
  auth,        // [AUTH] the credentials are at fault (RFC 3206 6)
  temporary,   // [SYS/TEMP] try later (RFC 3206 5)
  permanent,   // [SYS/PERM] somebody has to do something (RFC 3206 5)
  login_delay  // [LOGIN-DELAY] too soon (RFC 2449 8.1.1)
};

struct Reply {
  bool ok = true;
  Code code = Code::none;
  std::string text;

  std::string to_wire() const;  // one line whatever the text is
};

Reply ok(std::string text);
Reply error(Code code, std::string text);

// The lines of a multi-line response. The status line is written first, by whoever makes it; finish() writes
// the dot, and gives a last line without CRLF one (RFC 1939 3: every line ends with CRLF).
class MultilineWriter {
public:
  explicit MultilineWriter(net::LineStream& lines)
      : sink_([&lines](std::string_view span) { lines << span; }) {}
  void write(std::string_view content) { dots_.write(content, sink_); }
  void line(std::string_view text);  // CRLF is added
  void finish() { dots_.finish(sink_); }

private:
  smtp::ContentSink sink_;
  smtp::DotWriter dots_;
};

// RFC 1939 7, TOP: the part of `message` up to and including the `lines`th line of its body. The header and
// its empty line are always in it. `message` may be the rest of one whose first fields were written before.
std::string_view top_of(std::string_view message, std::uint32_t lines);

}  // namespace tubepost::pop3
