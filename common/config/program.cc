// The only user of CLI11 (7 seconds to compile). It collects text; what a setting may be, and which source
// wins, is decided by load() for all sources alike.
#include "config/program.h"

#include <unistd.h>

#include <cstdio>
#include <deque>
#include <filesystem>

#include "base/standard_streams.h"
#include "base/text.h"
#include "config/cli.h"
#include "config/help_text.h"

extern "C" char** environ;

namespace tubepost::config {
namespace {

std::string absolute_path(const std::string& path) {
  std::error_code error;
  auto absolute = std::filesystem::absolute(path, error).lexically_normal().string();
  while (absolute.size() > 1 && absolute.ends_with('/')) absolute.pop_back();
  return error ? path : absolute;
}

}  // namespace

struct Program::State {
  // CLI11 takes no empty value ("--from ''") for an option with a single one, so these are collected like
  // lists.
  struct Single {
    const CLI::Option* option;
    std::string* value;
    std::vector<std::string> given;
  };
  struct Operands {
    const CLI::App* app;
    std::vector<std::string>* values;
    std::string argument;
    std::size_t least, most;
  };

  State(std::string program_name, const std::string& summary)
      : name(std::move(program_name)), app(summary, name) {}

  void add_common_options();
  void add_single(CLI::App& to, const std::string& option, std::string& value, const std::string& argument,
                  const std::string& help);
  std::optional<std::string> take_singles();
  void add_setting_options();
  void add_setting_option(const Setting& row, bool also_short);
  bool is_declared(const std::string& option) const { return app.get_option_no_throw(option) != nullptr; }
  CLI::App* command_app(const std::string& words, const std::string& help);
  void list_commands();
  std::size_t first_of_rest(const std::vector<std::string>& arguments) const;
  static void separate_empty_values(std::vector<std::string>& arguments);
  std::optional<std::string> parse(std::vector<std::string> arguments);
  std::optional<std::string> wrong_operands() const;
  std::string settings_mdoc() const;
  void fill_inputs();
  ExitStatus complain_of_problems() const;

  std::string name;
  CLI::App app;
  std::vector<std::pair<std::string, bool>> sections;  // and whether its keys are options by themselves
  std::map<const Setting*, std::vector<std::string>> given;
  std::deque<Command> commands;
  std::deque<Single> singles;
  std::vector<std::pair<std::string, std::string>> command_list;  // words, help
  std::vector<Operands> operands;
  std::function<bool(std::string_view)> is_last_operand;
  std::string home_option, config_option;
  bool json_option = false, help_asked = false;
  Inputs inputs;
  Loaded loaded;
};

// ---- declaring

Program::Program(std::string name, std::string summary, std::initializer_list<std::string_view> sections)
    : state_(std::make_unique<State>(std::move(name), summary)) {
  prepare_standard_streams();
  for (const auto section : sections)
    state_->sections.emplace_back(section.substr(section.starts_with('=') ? 1 : 0), section.starts_with('='));
  state_->sections.emplace_back("log", false);
  state_->add_common_options();
}
Program::~Program() = default;

void Program::State::add_common_options() {
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("--help", "Print this and exit.");
  app.set_version_flag("--version", name + " (Tubepost) " TUBEPOST_VERSION, "Print the version and exit.");
  add_single(app, "--home", home_option, "DIR", "The instance. Default: TUBEPOST_HOME, /var/lib/tubepost.");
  add_single(app, "--config", config_option, "FILE", "The configuration file. Default: HOME/tubepost.conf.");
  // As help does, these end the parsing before anything is missed.
  const auto print = [](const std::string& text) {
    std::fputs(text.c_str(), stdout);
    throw CLI::Success();
  };
  app.add_flag_callback("--help-settings-mdoc", [this, print] { print(settings_mdoc()); })->group("");
  app.add_flag_callback("--help-all-settings-mdoc", [print] { print(settings_as_mdoc()); })->group("");
}

void Program::State::add_single(CLI::App& to, const std::string& option, std::string& value,
                                const std::string& argument, const std::string& help) {
  Single& single = singles.emplace_back();
  single.value = &value;
  single.option = add_repeatable(to, option, single.given, argument, help);
}

void Program::flag(const std::string& option, bool& value, const std::string& help) {
  state_->app.add_flag(option, value, help);
}
void Program::option(const std::string& option, std::string& value, const std::string& argument,
                     const std::string& help) {
  state_->add_single(state_->app, option, value, argument, help);
}
void Program::option(const std::string& option, std::vector<std::string>& values, const std::string& argument,
                     const std::string& help) {
  add_repeatable(state_->app, option, values, argument, help);
}
void Program::operands(std::vector<std::string>& values, const std::string& argument, const std::string& help,
                       std::size_t least, std::size_t most) {
  if (most > 0) add_operands(state_->app, values, argument, help, least, most);
  state_->operands.push_back({&state_->app, &values, argument, least, most});
}
void Program::stop_at_operand(std::function<bool(std::string_view)> is_last) {
  state_->is_last_operand = std::move(is_last);
}
void Program::offer_json() { flag("--json", state_->json_option, "Write JSON."); }

namespace {
CLI::App& as_app(void* app) { return *static_cast<CLI::App*>(app); }
}  // namespace

Program::Command& Program::Command::flag(const std::string& option, bool& value, const std::string& help) {
  as_app(app_).add_flag(option, value, help);
  return *this;
}
Program::Command& Program::Command::option(const std::string& option, std::string& value,
                                           const std::string& argument, const std::string& help) {
  program_->state_->add_single(as_app(app_), option, value, argument, help);
  return *this;
}
Program::Command& Program::Command::option(const std::string& option, std::vector<std::string>& values,
                                           const std::string& argument, const std::string& help) {
  add_repeatable(as_app(app_), option, values, argument, help);
  return *this;
}
Program::Command& Program::Command::operands(std::vector<std::string>& values, const std::string& argument,
                                             const std::string& help, std::size_t least, std::size_t most) {
  add_operands(as_app(app_), values, argument, help, least, most);
  program_->state_->operands.push_back({&as_app(app_), &values, argument, least, most});
  return *this;
}

Program::Command& Program::command(const std::string& words, const std::string& help) {
  Command& command = state_->commands.emplace_back();
  command.program_ = this;
  command.app_ = state_->command_app(words, help);
  state_->command_list.emplace_back(words, help);
  return command;
}

// Walks the words, making what is missing: "account add" is the command add of the command account.
CLI::App* Program::State::command_app(const std::string& words, const std::string& help) {
  CLI::App* here = &app;
  for (const auto word : split_words(words)) {
    here->require_subcommand(here == &app ? 0 : 1, 1);
    const auto known = here->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == word; });
    CLI::App* below = known.empty() ? here->add_subcommand(std::string(word)) : known.front();
    if (known.empty()) {
      below->fallthrough();             // options common to all may stand behind
      below->require_subcommand(0, 1);  // a further word is an operand, though it be the name of a command
      if (here == &app) below->group("");
    }
    here = below;
  }
  here->description(help);
  return here;
}

