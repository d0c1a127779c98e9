#include "message/address_list.h"

#include <algorithm>

#include "base/text.h"
#include "message/cfws.h"

namespace tubepost::message {
namespace {

// RFC 5322 3.2.3 atext; RFC 6532 3.2 adds what is not ASCII.
bool is_atext(char c) {
  constexpr std::string_view others = "!#$%&'*+-/=?^_`{|}~";
  return is_alpha(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         others.find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
  const auto atoms = split(text, '.');
  return std::all_of(atoms.begin(), atoms.end(), [](std::string_view atom) {
    return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atext);
  });
}

constexpr std::size_t words_max = 1000;  // of one phrase or local part; what has more is no address

// One piece of a phrase or of a local part: an atom, a quoted string, or a dot.
struct Word {
  std::string text;
  bool after_blank = false;
};

std::string as_phrase(const std::vector<Word>& words) {
  std::string phrase;
  for (const auto& word : words) {
    if (word.after_blank && !phrase.empty()) phrase += ' ';
    phrase += word.text;
  }
  return phrase;
}

// RFC 5322 4.4 obs-local-part: blanks and comments between the words do not count.
std::string as_local_part(const std::vector<Word>& words) {
  std::string local_part;
  for (const auto& word : words) local_part += word.text;
  return local_part;
}

class AddressParser {
public:
  explicit AddressParser(std::string_view text) : rest_(text) {}
  AddressList run();

private:
  void take_element();
  std::vector<Word> take_words();
  std::string take_quoted_string();
  std::string take_atom();
  void take_angle_address(std::string display_name);
  void take_mailbox(const std::vector<Word>& local_part);
  std::string take_domain();
  void take_route();
  void open_group(const std::vector<Word>& words);
  void close_group();
  void add(Address address);
  void skip_element();
  bool take(char c);

