// The front of every program: command line (CLI11, hidden in the .cc), the options common to all
// (contracts.md), the settings of its sections, --help, --version, and exit statuses (bad usage 64, bad
// configuration 78).
//
//   config::Program program{"popd", "serve mail by POP3", {"server", "tls", "popd", "pop3s"}};
//   bool stdio = false;
//   program.flag("--stdio", stdio, "Speak one session on stdin and stdout.");
//   if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
//   const auto settings = program.settings();
//
// Every setting of the named sections (and of [log]) is an option --SECTION-KEY; those of sections named with
// a leading '='
// ("=popd") are --KEY too, unless the program declares an option of that name itself. --help-settings-mdoc,
// not shown in
// --help, prints those settings as items of an mdoc list. Not thread-safe; lives in main.
#pragma once

#include <cstdint>
#include <functional>
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
  void option(const std::string& option, std::string& value, const std::string& argument,
              const std::string& help);
  void option(const std::string& option, std::vector<std::string>& values, const std::string& argument,
              const std::string& help);  // repeatable
  // The rest of the command line that is no option. `least`..`most` of them. A program that has commands and
  // also works without one says so by operands of which there are none (most 0).
  void operands(std::vector<std::string>& values, const std::string& argument, const std::string& help,
                std::size_t least = 0, std::size_t most = SIZE_MAX);
  // Everything from the first operand on is operands, options included (listen PROGRAM ARG…).
  void stop_at_first_operand() {
    stop_at_operand([](std::string_view) { return true; });
  }
  // The same from the first operand that `is_last` holds for; options may stand between those before it
  // (listen ADDR:PORT… [OPTION]… PROGRAM ARG…).
  void stop_at_operand(std::function<bool(std::string_view)> is_last);
  // Subcommands: each a Program-like part with options and operands of its own; chosen() names it, nested
  // ones joined by a blank ("account add"). Options common to all may stand before or after.
  class Command {
  public:
    Command& flag(const std::string& option, bool& value, const std::string& help);
    Command& option(const std::string& option, std::string& value, const std::string& argument,
                    const std::string& help);
    Command& option(const std::string& option, std::vector<std::string>& values, const std::string& argument,
                    const std::string& help);
    Command& operands(std::vector<std::string>& values, const std::string& argument, const std::string& help,
                      std::size_t least = 0, std::size_t most = SIZE_MAX);

  private:
    friend class Program;
    Program* program_ = nullptr;
    void* app_ = nullptr;
  };
  Command& command(const std::string& words, const std::string& help);
  std::string chosen() const;

  // nullopt: go on. Otherwise the program ends with this (help was printed, or a usage or configuration error
  // was). `need_settings` false: what is wrong in the configuration does not matter (mailadm init, config
  // check); settings() are then the built-in defaults, and problems() says why.
  std::optional<ExitStatus> parse(int argc, char** argv, bool need_settings = true);

  std::shared_ptr<const Settings> settings() const;
  const Inputs& inputs() const;  // for LiveSettings
  std::string home() const;      // --home, TUBEPOST_HOME, /var/lib/tubepost; absolute
  log::Logger logger()
      const;  // by --log-level (default info; warning on a terminal's stderr) and --log-format
  const std::vector<Problem>& problems() const;
  bool json() const;  // --json, if offered
  void offer_json();

private:
  struct State;
  std::unique_ptr<State> state_;
};

// Prints "program: text" on stderr, with the failure's meaning as exit status: 75 temporary; permanent by its
// subject (RFC 3463 3): 5.3.x the system 78, 5.6.x content and other 65, 5.7.x policy 77, 5.1.x and 5.2.x
// addressee 1.
ExitStatus complain(std::string_view program, const Failure& failure);

}  // namespace tubepost::config
