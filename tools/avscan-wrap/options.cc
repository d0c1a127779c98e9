#include "avscan-wrap/options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "process/child.h"

namespace tubepost::avscan {
namespace {

using Complaint = std::optional<std::string>;  // "needs …"; nullopt: the value was taken

// A flag has no argument.
struct Row {
  std::string_view name, argument, help;
  Complaint (*take)(Options& options, std::string_view value);
};

template <class T, std::size_t N>
Complaint take_word(T& into, std::string_view value,
                    const std::array<std::pair<std::string_view, T>, N>& words) {
  std::string needs = "needs one of";
  for (const auto& [word, meaning] : words) {
    if (word == value) return into = meaning, std::nullopt;
    needs += ' ' + std::string(word);
  }
  return needs;
}

template <class T>
Complaint take_size(T& into, std::string_view value) {
  const auto size = parse_size(value);
  if (!size || *size == 0) return "needs a size, such as 512M";
  into = static_cast<T>(*size);
  return std::nullopt;
}

Complaint take_codes(std::set<int>& into, std::string_view value) {
  into.clear();
  if (value.empty()) return std::nullopt;
  for (const auto word : split(value, ',')) {
    const auto code = parse_number<int>(trim(word));
    if (!code || *code < 0 || *code > 255) return "needs exit statuses from 0 to 255, with commas between";
    into.insert(*code);
  }
  return std::nullopt;
}

Complaint take_name(std::string& into, std::string_view value) {
  if (value.empty()) return "needs a value";
  into = value;
  return std::nullopt;
}

Complaint take_preset(Options& options, std::string_view value) {
  const Preset* preset = find_preset(value);
  if (preset == nullptr) return "needs a preset; --help lists them";
  options.preset = value;
  options.judge = preset->judge;
  options.scope = preset->scope;
  options.name_before = preset->name_before;
  options.name_after = preset->name_after;
  take_codes(options.infected_codes, preset->infected);
  take_codes(options.error_codes, preset->errors);
  return std::nullopt;
}

Complaint take_clamd(Options& options, std::string_view value) {
  options.judge = Judge::socket;
  if (!value.starts_with("unix:/") && !value.starts_with("inet:")) return "needs unix:PATH or inet:ADDR:PORT";
  return take_name(options.clamd, value);
}

constexpr std::array<std::pair<std::string_view, Scope>, 3> scopes{
    {{"message", Scope::message}, {"parts", Scope::parts}, {"both", Scope::both}}};
constexpr std::array<std::pair<std::string_view, OnVirus>, 5> virus_actions{
    {{"refuse", OnVirus::refuse},
     {"drop", OnVirus::drop},
     {"quarantine", OnVirus::quarantine},
     {"strip", OnVirus::strip},
     {"repair", OnVirus::repair}}};
constexpr std::array<std::pair<std::string_view, OnError>, 2> error_actions{
    {{"later", OnError::later}, {"pass", OnError::pass}}};
constexpr std::array<std::pair<std::string_view, log::Level>, 4> levels{{{"debug", log::Level::debug},
                                                                         {"info", log::Level::info},
                                                                         {"warning", log::Level::warning},
                                                                         {"error", log::Level::error}}};
constexpr std::array<std::pair<std::string_view, log::Format>, 2> formats{
    {{"logfmt", log::Format::logfmt}, {"json", log::Format::json}}};

constexpr Row preset_row{"--preset", "NAME", "A known scanner: see below.", take_preset};
const Row rows[] = {
    {"--scanner", "PROGRAM", "The scanner's program, where it is not the preset's in PATH.",
     [](Options& o, std::string_view v) -> Complaint {
       o.command.insert(o.command.begin(), std::string(v));
       return v.empty() ? Complaint("needs a program") : std::nullopt;
     }},
    {"--clamd", "ADDRESS", "Ask clamd at unix:PATH or inet:ADDR:PORT (unix:/run/clamav/clamd.ctl).",
     take_clamd},
    {"--infected-codes", "N,...", "Exit statuses that mean a virus (1).",
     [](Options& o, std::string_view v) { return o.judge = Judge::codes, take_codes(o.infected_codes, v); }},
    {"--error-codes", "N,...", "Exit statuses that mean the scan failed; so do all that are not listed.",
     [](Options& o, std::string_view v) { return take_codes(o.error_codes, v); }},
    {"--by-change", "",
     "A virus is what makes the scanner delete or change the file; no exit status is looked at.",
     [](Options& o, std::string_view) -> Complaint { return o.judge = Judge::change, std::nullopt; }},
    {"--scope", "message|parts|both",
     "What is scanned: the entire message, each decoded part, or both (message).",
     [](Options& o, std::string_view v) { return take_word(o.scope, v, scopes); }},
    {"--on-virus", "refuse|drop|quarantine|strip|repair", "What becomes of a message with a virus (refuse).",
     [](Options& o, std::string_view v) { return take_word(o.on_virus, v, virus_actions); }},
    {"--quarantine", "DIR", "The quarantine's folder (HOME/quarantine).",
     [](Options& o, std::string_view v) { return take_name(o.quarantine, v); }},
    {"--on-error", "later|pass",
     "When nothing can be said: the sender tries later, or a field says so (later).",
     [](Options& o, std::string_view v) { return take_word(o.on_error, v, error_actions); }},
    {"--timeout", "TIME", "For all scans of a message together (60s).",
     [](Options& o, std::string_view v) -> Complaint {
       const auto time = parse_duration(v);
       if (!time || time->count() < 1 || time->count() > 86400) return "needs a time, such as 60s";
       return o.timeout = *time, std::nullopt;
     }},
    {"--notify-recipient", "", "Tell the recipients of a virus in mail to them.",
     [](Options& o, std::string_view) -> Complaint { return o.notify_recipient = true, std::nullopt; }},
    {"--notify-sender", "", "Tell the sender; a local one is told in any case.",
     [](Options& o, std::string_view) -> Complaint { return o.notify_sender = true, std::nullopt; }},
    {"--virus-name-behind", "TEXT", "Where a line of the scanner's output names the virus: behind TEXT.",
     [](Options& o, std::string_view v) { return take_name(o.name_before, v); }},
    {"--debug", "", "Show what the scanner prints, and leave out a preset's options that quieten it.",
     [](Options& o, std::string_view) -> Complaint { return o.debug = true, std::nullopt; }},
    {"--log-file", "FILE", "Add what the scanner prints to FILE.",
     [](Options& o, std::string_view v) { return take_name(o.log_file, v); }},
    {"--work", "DIR", "Where the private folder for files is made (TMPDIR, or /tmp).",
     [](Options& o, std::string_view v) { return take_name(o.work, v); }},
    {"--max-memory", "SIZE", "Address space of each process of the scanner (4G).",
     [](Options& o, std::string_view v) { return take_size(o.limits.memory, v); }},
    {"--max-processes", "N", "Processes of this user while the scanner runs (512).",
     [](Options& o, std::string_view v) { return take_size(o.limits.processes, v); }},
    {"--max-file", "SIZE", "A file that the scanner writes (1G).",
     [](Options& o, std::string_view v) { return take_size(o.limits.file, v); }},
    {"--max-output", "SIZE", "What the scanner may print (1M).",
     [](Options& o, std::string_view v) { return take_size(o.limits.output, v); }},
    {"--sendmail", "PROGRAM", "Takes notices and released mail (the sendmail beside this program).",
     [](Options& o, std::string_view v) { return take_name(o.sendmail, v); }},
    {"--selftest", "", "Try the scanner with EICAR's test file, alone and as an attachment, and exit.",
     [](Options& o, std::string_view) -> Complaint { return o.mode = Mode::selftest, std::nullopt; }},
    {"--listen", "unix:PATH",
     "Serve smtpd.filter=unix:PATH instead of being started for every message; clamd only.",
     [](Options& o, std::string_view v) -> Complaint {
       if (!v.starts_with("unix:") || v.size() == 5) return "needs unix:PATH";
       o.mode = Mode::serve, o.listen = v.substr(5);
       return std::nullopt;
     }},
    {"--ready-fd", "FD", "With --listen: write a newline to FD when listening.",
     [](Options& o, std::string_view v) -> Complaint {
       if (!parse_number<int>(v)) return "needs the number of a descriptor";
       return o.ready_fd = v, std::nullopt;
     }},
    {"--json", "", "With quarantine list: JSON.",
     [](Options& o, std::string_view) -> Complaint { return o.json = true, std::nullopt; }},
    {"--home", "DIR", "The instance. Default: TUBEPOST_HOME, /var/lib/tubepost.",
     [](Options& o, std::string_view v) { return take_name(o.home, v); }},
    {"--config", "FILE", "Taken as by every program; this one has no settings.",
     [](Options&, std::string_view) -> Complaint { return std::nullopt; }},
    {"--log-level", "LEVEL", "debug, info, warning or error (info; on a terminal warning).",
     [](Options& o, std::string_view v) { return take_word(o.log_level, v, levels); }},
    {"--log-format", "logfmt|json", "How events are written (logfmt).",
     [](Options& o, std::string_view v) { return take_word(o.log_format, v, formats); }},
    {"--help", "", "Print this and exit.",
     [](Options& o, std::string_view) -> Complaint { return o.mode = Mode::help, std::nullopt; }},
    {"--version", "", "Print the version and exit.",
     [](Options& o, std::string_view) -> Complaint { return o.mode = Mode::version, std::nullopt; }},
};

struct Command {
  std::string_view word, argument, help;
  Mode mode;
};
constexpr Command commands[] = {
    {"list", "", "What is in quarantine.", Mode::list},
    {"show", "ID", "The report, the envelope and the message of one.", Mode::show},
    {"release", "ID [RCPT...]", "Send it on, to its recipients or to others, past no filter but this one.",
     Mode::release},
    {"remove", "ID...", "Throw it away.", Mode::remove},
};

Failure misuse(std::string text) { return Failure::permanent(std::move(text), {5, 5, 4}); }

const Row* find_row(std::string_view name) {
  if (name == preset_row.name) return &preset_row;
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.name == name; });
  return found == std::end(rows) ? nullptr : found;
}

