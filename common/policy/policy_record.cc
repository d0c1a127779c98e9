#include "policy/policy_record.h"

#include <algorithm>

#include "base/text.h"
#include "net/line_stream.h"

namespace tubepost::policy {
namespace {

// Postfix: a name has at least one character, and a value no line end; nothing else is promised.
constexpr std::string_view never_in_name = {"=\r\n\0", 4};
constexpr std::string_view never_in_value = {"\r\n\0", 3};

void replace_all_of(std::string& text, std::string_view these, char with) {
  for (auto at = text.find_first_of(these); at != text.npos; at = text.find_first_of(these, at + 1))
    text[at] = with;
}

Failure malformed(std::string why) {
  return Failure::permanent("policy record: " + std::move(why), {5, 5, 2});
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

struct Word {
  std::string_view name;
  ActionKind kind;
  bool needs_argument = false;
};
constexpr Word words[] = {
    {"OK", ActionKind::ok},
    {"DUNNO", ActionKind::dunno},
    {"REJECT", ActionKind::reject},
    {"DEFER", ActionKind::defer},
    {"DEFER_IF_PERMIT", ActionKind::defer_if_permit},
    {"DEFER_IF_REJECT", ActionKind::defer_if_reject},
    {"PREPEND", ActionKind::prepend, true},
    {"HOLD", ActionKind::hold},
    {"DISCARD", ActionKind::discard},
    {"REDIRECT", ActionKind::redirect, true},
    {"BCC", ActionKind::bcc, true},
    {"WARN", ActionKind::warn},
    {"INFO", ActionKind::info},
};

bool all_digits(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

// access(5): "4NN text" and "5NN text" are replies; any other number is OK.
Action numeric(std::string_view word) {
  Action action;
  action.kind = ActionKind::ok;
  if (word.size() == 3 && (word[0] == '4' || word[0] == '5')) {
    action.kind = ActionKind::reply;
    action.code = *parse_number<int>(word);
  }
  return action;
}

// Of which class a code in the text of this refusal has to be; 0: this is none.
unsigned class_of(const Action& action) {
  switch (action.kind) {
    case ActionKind::reject:
      return 5;
    case ActionKind::defer:
    case ActionKind::defer_if_permit:
    case ActionKind::defer_if_reject:
      return 4;
    case ActionKind::reply:
      return static_cast<unsigned>(action.code / 100);
    default:
      return 0;
  }
}

void take_status(Action& action, std::string_view& text) {
  const auto word = text.substr(0, text.find(' '));
  const auto status = parse_enhanced_status(word);
  if (!status || status->status_class != class_of(action)) return;
  action.status = status;
  text = trim(text.substr(word.size()));
}

}  // namespace

void Record::add(std::string_view name, std::string_view value) {
  auto& [own_name, own_value] = attributes_.emplace_back(name, value);
  replace_all_of(own_name, never_in_name, '_');
  replace_all_of(own_value, never_in_value, '?');
  bytes_ += name.size() + value.size() + 2;
}

bool Record::has(std::string_view name) const {
  return std::any_of(attributes_.begin(), attributes_.end(),
                     [&](const auto& one) { return one.first == name; });
}

std::string_view Record::value(std::string_view name) const {
  const auto found = std::find_if(attributes_.rbegin(), attributes_.rend(),
                                  [&](const auto& one) { return one.first == name; });
  return found == attributes_.rend() ? std::string_view() : std::string_view(found->second);
}

std::string Record::to_text() const {
  std::string text;
  text.reserve(bytes_ + 1);
  for (const auto& [name, value] : attributes_) text.append(name).append("=").append(value).append("\n");
  return text += '\n';
}

Result<void> add_line(Record& record, std::string_view line) {
  const auto equals = line.find('=');
  if (equals == line.npos || equals == 0) return malformed("'" + printable(line, 80) + "' is not NAME=VALUE");
  if (line.find('\0') != line.npos) return malformed("a NUL in '" + printable(line, 80) + "'");
  if (record.attributes().size() >= record_attributes_max) return malformed("too many attributes");
  record.add(line.substr(0, equals), line.substr(equals + 1));
  if (record.size() > record_bytes_max) return malformed("too long");
  return {};
}

Result<Record> parse_record(std::string_view text) {
  Record record;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = without_line_end(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) {
      if (!text.empty()) return malformed("something stands behind its end");
      break;
    }
    if (line.size() > record_line_max) return malformed("a line is too long");
    if (auto added = add_line(record, line); !added) return std::move(added).error();
  }
  return record;
}

Result<std::optional<Record>> read_record(net::LineStream& lines) {
  using Kind = net::LineStream::Line::Kind;
  Record record;
  std::size_t empty_lines = 0;
  for (;;) {
    const auto line = lines.read_line(record_line_max);
    if (line.kind == Kind::too_long) return malformed("a line is too long");
    if (line.kind == Kind::end) {
      if (record.empty()) return std::optional<Record>();
      return malformed("it ends without an empty line");
    }
    if (line.text.empty()) {
      if (!record.empty()) return std::optional<Record>(std::move(record));
      if (++empty_lines > record_attributes_max) return malformed("nothing but empty lines");
      continue;
    }
    if (auto added = add_line(record, line.text); !added) return std::move(added).error();
  }
}

Action parse_action(std::string_view text) {
  text = trim(text);
  const auto word = text.substr(0, text.find_first_of(" \t"));
  auto rest = trim(text.substr(word.size()));
  Action action;
  if (all_digits(word)) {
    action = numeric(word);
  } else {
    const auto* found = std::find_if(std::begin(words), std::end(words), [&](const Word& one) {
      return equal_ignoring_case(one.name, word) && (!one.needs_argument || !rest.empty());
    });
    if (found == std::end(words))
      rest = text;
    else
      action.kind = found->kind;
  }
  if (class_of(action) != 0) take_status(action, rest);
  action.text = printable(rest, action_text_max);
  return action;
}

Action action_of(const Record& answer) {
  return answer.has("action") ? parse_action(answer.value("action")) : Action();
}

}  // namespace tubepost::policy
