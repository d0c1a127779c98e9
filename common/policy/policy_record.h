// Records of Postfix's policy delegation protocol, both ways (SMTPD_POLICY_README of Postfix): attributes, one
// `name=value` a line, ended by an empty line. A request says what a client wants to do; the answer is one
// record with the attribute `action`.
//
// Values. A name may come twice; the last one counts, as with most policy services. Whoever writes a record
// cannot break it: what would end a line or the value is replaced. Limits are those named here; a record
// beyond them, or a line without a name, is malformed and ends the conversation. Any line end is taken, LF is
// written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enhanced_status.h"
#include "base/result.h"

namespace tubepost::net {
class LineStream;
}

namespace tubepost::policy {

inline constexpr std::size_t record_line_max =
    8192;  // a certificate's subject may be long; Postfix cuts at 2048
inline constexpr std::size_t record_attributes_max = 128;
inline constexpr std::size_t record_bytes_max = 65'536;

class Record {
public:
  // Does not check for limits. In `name`, '=' and line ends become '_'; in `value`, line ends and NUL '?'.
  void add(std::string_view name, std::string_view value);
  bool has(std::string_view name) const;
  std::string_view value(std::string_view name) const;  // empty where there is none; valid until changed
  const std::vector<std::pair<std::string, std::string>>& attributes() const { return attributes_; }
  bool empty() const { return attributes_.empty(); }
  std::size_t size() const { return bytes_; }  // about that of its text
  std::string to_text() const;                 // with the empty line at its end

private:
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::size_t bytes_ = 0;
};

// The attributes of one line are added to `record`; a Failure says what is wrong with it.
Result<void> add_line(Record& record, std::string_view line);

// A whole record, with or without the empty line at its end; more behind that line is a Failure.
Result<Record> parse_record(std::string_view text);

// The next record of a conversation: nullopt at its end (in the middle of a record that is a Failure, as all
// that is malformed). Empty lines before a record are passed over. Throws what the stream throws.
Result<std::optional<Record>> read_record(net::LineStream& lines);

// ---- what a policy service can answer: access(5) of Postfix

enum class ActionKind {
  ok,               // OK, or a number that is no reply code: accepted, later restrictions are skipped
  dunno,            // no opinion: go on
  reject,           // REJECT [text]
  defer,            // DEFER [text]
  defer_if_permit,  // DEFER_IF_PERMIT [text]
  defer_if_reject,  // DEFER_IF_REJECT [text]
  reply,            // 4NN or 5NN [text]: this very reply
  prepend,          // PREPEND name: value
  hold,
  discard,
  redirect,  // REDIRECT address
  bcc,       // BCC address
  warn,
  info,
  unknown  // anything else: 451 4.3.5, as Postfix answers a configuration error
};

struct Action {
  ActionKind kind = ActionKind::unknown;
  int code = 0;                          // reply only: 400..599
  std::optional<EnhancedStatus> status;  // where `text` of a refusal began with one of its class
  std::string text;                      // the rest, printable; for unknown: the whole
};

inline constexpr std::size_t action_text_max = 400;

// Words in any case. Kinds that need an argument (prepend, redirect, bcc) and have none are unknown.
Action parse_action(std::string_view text);

// Of an answer: `unknown` where there is no attribute `action`.
Action action_of(const Record& answer);

}  // namespace tubepost::policy
