// The front of every program: command line (CLI11, hidden in the .cc), the options common to all (contracts.md), the settings
// of its sections, --help, --version, and exit statuses (bad usage 64, bad configuration 78).
//
//   config::Program program{"popd", "serve mail by POP3", {"server", "tls", "popd", "pop3s"}};
//   bool stdio = false;
//   program.flag("--stdio", stdio, "Speak one session on stdin and stdout.");
//   if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
//   const auto settings = program.settings();
//
// Every setting of the named sections is an option --SECTION-KEY; those of sections named with a leading '=' ("=popd") are
// --KEY too. Not thread-safe; lives in main.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/exit_status.h"
#include "config/settings.h"
#include "log/logger.h"

namespace tubepost::config {

class Program {
 public:
  Program(std::string name, std::string summary, std::initializer_list<std::string_view> sections);
  ~Program();

  void flag(const std::string& option, bool& value, const std::string& help);
  void option(const std::string& option, std::string& value, const std::string& argument, const std::string& help);
  void option(const std::string& option, std::vector<std::string>& values, const std::string& argument,
              const std::string& help);  // repeatable
  // The rest of the command line that is no option. `least`..`most` of them.
  void operands(std::vector<std::string>& values, const std::string& argument, const std::string& help,
                std::size_t least = 0, std::size_t most = SIZE_MAX);
  // Everything from the first operand on is operands, options included (listen PROGRAM ARG…).
  void stop_at_first_operand();
  // Subcommands: each a Program-like part with options and operands of its own; chosen() names it, nested ones joined by a
  // blank ("account add"). Options common to all may stand before or after.
  class Command {
   public:
    Command& flag(const std::string& option, bool& value, const std::string& help);
    Command& option(const std::string& option, std::string& value, const std::string& argument, const std::string& help);
    Command& option(const std::string& option, std::vector<std::string>& values, const std::string& argument,
                    const std::string& help);
    Command& operands(std::vector<std::string>& values, const std::string& argument, const std::string& help,
                      std::size_t least = 0, std::size_t most = SIZE_MAX);

   private:
    friend class Program;
    void* app_ = nullptr;
  };
  Command& command(const std::string& words, const std::string& help);
  std::string chosen() const;

  // nullopt: go on. Otherwise the program ends with this (help was printed, or a usage or configuration error was).
  // `need_settings` false: a wrong or missing configuration file does not matter (mailadm init).
  std::optional<ExitStatus> parse(int argc, char** argv, bool need_settings = true);

  std::shared_ptr<const Settings> settings() const;
  const Inputs& inputs() const;  // for LiveSettings
  std::string home() const;      // --home, TUBEPOST_HOME, /var/lib/tubepost; absolute
  log::Logger logger() const;    // by --log-level (default info; warning on a terminal's stderr) and --log-format
  bool json() const;             // --json, if offered
  void offer_json();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Prints "program: text" on stderr, with the failure's meaning as exit status: 75 temporary, 65/77/78 as given.
ExitStatus complain(std::string_view program, const Failure& failure);

}  // namespace tubepost::config
