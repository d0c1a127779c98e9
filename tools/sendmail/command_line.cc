#include "sendmail/command_line.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::sendmail {
namespace {

constexpr std::string_view with_value = "fFrNRVBCDhLMOpXA", alone = "tivmnsGUxIJcT";

Failure usage(const std::string& text) { return Failure::permanent(text, {5, 5, 4}); }

// RFC 3461 4.1: NEVER stands alone; the others in a list.
Result<std::string> notify_of(const std::string& value) {
  const std::string list = to_upper(value);
  if (list == "NEVER") return list;
  for (const auto word : split(list, ','))
    if (word != "SUCCESS" && word != "FAILURE" && word != "DELAY")
      return usage("-N " + printable(value, 60) + ": never, or a list of success, failure, delay");
  return list;
}

class Parser {
public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Result<CommandLine> parse() {
    for (; at_ < arguments_.size(); ++at_) {
      const std::string& word = arguments_[at_];
      if (word == "--") {
        ++at_;
        break;
      }
      if (word.size() < 2 || word[0] != '-') break;
      auto taken = word.starts_with("--") ? take_long(word) : take_short(word);
      if (!taken) return std::move(taken).error();
    }
    line_.recipients.assign(
        arguments_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, arguments_.size())), arguments_.end());
    return std::move(line_);
  }

private:
  Result<void> take_long(const std::string& word) {
    line_.common.push_back(word);
    const bool has_value = word.find('=') == std::string::npos && word != "--help" && word != "--version";
    if (!has_value) return {};
    if (++at_ >= arguments_.size()) return usage(word + " needs a value");
    line_.common.push_back(arguments_[at_]);
    return {};
  }

  // One word may hold several options without values: -ti.
  Result<void> take_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const char option = word[i];
      const std::string rest = word.substr(i + 1);
      if (option == 'b') return take_mode(rest);
      if (option == 'o' || option == 'e') return take_letters(option, rest);
      if (option == 'q')
        return line_.mode = Mode::run_queue, Result<void>();  // -q30m, too: qrun has its own time
      if (option == 'd') return {};                           // -d0-99.1
      if (with_value.find(option) != std::string_view::npos) return take_value(option, rest);
      if (alone.find(option) == std::string_view::npos)
        return usage("-" + printable({&option, 1}) + ": not known");
      if (option == 't') line_.recipients_from_header = true;
      if (option == 'i') line_.lone_dot_ends = false;
    }
    return {};
  }

  // -oX, -eX: what follows is their value, never options (-eq would wake the queue); it may stand apart: -o i.
  Result<void> take_letters(char option, const std::string& attached) {
    if (attached.empty() && ++at_ >= arguments_.size())
      return usage(std::string("-") + option + " needs a value");
    const std::string& value = attached.empty() ? arguments_[at_] : attached;
    if (option == 'o' && value == "i") line_.lone_dot_ends = false;
    return {};
  }

  Result<void> take_mode(const std::string& mode) {
    if (mode == "m") return {};
    if (mode == "s") return line_.mode = Mode::smtp_on_stdin, Result<void>();
    if (mode == "p") return line_.mode = Mode::print_queue, Result<void>();
    if (mode == "i")
      return line_.mode = Mode::nothing, Result<void>();  // newaliases: ours need no rebuilding
    return usage("-b" + printable(mode, 20) +
                 ": only -bm, -bs, -bp and -bi; services are started by the supervisor");
  }

  Result<void> take_value(char option, const std::string& attached) {
    if (attached.empty() && ++at_ >= arguments_.size())
      return usage(std::string("-") + option + " needs a value");
    const std::string& value = attached.empty() ? arguments_[at_] : attached;
    switch (option) {
      case 'f':
      case 'r':
        line_.sender = value == "<>" ? std::string() : value;
        return {};
      case 'F':
        line_.full_name = value;
        return {};
      case 'V':
        line_.dsn_envid = value;
        return {};
      case 'N':
        return keep(notify_of(value), line_.dsn_notify);
      case 'R':
        return take_return(value);
      default:
        return {};  // -B, -C, -h, -L, -O, -p, -X, -A: nothing here depends on them
    }
  }

  Result<void> take_return(const std::string& value) {
    line_.dsn_return = to_upper(value);
    if (line_.dsn_return != "FULL" && line_.dsn_return != "HDRS") return usage("-R: full or hdrs");
    return {};
  }

  static Result<void> keep(Result<std::string> value, std::string& into) {
    if (!value) return std::move(value).error();
    into = std::move(*value);
    return {};
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  CommandLine line_;
};

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) {
  return Parser(arguments).parse();
}

}  // namespace tubepost::sendmail
