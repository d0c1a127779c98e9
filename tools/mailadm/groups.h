// The command groups of mailadm. Each declares its commands with the Tool when it is made, and holds their
// options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mailadm/tool.h"

namespace tubepost::mailadm {

class ServerCommands {
public:
  explicit ServerCommands(Tool& tool);

private:
  Result<ExitStatus> show();
  Result<ExitStatus> set();
  Tool& tool_;
  std::vector<std::string> words_;
};

class DomainCommands {
public:
  explicit DomainCommands(Tool& tool);

private:
  Result<ExitStatus> add();
  Result<ExitStatus> remove();
  Result<ExitStatus> list();
  Result<ExitStatus> show();
  Result<ExitStatus> set();
  Tool& tool_;
  std::vector<std::string> words_;
};

class AccountCommands {
public:
  explicit AccountCommands(Tool& tool);

private:
  Result<ExitStatus> add();
  Result<ExitStatus> remove();
  Result<ExitStatus> list();
  Result<ExitStatus> show();
  Result<ExitStatus> set();
  Result<ExitStatus> passwd();
  Tool& tool_;
  std::vector<std::string> words_;
  bool password_stdin_ = false;
};

class AliasCommands {
public:
  explicit AliasCommands(Tool& tool);

private:
  Result<ExitStatus> add();
  Result<ExitStatus> remove();
  Result<ExitStatus> list();
  Tool& tool_;
  std::vector<std::string> words_;
};

class RouteCommands {
public:
  explicit RouteCommands(Tool& tool);

private:
  Result<ExitStatus> add();
  Result<ExitStatus> remove();
  Result<ExitStatus> list();
  Tool& tool_;
  std::vector<std::string> words_;
  bool by_sender_ = false;
};

class RuleCommands {
public:
  explicit RuleCommands(Tool& tool);

private:
  Result<ExitStatus> add();
  Result<ExitStatus> remove();
  Result<ExitStatus> list();
  bool is_complete() const;
  directory::RuleAction action() const {
    return allow_ ? directory::RuleAction::allow : directory::RuleAction::deny;
  }
  Tool& tool_;
  std::string scope_;
  std::vector<std::string> words_;
  bool allow_ = false, deny_ = false;
};

// export, apply
class TextCommands {
public:
  explicit TextCommands(Tool& tool);

private:
  Result<ExitStatus> export_all();
  Result<ExitStatus> apply();
  Tool& tool_;
  std::vector<std::string> words_;
  bool dry_run_ = false, with_mail_ = false;
};

class ConfigCommands {
public:
  explicit ConfigCommands(Tool& tool);

private:
  Result<ExitStatus> check();
  Result<ExitStatus> show();
  Result<ExitStatus> defaults();
  Tool& tool_;
  std::vector<std::string> words_;
};

class FsckCommand {
public:
  explicit FsckCommand(Tool& tool);

private:
  Result<ExitStatus> run();
  Tool& tool_;
  bool repair_ = false;
};

class InitCommand {
public:
  explicit InitCommand(Tool& tool);

private:
  Result<ExitStatus> run();
  Tool& tool_;
  std::string hostname_, port_base_ = "0", listen_;
  std::vector<std::string> domains_;
};

}  // namespace tubepost::mailadm