void Program::State::list_commands() {
  if (command_list.empty()) return;
  std::string list = "Commands:\n";
  for (const auto& [words, help] : command_list)
    list += "  " + words +
            std::string(words.size() + 4 < help_column ? help_column - words.size() - 2 : 2, ' ') + help +
            '\n';
  list += '\n' + name + " COMMAND --help says more.";
  app.footer(list);
  const bool has_operands =
      std::any_of(operands.begin(), operands.end(), [&](const auto& o) { return o.app == &app; });
  app.require_subcommand(has_operands ? 0 : 1, 1);
}

void Program::State::add_setting_option(const Setting& row, bool also_short) {
  std::string names = option_of(row);
  if (is_declared(names) || given.contains(&row)) return;
  if (also_short && !is_declared(short_option_of(row))) names += ',' + short_option_of(row);
  auto& values = given[&row];
  const std::string group = "Settings of [" + std::string(section_of(row)) + "]";
  add_repeatable(app, names, values, std::string(row.argument), help_of(row), group);
}

void Program::State::add_setting_options() {
  for (const auto& [section, also_short] : sections)
    for (const Setting& row : all_settings())
      if (section_of(row) == section) add_setting_option(row, also_short);
}

// ---- parsing

// Where the arguments begin that belong to another program. Options before it are CLI11's: one without a
// value is one word, "--x=y" is one, "--x y" two.
std::size_t Program::State::first_of_rest(const std::vector<std::string>& arguments) const {
  if (!is_last_operand) return arguments.size();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") return i;
    if (word.size() < 2 || word[0] != '-') {
      if (is_last_operand(word)) return i;
      continue;
    }
    const auto* option = app.get_option_no_throw(word.substr(0, word.find('=')));
    if (option != nullptr && takes_value(*option) && word.find('=') == std::string::npos) ++i;
  }
  return arguments.size();
}

// CLI11 takes "--from= x" for "--from x".
void Program::State::separate_empty_values(std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (arguments[i].size() < 4 || !arguments[i].starts_with("--") || !arguments[i].ends_with('=')) continue;
    arguments[i].pop_back();
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, "");
  }
}

