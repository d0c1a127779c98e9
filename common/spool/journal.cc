#include "spool/journal.h"

#include "base/text.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t value_max = 1000;
constexpr std::size_t key_size = 26, seq_offset = 24;

void append_word(std::string& line, const Word& word) {
  const std::string clean = printable(word.value, value_max);
  if (!line.empty()) line += ' ';
  line += word.key;
  line += '=';
  if (clean.find_first_of(" =\"\\") == std::string::npos) {
    line += clean;
    return;
  }
  append_quoted(line, clean);
}

std::uint16_t seq_of(std::string_view key) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(key[seq_offset]) << 8 |
                                    static_cast<unsigned char>(key[seq_offset + 1]));
}

}  // namespace

std::string words(std::initializer_list<Word> list) {
  std::string line;
  for (const Word& word : list) {
    if (!word.key.empty() && !word.value.empty()) append_word(line, word);
  }
  return line;
}

namespace {

// Takes the value at the front of `rest`, quoted or not.
std::string take_value(std::string_view& rest) {
  std::string value;
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != (quoted ? '"' : ' ')) {
    if (quoted && rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  if (quoted && !rest.empty()) rest.remove_prefix(1);
  return value;
}

}  // namespace

std::string word_of(std::string_view fields, std::string_view key) {
  for (std::string_view rest = fields; !rest.empty();) {
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    std::string value = take_value(rest);
    if (name == key) return value;
    while (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  return {};
}

void JournalWriter::add(const SpoolId& id, const Event& event) {
  const std::string value = encode(event);
  if (transaction_.put_new(tables_.journal, journal_key(id, event.time, 0), value)) return;
  // Several lines in one millisecond: after the last of them. When even those numbers are used up, a
  // millisecond later.
  for (Timestamp time = event.time;; time += Milliseconds(1)) {
    lmdb::Cursor cursor = transaction_.cursor(tables_.journal);
    const std::string first = journal_key(id, time, 0);
    const bool any = cursor.seek_before(journal_key(id, time + Milliseconds(1), 0)) &&
                     cursor.key().size() == key_size &&
                     cursor.key().starts_with(std::string_view(first).substr(0, seq_offset));
    if (any && seq_of(cursor.key()) == 0xffff) continue;
    const auto seq = static_cast<std::uint16_t>(any ? seq_of(cursor.key()) + 1 : 0);
    return transaction_.put(tables_.journal, journal_key(id, time, seq), value);
  }
}

void JournalWriter::add(const SpoolId& id, std::string_view name, std::string_view fields) {
  add(id, Event{now_, std::string(name), std::string(fields)});
}

bool JournalWriter::knows(const SpoolId& id) const {
  return transaction_.cursor(tables_.journal).seek_prefix(id.bytes());
}

// ---- Spool

Result<std::vector<Event>> Spool::trace(const SpoolId& id) const {
  return state_->environment.read([&](lmdb::ReadTransaction& read) {
    std::vector<Event> events;
    lmdb::Cursor cursor = read.cursor(state_->tables.journal);
    for (bool more = cursor.seek(id.bytes()); more && cursor.key().starts_with(id.bytes());
         more = cursor.next())
      events.push_back(decode_event(cursor.key(), cursor.value()));
    return events;
  });
}

Result<void> Spool::note(const SpoolId& id, const Event& event) {
  return state_->commit(
      [&](lmdb::WriteTransaction& write) -> Result<void> {
        JournalWriter(write, state_->tables, event.time).add(id, event);
        return {};
      },
      0);
}

}  // namespace tubepost::spool