  std::string_view rest_;
  std::string comment_;  // the last one of the element under way
  AddressList list_;
  bool in_group_ = false;
  std::size_t count_ = 0;
};

AddressList AddressParser::run() {
  for (skip_cfws(rest_); !rest_.empty(); skip_cfws(rest_)) {
    if (take(',')) continue;  // RFC 5322 4.4: empty elements
    if (take(';')) {
      close_group();
      continue;
    }
    if (count_ >= address_list_max) {
      list_.broken = true;
      break;
    }
    take_element();
  }
  if (in_group_) list_.broken = true;
  return std::move(list_);
}

bool AddressParser::take(char c) {
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

void AddressParser::take_element() {
  comment_.clear();
  const auto words = take_words();
  if (take('<')) return take_angle_address(as_phrase(words));
  if (!words.empty() && take('@')) return take_mailbox(words);
  if (!words.empty() && take(':')) return open_group(words);
  const bool ends = rest_.empty() || rest_.front() == ',' || rest_.front() == ';';
  const bool is_name = std::none_of(words.begin() + (words.empty() ? 0 : 1), words.end(),
                                    [](const Word& word) { return word.after_blank; });
  if (ends && is_name && !words.empty() && words.size() < words_max)
    return add({comment_, as_local_part(words), {}});
  skip_element();
}

std::vector<Word> AddressParser::take_words() {
  std::vector<Word> words;
  while (words.size() < words_max) {
    const auto before = rest_.size();
    skip_cfws(rest_, &comment_);
    const bool after_blank = rest_.size() != before;
    if (rest_.starts_with('"'))
      words.push_back({take_quoted_string(), after_blank});
    else if (rest_.starts_with('.') && take('.'))  // RFC 5322 4.1 obs-phrase
      words.push_back({".", after_blank});
    else if (auto atom = take_atom(); !atom.empty())
      words.push_back({std::move(atom), after_blank});
    else
      break;
  }
  return words;
}

// RFC 5322 3.2.4. One that is not closed takes the rest.
std::string AddressParser::take_quoted_string() {
  std::string content;
  std::size_t i = 1;
  for (; i < rest_.size() && rest_[i] != '"'; ++i) {
    if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
    if (rest_[i] != '\r' && rest_[i] != '\n' && rest_[i] != '\0') content += rest_[i];
  }
  if (i >= rest_.size()) list_.broken = true;
  rest_.remove_prefix(std::min(i + 1, rest_.size()));
  return content;
}

std::string AddressParser::take_atom() {
  std::size_t length = 0;
  while (length < rest_.size() && is_atext(rest_[length])) ++length;
  std::string atom(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return atom;
}

// RFC 5322 4.4 obs-route: "@one,@two:" before the address counts for nothing.
void AddressParser::take_route() {
  skip_cfws(rest_);
  while (rest_.starts_with('@') || rest_.starts_with(',')) {
    if (take('@')) take_domain();
    take(',');
    skip_cfws(rest_);
    if (take(':')) return;
  }
}

void AddressParser::take_angle_address(std::string display_name) {
  take_route();
  const auto words = take_words();
  auto domain = take('@') ? take_domain() : std::string();
  if (words.empty() || !take('>')) return skip_element();
  skip_cfws(rest_, &comment_);
  add({display_name.empty() ? comment_ : std::move(display_name), as_local_part(words), std::move(domain)});
  if (!rest_.empty() && rest_.front() != ',' && rest_.front() != ';') skip_element();
}

void AddressParser::take_mailbox(const std::vector<Word>& local_part) {
  auto domain = take_domain();
  skip_cfws(rest_, &comment_);
  // Wrong and often seen: joe@example.test <joe@example.test>
  if (take('<')) return take_angle_address(as_local_part(local_part) + '@' + domain);
  const bool ends = rest_.empty() || rest_.front() == ',' || rest_.front() == ';';
  if (!ends || domain.empty()) return skip_element();
  add({comment_, as_local_part(local_part), std::move(domain)});
}

// RFC 5322 3.4.1 domain-literal, and atoms with dots and, obsolete, blanks between.
std::string AddressParser::take_domain() {
  skip_cfws(rest_);
  if (rest_.starts_with('[')) {
    const auto end = rest_.find_first_of("]\r\n");
    if (end == std::string_view::npos || rest_[end] != ']') return {};
    std::string literal(rest_.substr(0, end + 1));
    rest_.remove_prefix(end + 1);
    skip_cfws(rest_, &comment_);
    return literal;
  }
  std::string domain;
  for (;;) {
    domain += take_atom();
    skip_cfws(rest_, &comment_);
    if (!take('.')) return domain;
    domain += '.';
    skip_cfws(rest_, &comment_);
  }
}

void AddressParser::open_group(const std::vector<Word>& words) {
  if (in_group_) list_.broken = true;  // groups do not nest; read on as if the first had ended
  in_group_ = true;
  ++count_;
  list_.groups.push_back({as_phrase(words), {}});
}

void AddressParser::close_group() {
  if (!in_group_) list_.broken = true;
  in_group_ = false;
}

void AddressParser::add(Address address) {
  ++count_;
  if (!in_group_ && (list_.groups.empty() || list_.groups.back().name)) list_.groups.push_back({});
  list_.groups.back().members.push_back(std::move(address));
}

void AddressParser::skip_element() {
  list_.broken = true;
  while (!rest_.empty() && rest_.front() != ',' && rest_.front() != ';') {
    const auto before = rest_.size();
    skip_cfws(rest_);
    if (rest_.starts_with('"')) take_quoted_string();
    if (rest_.size() == before) rest_.remove_prefix(1);
  }
}

}  // namespace

std::string Address::to_text() const {
  const auto local = is_dot_atom(local_part) ? local_part : quoted(local_part);
  return domain.empty() ? local : local + '@' + domain;
}

std::vector<Address> AddressList::addresses() const {
  std::vector<Address> all;
  for (const auto& group : groups) all.insert(all.end(), group.members.begin(), group.members.end());
  return all;
}

AddressList parse_address_list(std::string_view text) { return AddressParser(text).run(); }

}  // namespace tubepost::message
