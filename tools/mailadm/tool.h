// What the command groups of mailadm share: where a command is declared and run, the instance it works on,
// how it prints. One object, in main; the groups refer to it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "auth/secrets.h"
#include "config/program.h"
#include "directory/directory.h"
#include "mailadm/output.h"
#include "mailstore/mailstore.h"

namespace tubepost::mailadm {

enum class Access { read, write };

class Tool {
public:
  using Handler = std::function<Result<ExitStatus>()>;

  explicit Tool(config::Program& program) : program_(program) {}

  // Declares a command; its options and operands are added to what is returned.
  config::Program::Command& offer(const std::string& words, const std::string& help, Handler handler);
  ExitStatus run() const;  // the chosen one; a Failure is told and becomes an exit status

  const config::Program& program() const { return program_; }
  bool json() const { return program_.json(); }
  std::string path(std::string_view below_home) const;
  Result<directory::Directory> directory(Access access) const;
  Result<auth::Secrets> secrets() const;
  Result<mailstore::MailStore> store() const;
  void warn(const std::string& text) const;  // a line on stderr

private:
  config::Program& program_;
  std::map<std::string, Handler> handlers_;
};

// key=value words, from the given one on; an empty value takes a property away.
Result<directory::Properties> parse_pairs(const std::vector<std::string>& words, std::size_t from);

}  // namespace tubepost::mailadm
