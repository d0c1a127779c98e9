// Lines over a Stream, with buffers for both directions. The one place where bytes from the network are cut
// into lines, for SMTP, POP3, IMAP and the text protocols between programs.
//
// A line ends with CRLF and nothing else (RFC 5321 2.3.8): a bare LF or CR is part of a line (and whoever
// parses it refuses it), so no peer can be made to see line ends where we see none (SMTP smuggling). With
// `accept_lf` (terminals, --lf) LF alone ends a line too. Output is buffered until flush(), or until 16 KiB
// have gathered; read_line() and fill() flush before they would block. Memory is bounded: input by the larger
// of `input_size` and the line limit, four times `input_size` while fill() is in use. A session that waits
// for its next command with nothing buffered holds 1.5 KiB at most, whatever it had before.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/stream.h"

namespace tubepost::net {

class LineStream {
public:
  static constexpr std::size_t tail_size = 32;

  explicit LineStream(Stream& stream, std::size_t input_size = 16384);

  struct Line {
    enum class Kind { ok, too_long, end } kind;
    std::string_view text;  // without its CRLF; valid until the next call that reads
  };
  // too_long: more than `limit` bytes before CRLF; the line has been read to its end and dropped, but for
  // `tail_size` bytes of its end: what they announce (an IMAP literal) comes all the same.
  // end: the peer closed; a last line without CRLF is dropped.
  Line read_line(std::size_t limit);

  // For DATA, BDAT, literals: what is buffered now, or after waiting for at least one byte. Empty at the end
  // of input. consume() takes from its front. Nothing is copied between the two.
  std::string_view fill();
  // Waits for more input behind what is buffered (which keeps standing at the front); false at the end of
  // input or if the buffer is full. Views got before are then invalid: ask fill() again.
  bool fill_more();
  void consume(std::size_t count);

  bool has_buffered_input() const { return begin_ < end_; }
  std::string_view buffered() const { return {input_.get() + begin_, end_ - begin_}; }
  // A whole line stands in the buffer: the client pipelines (RFC 2920 3.1), so a reply need not be flushed
  // yet.
  bool has_buffered_line() const;
  void discard_input() { begin_ = end_ = 0; }  // STARTTLS: nothing said in clear text counts afterwards

  LineStream& operator<<(std::string_view text);
  void flush();

  Stream& stream() { return *stream_; }
  void replace_stream(Stream& stream);  // after STARTTLS; both buffers must be empty
  void set_accept_lf(bool accept) { accept_lf_ = accept; }
  bool accepts_lf() const { return accept_lf_; }

private:
  struct LineEnd {
    std::size_t text_end, next;  // offsets in input_; next == 0: no line end there
  };
  LineEnd find_line_end(std::size_t from) const;
  Line skip_line();
  Line too_long(std::size_t text_end) const;  // the line begins at or before begin_
  bool read_more(
      std::size_t most);  // makes room up to `most` bytes; false at the end of input or without room
  void resize_input(std::size_t size);

  Stream* stream_;
  std::size_t input_size_;
  std::unique_ptr<char[]> input_;  // capacity_ bytes; what is buffered is [begin_, end_)
  std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
  std::string output_;
  bool accept_lf_ = false;
};

}  // namespace tubepost::net