// A sentence if the words are not as declared.
std::optional<std::string> Program::State::parse(std::vector<std::string> arguments) {
  const std::size_t rest = first_of_rest(arguments);
  const bool dashes = rest < arguments.size() && arguments[rest] == "--";
  const std::vector<std::string> behind(
      arguments.begin() + static_cast<std::ptrdiff_t>(rest + (dashes ? 1 : 0)), arguments.end());
  arguments.resize(rest);
  separate_empty_values(arguments);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    help_asked = true;
    std::fputs(CLI::detail::find_and_replace(app.help(), "\n\n\n", "\n\n").c_str(), stdout);
    return std::nullopt;
  } catch (const CLI::CallForVersion& version) {
    help_asked = true;
    std::printf("%s\n", version.what());
    return std::nullopt;
  } catch (const CLI::Success&) {
    help_asked = true;
    return std::nullopt;
  } catch (const CLI::RequiredError& error) {
    const auto left = app.remaining(true);  // what stands where a command should
    return left.empty() ? error.what() : "not a command: " + printable(left.front(), 60);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  for (const Operands& rule : operands)
    if (rule.app == &app) rule.values->insert(rule.values->end(), behind.begin(), behind.end());
  if (auto wrong = take_singles()) return wrong;
  return wrong_operands();
}

std::optional<std::string> Program::State::take_singles() {
  for (Single& single : singles) {
    if (single.given.size() > 1) return single.option->get_name() + " is given more than once";
    if (single.given.size() == 1) *single.value = single.given.front();
  }
  return std::nullopt;
}

std::optional<std::string> Program::State::wrong_operands() const {
  const bool command_chosen = !app.get_subcommands().empty();
  for (const Operands& rule : operands) {
    const std::size_t count = rule.values->size();
    const bool is_root = rule.app == &app;
    if (is_root && command_chosen && count > 0) return "unexpected: " + printable(rule.values->front(), 80);
    if (is_root ? command_chosen : !rule.app->parsed()) continue;
    if (count < rule.least) return rule.argument + " is missing";
    if (count > rule.most) return "unexpected: " + printable((*rule.values)[rule.most], 80);
  }
  // CLI11 has been told to take every occurrence of every setting.
  for (const auto& [row, values] : given)
    if (!row->repeatable && values.size() > 1) return option_of(*row) + " is given more than once";
  return std::nullopt;
}

std::string Program::State::settings_mdoc() const {
  std::string text;
  for (const auto& [section, also_short] : sections)
    for (const Setting& row : all_settings())
      if (section_of(row) == section) text += mdoc_of(row);
  return text;
}

void Program::State::fill_inputs() {
  const char* from_environment = std::getenv("TUBEPOST_HOME");
  inputs.home = !home_option.empty()                                    ? home_option
                : from_environment != nullptr && *from_environment != 0 ? from_environment
                                                                        : "/var/lib/tubepost";
  inputs.home = absolute_path(inputs.home);
  if (!config_option.empty()) inputs.config_file = absolute_path(config_option);
  for (const auto& [row, values] : given)
    for (const auto& value : values) inputs.arguments.emplace(row->name, value);
  inputs.environment = environ;
}

ExitStatus Program::State::complain_of_problems() const {
  bool only_arguments = true;
  for (const Problem& problem : loaded.problems) {
    std::fprintf(stderr, "%s: %s: %s\n", name.c_str(), problem.where.c_str(), problem.text.c_str());
    only_arguments = only_arguments && problem.where.starts_with("--");
  }
  return only_arguments ? ExitStatus::usage : ExitStatus::configuration;
}

std::optional<ExitStatus> Program::parse(int argc, char** argv, bool need_settings) {
  State& state = *state_;
  state.add_setting_options();
  state.list_commands();
  if (const auto wrong = state.parse({argv + (argc > 0 ? 1 : 0), argv + argc})) {
    std::fprintf(stderr, "%s: %s\n%s --help says how it is called.\n", state.name.c_str(), wrong->c_str(),
                 state.name.c_str());
    return ExitStatus::usage;
  }
  if (state.help_asked) return ExitStatus::ok;
  state.fill_inputs();
  state.loaded = load(state.inputs);
  if (state.loaded.settings) return std::nullopt;
  if (need_settings) return state.complain_of_problems();
  state.loaded.settings = defaults(state.inputs.home);
  return std::nullopt;
}

// ---- what was found

std::string Program::chosen() const {
  std::string words;
  const CLI::App* here = &state_->app;
  while (!here->get_subcommands().empty()) {
    here = here->get_subcommands().front();
    words += (words.empty() ? "" : " ") + here->get_name();
  }
  return words;
}

std::shared_ptr<const Settings> Program::settings() const { return state_->loaded.settings; }
const Inputs& Program::inputs() const { return state_->inputs; }
const std::vector<Problem>& Program::problems() const { return state_->loaded.problems; }
std::string Program::home() const { return state_->inputs.home; }
bool Program::json() const { return state_->json_option; }

log::Logger Program::logger() const {
  const auto level = settings()->text("log.level");
  auto least = ::isatty(STDERR_FILENO) == 1 ? log::Level::warning : log::Level::info;
  if (level == "debug") least = log::Level::debug;
  if (level == "info") least = log::Level::info;
  if (level == "warning") least = log::Level::warning;
  if (level == "error") least = log::Level::error;
  const bool json = settings()->text("log.format") == "json";
  return {state_->name, least, json ? log::Format::json : log::Format::logfmt};
}

}  // namespace tubepost::config
