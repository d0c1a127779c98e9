#include "imap/search_key.h"

#include <algorithm>

#include "base/text.h"
#include "imap/date_time.h"
#include "imap/flags.h"

namespace tubepost::imap {
namespace {

using Kind = SearchKey::Kind;

// What stands behind the word of a key.
enum class Operand { nothing, text, header, keyword, date, number, seconds, uids, modseq, id };

struct Word {
  std::string_view word;
  Kind kind;
  Operand operand = Operand::nothing;
  bool negated = false;
  std::uint32_t flag = 0;
  std::string_view field = {};
};

constexpr Word words[] = {
    {"ALL", Kind::all},
    {"ANSWERED", Kind::flag, Operand::nothing, false, flag_answered},
    {"DELETED", Kind::flag, Operand::nothing, false, flag_deleted},
    {"DRAFT", Kind::flag, Operand::nothing, false, flag_draft},
    {"FLAGGED", Kind::flag, Operand::nothing, false, flag_flagged},
    {"SEEN", Kind::flag, Operand::nothing, false, flag_seen},
    {"UNANSWERED", Kind::flag, Operand::nothing, true, flag_answered},
    {"UNDELETED", Kind::flag, Operand::nothing, true, flag_deleted},
    {"UNDRAFT", Kind::flag, Operand::nothing, true, flag_draft},
    {"UNFLAGGED", Kind::flag, Operand::nothing, true, flag_flagged},
    {"UNSEEN", Kind::flag, Operand::nothing, true, flag_seen},
    {"NEW", Kind::none},
    {"RECENT", Kind::none},
    {"OLD", Kind::all},
    {"KEYWORD", Kind::keyword, Operand::keyword},
    {"UNKEYWORD", Kind::keyword, Operand::keyword, true},
    {"BCC", Kind::header, Operand::text, false, 0, "Bcc"},
    {"CC", Kind::header, Operand::text, false, 0, "Cc"},
    {"FROM", Kind::header, Operand::text, false, 0, "From"},
    {"SUBJECT", Kind::header, Operand::text, false, 0, "Subject"},
    {"TO", Kind::header, Operand::text, false, 0, "To"},
    {"HEADER", Kind::header, Operand::header},
    {"BODY", Kind::body, Operand::text},
    {"TEXT", Kind::text, Operand::text},
    {"BEFORE", Kind::internal_before, Operand::date},
    {"ON", Kind::internal_on, Operand::date},
    {"SINCE", Kind::internal_since, Operand::date},
    {"SENTBEFORE", Kind::sent_before, Operand::date},
    {"SENTON", Kind::sent_on, Operand::date},
    {"SENTSINCE", Kind::sent_since, Operand::date},
    {"SAVEDBEFORE", Kind::saved_before, Operand::date},
    {"SAVEDON", Kind::saved_on, Operand::date},
    {"SAVEDSINCE", Kind::saved_since, Operand::date},
    {"SAVEDATESUPPORTED", Kind::all},
    {"LARGER", Kind::larger, Operand::number},
    {"SMALLER", Kind::smaller, Operand::number},
    {"OLDER", Kind::older, Operand::seconds},
    {"YOUNGER", Kind::younger, Operand::seconds},
    {"UID", Kind::uid, Operand::uids},
    {"MODSEQ", Kind::modseq, Operand::modseq},
    {"EMAILID", Kind::email_id, Operand::id},
    {"THREADID", Kind::thread_id, Operand::id},
};

class SearchParser {
public:
  explicit SearchParser(Scanner& scanner) : scanner_(scanner) {}

  SearchKey list(char end, unsigned depth) {
    SearchKey every;
    every.kind = Kind::every;
    do every.children.push_back(key(depth));
    while (!scanner_.failed() && scanner_.take(' '));
    if (end != '\0') scanner_.expect(end);
    return every;
  }

private:
  SearchKey key(unsigned depth) {
    SearchKey key;
    if (depth > search_depth_max || ++keys_ > search_keys_max) {
      scanner_.fail("a search too deep or too long");
      return key;
    }
    if (scanner_.take('(')) return list(')', depth + 1);
    if (is_sequence_set_next(scanner_)) {
      key.kind = Kind::sequence;
      key.set = expect_sequence_set(scanner_);
      return key;
    }
    const auto word = scanner_.expect_atom();
    if (equal_ignoring_case(word, "NOT")) return combination(Kind::negation, 1, depth);
    if (equal_ignoring_case(word, "OR")) return combination(Kind::any, 2, depth);
    const auto* known = std::find_if(std::begin(words), std::end(words),
                                     [&](const Word& w) { return equal_ignoring_case(w.word, word); });
    if (known == std::end(words)) {
      scanner_.fail("an unknown search key");
      return key;
    }
    return simple(*known);
  }

  SearchKey combination(Kind kind, unsigned operands, unsigned depth) {
    SearchKey combined;
    combined.kind = kind;
    for (unsigned i = 0; i < operands && !scanner_.failed(); ++i) {
      scanner_.expect_space();
      combined.children.push_back(key(depth + 1));
    }
    return combined;
  }

  SearchKey simple(const Word& word) {
    SearchKey key;
    key.kind = word.kind;
    key.number = word.flag;
    key.field = word.field;
    if (word.operand != Operand::nothing) {
      scanner_.expect_space();
      read_operand(word.operand, key);
    }
    if (!word.negated) return key;
    SearchKey negation;
    negation.kind = Kind::negation;
    negation.children.push_back(std::move(key));
    return negation;
  }

  void read_operand(Operand operand, SearchKey& key) {
    switch (operand) {
      case Operand::nothing:
        return;
      case Operand::text:
        key.text = scanner_.expect_astring();
        return;
      case Operand::header:
        key.field = scanner_.expect_astring();
        scanner_.expect_space();
        key.text = scanner_.expect_astring();
        return;
      case Operand::keyword:
      case Operand::id:
        key.text = scanner_.expect_atom();
        return;
      case Operand::date:
        key.day = expect_date(scanner_);
        return;
      case Operand::number:
        key.number = scanner_.expect_number64();
        return;
      case Operand::seconds:
        key.number = scanner_.expect_nz_number();
        return;
      case Operand::uids:
        key.set = expect_sequence_set(scanner_);
        return;
      case Operand::modseq:
        return read_modseq(key);
    }
  }

  // RFC 7162 3.1.5: the entry, if given, makes no difference to a server with one mod-sequence per message.
  void read_modseq(SearchKey& key) {
    if (scanner_.peek() == '"') {
      scanner_.expect_string();
      scanner_.expect_space();
      scanner_.expect_atom();  // "all", "shared", "priv"
      scanner_.expect_space();
    }
    key.number = scanner_.expect_number64();
  }

  Scanner& scanner_;
  std::size_t keys_ = 0;
};

}  // namespace

SearchProgram expect_search_program(Scanner& scanner, bool charset_allowed) {
  SearchProgram program;
  if (charset_allowed && scanner.take_word("CHARSET")) {
    scanner.expect_space();
    program.charset = to_upper(scanner.expect_astring());
    scanner.expect_space();
  }
  program.key = SearchParser(scanner).list('\0', 0);
  scanner.expect_end();
  return program;
}

bool uses(const SearchKey& key, SearchKey::Kind kind) {
  return key.kind == kind || std::any_of(key.children.begin(), key.children.end(),
                                         [&](const SearchKey& child) { return uses(child, kind); });
}

}  // namespace tubepost::imap
