#include "imap/base_subject.h"

#include <algorithm>

#include "base/text.h"
#include "message/charset.h"
#include "message/encoded_word.h"

namespace tubepost::imap {
namespace {


// RFC 5256 2.1 (1): every run of blanks is one blank.
std::string with_single_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char plain = c == '\t' ? ' ' : c;
    if (plain != ' ' || !out.ends_with(' ')) out += plain;
  }
  return out;
}

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

// RFC 5256 5 subj-blob: "[…]" without brackets inside, and blanks.
bool take_blob(std::string_view& text) {
  if (!text.starts_with('[')) return false;
  const auto end = text.find_first_of("[]", 1);
  if (end == npos || text[end] != ']') return false;
  text.remove_prefix(end + 1);
  skip_blanks(text);
  return true;
}

// subj-refwd: "re", "fw" or "fwd", blanks, a blob, and a colon.
bool take_reply_mark(std::string_view& text) {
  auto rest = text;
  if (starts_with_ignoring_case(rest, "fwd"))
    rest.remove_prefix(3);
  else if (starts_with_ignoring_case(rest, "re") || starts_with_ignoring_case(rest, "fw"))
    rest.remove_prefix(2);
  else
    return false;
  skip_blanks(rest);
  take_blob(rest);
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  text = rest;
  return true;
}

class SubjectReducer {
public:
  explicit SubjectReducer(std::string_view text) : text_(text) {}
  std::string_view run();
  bool reply_or_forward() const { return marked_; }

private:
  void remove_trailers();
  bool remove_leader();
  bool remove_blob();
  bool remove_forward();

  std::string_view text_;
  bool marked_ = false;
};

std::string_view SubjectReducer::run() {
  do {
    remove_trailers();
    while (remove_leader() || remove_blob()) continue;
  } while (remove_forward());
  return text_;
}

// (2) subj-trailer: "(fwd)" or blanks.
void SubjectReducer::remove_trailers() {
  for (;;) {
    while (text_.ends_with(' ')) text_.remove_suffix(1);
    if (text_.size() < 5 || !equal_ignoring_case(text_.substr(text_.size() - 5), "(fwd)")) return;
    text_.remove_suffix(5);
    marked_ = true;
  }
}

// (3) subj-leader: blobs and a reply mark, or a blank.
bool SubjectReducer::remove_leader() {
  if (text_.starts_with(' ')) {
    skip_blanks(text_);
    return true;
  }
  auto rest = text_;
  while (take_blob(rest)) continue;
  if (!take_reply_mark(rest)) return false;
  text_ = rest;
  marked_ = true;
  return true;
}

// (4) A blob, unless it is all there is.
bool SubjectReducer::remove_blob() {
  auto rest = text_;
  if (!take_blob(rest) || rest.empty()) return false;
  text_ = rest;
  return true;
}

// (6) "[fwd:" … "]".
bool SubjectReducer::remove_forward() {
  if (!starts_with_ignoring_case(text_, "[fwd:") || !text_.ends_with(']')) return false;
  text_ = text_.substr(5, text_.size() - 6);
  marked_ = true;
  return true;
}

// RFC 5256 3: quoting undone, so that the ways to write an id are one.
std::string normalised(std::string_view id) {
  std::string out;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (id[i] == '\\' && i + 1 < id.size())
      ++i;
    else if (id[i] == '"')
      continue;
    if (!is_blank(id[i]) && id[i] != '\r' && id[i] != '\n' && id[i] != '\0') out += id[i];
  }
  return out;
}

}  // namespace

BaseSubject base_subject(std::string_view raw_subject) {
  const auto text =
      with_single_blanks(message::decode_encoded_words(raw_subject.substr(0, base_subject_max)));
  SubjectReducer reducer(text);
  const auto base = reducer.run();
  return {message::fold_case(base), reducer.reply_or_forward()};
}

std::vector<std::string> message_ids(std::string_view value) {
  std::vector<std::string> ids;
  for (auto at = value.find('<'); at != npos; at = value.find('<', at + 1)) {
    const auto end = value.find_first_of("<>", at + 1);
    if (end == npos) break;
    if (value[end] == '<') continue;
    if (end - at - 1 > message_id_max) continue;
    auto id = normalised(value.substr(at + 1, end - at - 1));
    if (!id.empty()) ids.push_back(std::move(id));
    if (ids.size() > references_max) ids.erase(ids.begin() + 1);
  }
  return ids;
}

}  // namespace tubepost::imap
