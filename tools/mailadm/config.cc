// config check, show, defaults: tubepost.conf as the programs see it.
#include <sys/stat.h>

#include <filesystem>
#include <iostream>

#include "base/text.h"
#include "mailadm/groups.h"
#include "policy/settings_check.h"

namespace tubepost::mailadm {
namespace {

// Services that were started before the file was last changed. Their supervisor rewrites supervise/status
// whenever the state of the service changes, so its age is theirs.
std::vector<std::string> started_before(const std::string& file, const std::string& service_folder) {
  struct stat changed {};
  if (::stat(file.c_str(), &changed) != 0) return {};
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(service_folder, error)) {
    struct stat started {};
    if (::stat((entry.path() / "supervise/status").c_str(), &started) != 0) continue;
    if (started.st_mtim.tv_sec < changed.st_mtim.tv_sec) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

ConfigCommands::ConfigCommands(Tool& tool) : tool_(tool) {
  tool.offer("config check", "Read tubepost.conf and say what is wrong or doubtful.",
             [this] { return check(); });
  tool.offer("config show", "Show each setting, its value and where it came from.", [this] { return show(); })
      .operands(words_, "SETTING", "Only these (section.key, or a section).");
  tool.offer("config defaults", "Print a tubepost.conf with every setting, commented out.",
             [this] { return defaults(); });
}

Result<ExitStatus> ConfigCommands::check() {
  const auto loaded = config::load(tool_.program().inputs());
  for (const auto& problem : loaded.problems) std::cout << problem.where << ": " << problem.text << '\n';
  if (!loaded.problems.empty() || !loaded.settings) return ExitStatus::configuration;
  for (const auto& warning : config::warnings(*loaded.settings))
    std::cout << warning.where << ": warning: " << warning.text << '\n';
  const auto more = policy::setting_problems(*loaded.settings);
  for (const auto& problem : more) std::cout << problem.where << ": " << problem.text << '\n';
  if (!more.empty()) return ExitStatus::configuration;
  const auto& inputs = tool_.program().inputs();
  const auto file = inputs.config_file.empty() ? tool_.path("tubepost.conf") : inputs.config_file;
  const auto waiting = started_before(file, tool_.path("service"));
  if (!waiting.empty())
    std::cout << file << ": note: changed since " << join(waiting, ", ")
              << " started; listeners, limits of connections, workers and paths take effect with a restart\n";
  return ExitStatus::ok;
}

Result<ExitStatus> ConfigCommands::show() {
  const auto loaded = config::load(tool_.program().inputs());
  for (const auto& problem : loaded.problems) tool_.warn(problem.where + ": " + problem.text);
  if (!loaded.settings) return ExitStatus::configuration;
  const auto is_wanted = [&](const config::Setting& row, const std::string& word) {
    return row.name == word || config::section_of(row) == word;
  };
  for (const auto& word : words_) {
    const auto rows = config::all_settings();
    if (std::none_of(rows.begin(), rows.end(), [&](const auto& row) { return is_wanted(row, word); }))
      return Failure::permanent(printable(word) + ": no such setting", {5, 1, 1});
  }
  Listing listing({"setting", "value", "source"});
  for (const auto& row : config::all_settings()) {
    const auto wanted = [&](const std::string& word) { return is_wanted(row, word); };
    if (!words_.empty() && std::none_of(words_.begin(), words_.end(), wanted)) continue;
    const auto values = loaded.settings->as_written(row.name);
    Value value = row.repeatable ? Value(values) : Value(values.empty() ? std::string() : values.front());
    listing.add({std::string(row.name), std::move(value), loaded.settings->where(row.name)});
  }
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return ExitStatus::ok;
}

Result<ExitStatus> ConfigCommands::defaults() {
  std::cout << config::defaults_as_text();
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
