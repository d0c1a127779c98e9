// The header of a message (RFC 5322 2.2, 3.6): its fields, read in place, and what is wrong with them. Views
// point into the argument; nothing is copied. Line ends are CRLF; tolerant reading takes LF alone as well.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tubepost::message {

inline constexpr std::size_t received_max = 100;  // RFC 5321 6.3: more hops than that are a loop

struct Field {
  std::string_view name;   // without blanks before its colon (RFC 5322 4.5.8)
  std::string_view value;  // raw: folded as it came, trimmed of blanks and line ends at both ends
  std::string_view whole;  // the field with its line end
  bool is(std::string_view other) const;  // field names have no case
};

// tolerant: what is no field is skipped, as readers of mail must cope. strict: it ends the header, see
// broken_line().
enum class HeaderMode { tolerant, strict };

//   HeaderReader reader(message);
//   while (const auto field = reader.next()) …
class HeaderReader {
public:
  explicit HeaderReader(std::string_view message, HeaderMode mode = HeaderMode::tolerant)
      : text_(message), mode_(mode) {}
  std::optional<Field> next();  // nullopt: the header has ended

  // Once next() gave nullopt: where the body begins, behind the empty line; the message's size if there is no
  // empty line.
  std::size_t body_offset() const { return at_; }
  // strict: the line that is no field, and stopped the reading.
  const std::optional<std::string_view>& broken_line() const { return broken_line_; }

private:
  std::size_t line_length(std::size_t at) const;
  std::string_view field_at(std::size_t at) const;
  bool takes_empty_line();

  std::string_view text_;
  HeaderMode mode_;
  std::size_t at_ = 0;
  bool ended_ = false;
  std::optional<std::string_view> broken_line_;
};

std::size_t body_offset(std::string_view message);
std::optional<Field> find_field(std::string_view message, std::string_view name);  // the first
std::size_t count_fields(std::string_view message, std::string_view name);
std::string unfold(std::string_view value);  // RFC 5322 2.2.3: line ends before blanks removed

// S7, the closed list of what makes a message corrupt, as far as its header can tell (NUL and bare CR or LF
// in the body are findings of smtp::DotReader). nullopt: nothing; else a sentence for the reply.
//   1. there is no header: the message is empty or begins with an empty line (on submission it is given one,
//   see below)
//   2. a line of the header is no field: no colon, a name with characters that RFC 5322 3.6.8 has not, a
//   first line that is
//      a continuation. ("From " lines of mbox files are such lines.)
//   3. NUL, or CR or LF by itself, in the header
//   4. twice a field that may stand once (RFC 5322 3.6): Date, From, Sender, Reply-To, To, Cc, Bcc,
//   Message-ID, In-Reply-To,
//      References, Subject
//   5. on submission: a From field without an address to answer to (one that is missing is added)
// Not on it: Return-Path twice, wrong dates, 8-bit text, MIME of any kind.
std::optional<std::string> corruption(std::string_view message, bool on_submission);

// RFC 6409 8: what submission adds before a message that lacks it - From, Date, Message-ID - as fields with
// their CRLF; empty if nothing is missing. `submitter` is an address; if it is empty, From is
// MAILER-DAEMON@hostname.
std::string missing_fields(std::string_view message, std::string_view submitter, std::string_view hostname,
                           Timestamp now);

// RFC 5322 3.6.4: "<20261121020817.9f86d081884c7d659a2f@hostname>", with 80 random bits.
std::string make_message_id(std::string_view hostname, Timestamp now);

}  // namespace tubepost::message