// The words, cut but not yet understood.
struct Words {
  std::vector<std::pair<const Row*, std::string_view>> given;
  std::vector<std::string> operands, scanner;  // before and behind "--"
};

Result<Words> cut(const std::vector<std::string>& arguments) {
  Words words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--") {
      words.scanner.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
      break;
    }
    if (!word.starts_with("--")) {
      words.operands.emplace_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const Row* row = find_row(word.substr(0, equals));
    if (row == nullptr) return misuse("unknown option " + printable(word, 80));
    if (row->argument.empty() && equals != word.npos)
      return misuse(std::string(row->name) + " takes no value");
    if (row->argument.empty()) {
      words.given.emplace_back(row, "");
    } else if (equals != word.npos) {
      words.given.emplace_back(row, word.substr(equals + 1));
    } else if (++i < arguments.size()) {
      words.given.emplace_back(row, arguments[i]);
    } else {
      return misuse(std::string(row->name) + " needs a value");
    }
  }
  return words;
}

Result<void> take_operands(Options& options, const std::vector<std::string>& operands) {
  if (operands.empty()) return {};
  if (operands[0] != "quarantine" || operands.size() < 2)
    return misuse("unexpected: " + printable(operands[0], 80));
  for (const Command& command : commands) {
    if (command.word != operands[1]) continue;
    options.mode = command.mode;
    options.operands.assign(operands.begin() + 2, operands.end());
    if (command.argument.empty() != options.operands.empty())
      return misuse("quarantine " + operands[1] +
                    (command.argument.empty() ? " takes no operand" : " needs an ID"));
    return {};
  }
  return misuse("quarantine has no command " + printable(operands[1], 80));
}

