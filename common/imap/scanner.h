// Reads one whole IMAP command, literals included, from left to right (RFC 9051 9, RFC 3501 9).
//
// take_x() tries and moves on only if it finds x; expect_x() must find it, else the scanner has failed: the
// first failure sticks, every later call gives empty values, and the text is not touched any more. So a
// command is read as one run of expects beside its ABNF, and failed() is asked once at the end.
// The text is borrowed; views returned point into it. Pure; bounded by the length of the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tubepost::imap {

// RFC 9051 9 "literal", RFC 7888, RFC 3516 4.1: what stands at the end of a line that announces one.
struct LiteralHead {
  std::uint64_t size = 0;
  bool waits = true;       // {n}: the client waits for "+"; {n+} does not
  bool binary = false;     // ~{n}: may have NULs
  std::size_t length = 0;  // of the announcement itself
};
// The announcement with which `line` (without its CRLF) ends.
std::optional<LiteralHead> literal_at_end(std::string_view line);

bool is_atom_char(char c);     // RFC 9051 9 ATOM-CHAR
bool is_astring_char(char c);  // ASTRING-CHAR

class Scanner {
public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool failed() const { return failed_; }
  // For the BAD: what was wrong first, and what was expected there.
  std::string_view why() const { return why_; }
  void fail(std::string_view why);  // `why` must outlive the scanner: a constant
  bool at_end() const { return failed_ || rest_.empty(); }
  std::string_view rest() const { return rest_; }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool take(char c);
  void expect(char c);
  void expect_space() { expect(' '); }
  void expect_end();
  // A word, in any letters, that ends where no atom char follows.
  bool take_word(std::string_view word);

  std::string_view expect_tag();
  std::string_view expect_atom();
  std::string_view take_atom();  // empty: there is none
  // Back to within the atom that was taken last.
  void step_back(std::size_t bytes) {
    if (!failed_) rest_ = {rest_.data() - bytes, rest_.size() + bytes};
  }
  std::string_view expect_flag();  // "\Seen", "keyword"
  std::uint32_t expect_number();
  std::uint32_t expect_nz_number();
  std::uint64_t expect_number64();  // 63 bits (RFC 9051 number64, RFC 7162 mod-sequence-valzer)

  bool is_string_next() const;
  std::string expect_string();         // quoted or literal
  std::string expect_binary_string();  // the same, literal8 included
  std::string expect_astring();
  std::optional<std::string> expect_nstring();  // nullopt: NIL, or failed
  std::string expect_list_mailbox();            // LIST patterns

private:
  std::string expect_quoted();
  std::string expect_literal(bool binary);
  std::string_view take_while(bool (*belongs)(char));
  bool take_digits(std::uint64_t most, std::uint64_t& value);

  std::string_view rest_;
  std::string_view why_;
  bool failed_ = false;
};

}  // namespace tubepost::imap
