#include "smtp/path.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::smtp {
namespace {

constexpr EnhancedStatus bad_sender{5, 1, 7}, bad_recipient{5, 1, 3}, not_ascii{5, 6, 7},
    bad_parameter{5, 5, 4};

bool is_utf8_byte(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool has_utf8(std::string_view text) { return std::any_of(text.begin(), text.end(), is_utf8_byte); }

Failure parameter_failure(const std::string& what, std::string_view word) {
  return Failure::permanent(what + ": " + printable(word, 40), bad_parameter);
}

// RFC 5321 4.1.2 esmtp-keyword, esmtp-value; RFC 6531 3.3 adds UTF-8 to the latter.
bool is_keyword(std::string_view text) {
  return !text.empty() && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
}
bool is_value(std::string_view text) {
  return !text.empty() && is_valid_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_utf8_byte(c) || (c > ' ' && c < 0x7f && c != '=');
  });
}

Result<Parameter> parse_parameter(std::string_view word) {
  const auto equals = word.find('=');
  const auto keyword = word.substr(0, equals);
  if (!is_keyword(keyword)) return parameter_failure("Not a parameter", word);
  if (equals == std::string_view::npos) return Parameter{std::string(keyword), std::nullopt};
  const auto value = word.substr(equals + 1);
  if (!is_value(value)) return parameter_failure("Bad value of a parameter", word);
  return Parameter{std::string(keyword), std::string(value)};
}

// What stands behind the path. RFC 5321 4.1.1: trailing blanks should be tolerated.
Result<void> parse_parameters(std::string_view text, PathCommand& command) {
  for (const auto word : split_words(text)) {
    auto parameter = parse_parameter(word);
    if (!parameter) return std::move(parameter).error();
    if (command.find(parameter->keyword) != nullptr) return parameter_failure("A parameter twice", word);
    if (command.parameters.size() == parameters_max) return parameter_failure("Too many parameters", word);
    command.parameters.push_back(std::move(*parameter));
  }
  command.sloppy |= text.find("  ") != std::string_view::npos;
  return {};
}

// The length of the "<…>" at the front; 0: there is none. A quoted string may hold '>'.
std::size_t bracketed_length(std::string_view text) {
  if (!text.starts_with('<')) return 0;
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == '>' && !quoted)
      return i + 1;
  }
  return 0;
}

struct Split {
  std::string_view path;  // without its <>
  std::string_view parameters;
  bool sloppy = false;
};

Result<Split> split_arguments(std::string_view arguments, std::string_view prefix,
                              EnhancedStatus bad_address) {
  if (!starts_with_ignoring_case(arguments, prefix))
    return Failure::permanent("Expected " + std::string(prefix) + "<address>", bad_parameter);
  auto rest = arguments.substr(prefix.size());
  Split split;
  for (; !rest.empty() && is_blank(rest.front()); rest.remove_prefix(1)) split.sloppy = true;
  const auto length = bracketed_length(rest);
  if (length == 0) return Failure::permanent("An address stands between < and >", bad_address);
  if (length > path_max) return Failure::permanent("Path too long", bad_address);  // RFC 5321 4.5.3.1.3
  split.path = rest.substr(1, length - 2);
  split.parameters = rest.substr(length);
  if (!split.parameters.empty() && !is_blank(split.parameters.front()))
    return Failure::permanent("Expected a blank behind >", bad_parameter);
  return split;
}

// RFC 5321 4.1.2 A-d-l: "@one,@two:joe@example.test". nullopt: a route that is none.
std::optional<std::string_view> without_route(std::string_view path) {
  if (!path.starts_with('@')) return path;
  const auto colon = path.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  for (const auto hop : split(path.substr(0, colon), ','))
    if (!hop.starts_with('@') || !is_domain(hop.substr(1))) return std::nullopt;
  return path.substr(colon + 1);
}

Result<Mailbox> parse_path(std::string_view path, bool allow_utf8, EnhancedStatus bad_address) {
  if (has_utf8(path) && !allow_utf8)
    return Failure::permanent("Address beyond ASCII without SMTPUTF8", not_ascii);
  const auto address = without_route(path);
  auto mailbox = address ? parse_mailbox(*address, allow_utf8) : std::nullopt;
  if (!mailbox) return Failure::permanent("Bad address syntax: " + printable(path, 120), bad_address);
  return std::move(*mailbox);
}

}  // namespace

const Parameter* PathCommand::find(std::string_view keyword) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& parameter) {
    return equal_ignoring_case(parameter.keyword, keyword);
  });
  return found == parameters.end() ? nullptr : &*found;
}

Result<PathCommand> parse_mail_command(std::string_view arguments) {
  const auto split = split_arguments(arguments, "FROM:", bad_sender);
  if (!split) return split.error();
  PathCommand command;
  command.sloppy = split->sloppy;
  if (auto done = parse_parameters(split->parameters, command); !done) return std::move(done).error();
  const auto* smtputf8 = command.find("SMTPUTF8");
  if (smtputf8 != nullptr && smtputf8->value)
    return parameter_failure("No value belongs to it", "SMTPUTF8");  // RFC 6531 3.4
  command.smtputf8 = smtputf8 != nullptr;
  if (has_utf8(split->parameters) && !command.smtputf8)
    return parameter_failure("Beyond ASCII", split->parameters);
  if (split->path.empty()) return command;
  auto mailbox = parse_path(split->path, command.smtputf8, bad_sender);
  if (!mailbox) return std::move(mailbox).error();
  command.mailbox = std::move(*mailbox);
  return command;
}

Result<PathCommand> parse_rcpt_command(std::string_view arguments, bool allow_utf8) {
  const auto split = split_arguments(arguments, "TO:", bad_recipient);
  if (!split) return split.error();
  PathCommand command;
  command.sloppy = split->sloppy;
  if (auto done = parse_parameters(split->parameters, command); !done) return std::move(done).error();
  if (has_utf8(split->parameters) && !allow_utf8) return parameter_failure("Beyond ASCII", split->parameters);
  // RFC 5321 4.1.1.3, 4.5.1: without a domain, whatever its case.
  if (equal_ignoring_case(split->path, "postmaster")) {
    command.mailbox = Mailbox{"postmaster", {}};
    return command;
  }
  auto mailbox = parse_path(split->path, allow_utf8, bad_recipient);
  if (!mailbox) return std::move(mailbox).error();
  command.mailbox = std::move(*mailbox);
  return command;
}

}  // namespace tubepost::smtp
