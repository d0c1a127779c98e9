#include "basic-access-test/preflight_programs.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/run_program.h"
#include "process/child.h"

namespace tubepost::basic_access_test {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds program_limit{10};
constexpr std::size_t script_max = 64 << 10, log_max = 8 << 20, words_max = 4 << 20;
constexpr std::size_t log_lines = 3;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// The programs that are installed together.
struct Sibling {
  const char* name;
  bool needed = true;
};
constexpr Sibling siblings[] = {{"smtpd"},
                                {"popd"},
                                {"imapd"},
                                {"authd"},
                                {"qrun"},
                                {"deliver"},
                                {"mxsend"},
                                {"mailadm"},
                                {"mailq"},
                                {"sendmail"},
                                {"listen", false},
                                {"greylist", false},
                                {"avscan-wrap", false},
                                {"kick", false},
                                {"tls-report", false}};

// The last lines of its log, indented.
std::string end_of_log(const Context& context, const std::string& service) {
  const auto text = read_file(context.home + "/log/" + service + "/current", log_max);
  if (!text) return {};
  const auto lines = split(trim(*text), '\n');
  std::string last;
  for (std::size_t i = lines.size() - std::min(lines.size(), log_lines); i < lines.size(); ++i)
    last.append("    ").append(lines[i]).append("\n");
  return last;
}

// What a run script says it starts: the words behind exec.
std::optional<std::vector<std::string>> command_of(const std::string& script) {
  const auto text = read_file(script, script_max);
  if (!text) return std::nullopt;
  for (const auto line : split(*text, '\n')) {
    if (!line.starts_with("exec ")) continue;
    std::string words(line.substr(5));
    // The quotes of a shell that mailadm writes; split_command() has double ones.
    std::replace(words.begin(), words.end(), '\'', '"');
    if (auto command = split_command(words); command && !command->empty() && command->front().front() == '/')
      return command;
  }
  return std::nullopt;
}

std::string home_in(const std::vector<std::string>& command) {
  constexpr std::string_view option = "--home";
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (command[i] == option && i + 1 < command.size()) return command[i + 1];
    if (command[i].starts_with(std::string(option) + '=')) return command[i].substr(option.size() + 1);
  }
  return {};
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

// What the kernel shows of a process's arguments or environment: words, each with a NUL behind it.
std::vector<std::string> words_of(const std::string& file) {
  const auto text = read_file(file, words_max);
  std::vector<std::string> words;
  if (text)
    for (const auto word : split(*text, '\0')) words.emplace_back(word);
  return words;
}

// The instance a running program serves, found as the program itself does (config/program.h): whoever supervises it.
bool serves(const std::string& process, const std::string& wanted) {
  constexpr std::string_view variable = "TUBEPOST_HOME=";
  std::string home = home_in(words_of(process + "/cmdline"));
  if (home.empty())
    for (const auto& word : words_of(process + "/environ"))
      if (word.starts_with(variable)) home = word.substr(variable.size());
  if (home.empty()) home = "/var/lib/tubepost";
  return same_file(fs::path(process + "/cwd") / home,
                   wanted);  // its own folder counts where the name is relative
}

// This instance's running programs whose file was replaced or removed since: the kernel shows that.
std::string replaced_programs(const std::string& home) {
  std::string found;
  const std::string folder = fs::path(process::sibling_program("smtpd")).parent_path();
  for (const std::string& pid : names_in("/proc")) {
    if (!parse_number<int>(pid)) continue;
    std::error_code error;
    const std::string file = fs::read_symlink("/proc/" + pid + "/exe", error);
    if (!error && file.starts_with(folder + '/') && file.ends_with(" (deleted)") &&
        serves("/proc/" + pid, home))
      found += "pid " + pid + " runs " + file + '\n';
  }
  return found;
}

}  // namespace

void check_services(const Context& context, Findings& findings) {
  const std::string folder = context.home + "/service";
  std::string lines;
  bool down = false, any = false;
  for (const std::string& name : names_in(folder)) {
    const std::string service = folder + '/' + name;
    if (!file_exists(service + "/run") || !file_exists(service + "/supervise")) continue;
    const auto run = run_program({"s6-svstat", service}, program_limit);
    if (!run) return findings.skip("preflight-services", folder, run.error().text);
    any = any || run->status == 0;
    const bool wanted = !file_exists(service + "/down");
    const bool up = run->status == 0 && run->output.starts_with("up ");
    lines += name + ": " + std::string(trim(run->output)) + '\n';
    if (!up && wanted) down = true, lines += end_of_log(context, name);
  }
  if (!any) return findings.skip("preflight-services", folder, "no s6-svscan looks after this folder");
  if (down) return findings.fail("preflight-services", folder, lines);
  findings.ok("preflight-services", folder, lines);
}

void check_run_scripts(const Context& context, Findings& findings) {
  const std::string folder = context.home + "/service";
  std::string wrong;
  std::size_t count = 0;
  for (const std::string& name : names_in(folder)) {
    const auto command = command_of(folder + '/' + name + "/run");
    if (!command) continue;
    ++count;
    const std::string expected = process::sibling_program(fs::path(command->front()).filename().string());
    const std::string home = home_in(*command);
    if (!same_file(command->front(), expected))
      wrong += name + ": starts " + command->front() + ", not " + expected + '\n';
    if (!home.empty() && !same_file(home, context.home)) wrong += name + ": serves " + home + '\n';
  }
  if (count == 0) return findings.skip("preflight-run-scripts", folder, "there are none");
  if (!wrong.empty()) return findings.fail("preflight-run-scripts", folder, wrong);
  findings.ok("preflight-run-scripts", folder,
              std::to_string(count) + " run scripts start what stands beside this program");
}

void check_versions(const Context& context, Findings& findings) {
  std::string wrong;
  std::size_t count = 0;
  for (const Sibling& sibling : siblings) {
    const std::string program = process::sibling_program(sibling.name);
    if (!sibling.needed && !file_exists(program)) continue;
    const auto run = run_program({program, "--version"}, program_limit);
    if (!run) {
      wrong += run.error().text + '\n';
      continue;
    }
    ++count;
    const auto words = split_words(trim(run->output));
    if (words.empty() || words.back() != TUBEPOST_VERSION)
      wrong += program + ": " + std::string(trim(run->output)) + ", not " + TUBEPOST_VERSION + '\n';
  }
  wrong += replaced_programs(context.home);
  if (!wrong.empty()) return findings.fail("preflight-versions", "", wrong);
  findings.ok("preflight-versions", "", std::to_string(count) + " programs of version " TUBEPOST_VERSION);
}

}  // namespace tubepost::basic_access_test