// With %f, what stands behind "--" is the whole command; else it is added to the preset's, before its file.
void make_command(Options& options, const std::vector<std::string>& behind) {
  const auto names_file = [](const std::string& word) { return word.find("%f") != word.npos; };
  const bool whole = std::any_of(behind.begin(), behind.end(), names_file);
  const Preset* preset = find_preset(options.preset);
  if (preset == nullptr || whole || preset->judge == Judge::socket) {
    options.command.insert(options.command.end(), behind.begin(), behind.end());
    return;
  }
  if (options.command.empty()) options.command.emplace_back(preset->program);
  const auto quiet = split_words(preset->quiet);
  for (const auto word : split_words(preset->arguments)) {
    if (options.debug && std::find(quiet.begin(), quiet.end(), word) != quiet.end()) continue;
    if (word == "%f") options.command.insert(options.command.end(), behind.begin(), behind.end());
    options.command.emplace_back(word);
  }
}

std::string environment(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : std::move(fallback);
}

void fill_defaults(Options& options) {
  if (options.quarantine.empty()) options.quarantine = options.home + "/quarantine";
  if (options.work.empty()) options.work = environment("TMPDIR", "/tmp");
  if (options.sendmail.empty()) options.sendmail = process::sibling_program("sendmail");
  if (options.judge == Judge::codes && options.infected_codes.empty()) options.infected_codes = {1};
}

