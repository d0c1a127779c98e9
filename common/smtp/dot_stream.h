// Mail data on its way over a line (RFC 5321 4.5.2, RFC 1939 3): ended by a dot alone, other dots at the
// beginning of a line doubled. Push in both directions, no I/O: chunks go in, cut anywhere, and spans of them
// come out through a sink.
//
// Only CRLF is a line end. CRLF.CRLF ends a message and nothing else does - no bare LF or CR takes part in it
// - so that a peer can never be made to see an end where another sees none (SMTP smuggling).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tubepost::smtp {

// Spans point into the chunk (or to constants): use them before it changes.
using ContentSink = std::function<void(std::string_view)>;

class DotReader {
public:
  struct Findings {
    std::uint64_t octets = 0;        // of content, after dots were removed
    std::uint64_t longest_line = 0;  // octets without CRLF, without a removed dot
    bool bare_cr = false, bare_lf = false, nul = false, eight_bit = false;
  };

  // Takes from the front of `chunk`, up to the end of the message if it is there; says how many bytes. What
  // follows them is the client's next command.
  std::size_t feed(std::string_view chunk, const ContentSink& sink);
  bool finished() const { return place_ == Place::finished; }
  // Of what was fed so far; final once finished.
  Findings findings() const;

private:
  enum class Place { line_start, after_dot, after_dot_cr, in_line, finished };

  std::size_t take_lines(std::string_view chunk, std::size_t at, const ContentSink& sink);
  std::size_t take_line_start(std::string_view chunk, std::size_t at, const ContentSink& sink);
  void emit(std::string_view span, const ContentSink& sink);
  void inspect(std::string_view bytes);

  Place place_ = Place::line_start;
  bool after_cr_ = false;          // in_line: the last byte taken was CR
  std::uint64_t line_octets_ = 0;  // of the line that is under way, its CR included
  std::uint64_t crs_ = 0, line_ends_ = 0;
  Findings findings_;
};

// The other way: doubles the dots, gives a last line without CRLF one, ends with a dot alone.
class DotWriter {
public:
  void write(std::string_view content, const ContentSink& sink);
  void finish(const ContentSink& sink);  // ready for another message afterwards

private:
  enum class Place { line_start, in_line, after_cr } place_ = Place::line_start;
};

// The whole of `content` as it goes over the line, its final dot included.
void append_dot_stuffed(std::string& out, std::string_view content);

}  // namespace tubepost::smtp