Result<void> check(const Options& options) {
  const bool scans =
      options.mode == Mode::filter || options.mode == Mode::selftest || options.mode == Mode::serve;
  if (!scans) return {};
  if (options.judge == Judge::socket && !options.command.empty())
    return misuse("clamd is asked by its socket: no command of a scanner goes with it");
  if (options.mode == Mode::serve && options.judge != Judge::socket)
    return misuse("--listen serves with clamd only; another scanner is started for every message anyhow");
  if (options.judge != Judge::socket && options.command.empty())
    return misuse("no scanner: --preset NAME, --clamd ADDRESS, or a command behind --");
  if (options.judge == Judge::change && !options.reads_file())
    return misuse("--by-change needs a scanner that is given a file: %f");
  return {};
}

}  // namespace

bool Options::reads_file() const {
  return std::any_of(command.begin(), command.end(),
                     [](const auto& word) { return word.find("%f") != word.npos; });
}

Result<Options> parse_options(const std::vector<std::string>& arguments) {
  const auto words = cut(arguments);
  if (!words) return words.error();
  Options options;
  options.home = environment("TUBEPOST_HOME", options.home);
  if (::isatty(STDERR_FILENO) == 1) options.log_level = log::Level::warning;
  // The preset first: whatever else is given is said about it.
  for (const bool presets : {true, false})
    for (const auto& [row, value] : words->given)
      if ((row == &preset_row) == presets)
        if (const auto wrong = row->take(options, value))
          return misuse(std::string(row->name) + ' ' + *wrong);
  if (options.mode == Mode::help || options.mode == Mode::version) return options;
  if (auto taken = take_operands(options, words->operands); !taken) return std::move(taken).error();
  make_command(options, words->scanner);
  fill_defaults(options);
  if (auto checked = check(options); !checked) return std::move(checked).error();
  return options;
}

std::string help_text() {
  std::string text =
      "any virus scanner as a message filter\n"
      "Usage: avscan-wrap [OPTION]... [-- SCANNER [ARG]... %f] < message > message\n"
      "       avscan-wrap --selftest [OPTION]... | avscan-wrap quarantine COMMAND [ARG]...\n\nOptions:\n";
  const auto add = [&text](std::string left, std::string_view right) {
    left = "  " + left;
    left += left.size() < 33 ? std::string(34 - left.size(), ' ') : '\n' + std::string(34, ' ');
    text += left + std::string(right) + '\n';
  };
  add(std::string(preset_row.name) + " NAME", preset_row.help);
  for (const Row& row : rows)
    add(std::string(row.name) + (row.argument.empty() ? "" : ' ' + std::string(row.argument)), row.help);
  text += "\nPresets:";
  for (const Preset& preset : all_presets()) text += ' ' + std::string(preset.name);
  text += "\n\nCommands:\n";
  for (const Command& command : commands) add("quarantine " + std::string(command.word), command.help);
  return text;
}

}  // namespace tubepost::avscan
