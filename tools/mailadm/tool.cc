#include "mailadm/tool.h"

#include <cstdio>

#include "base/text.h"

namespace tubepost::mailadm {
namespace {

const Clock& system_clock() {
  static const SystemClock clock;  // stateless
  return clock;
}

}  // namespace

config::Program::Command& Tool::offer(const std::string& words, const std::string& help, Handler handler) {
  handlers_.emplace(words, std::move(handler));
  return program_.command(words, help);
}

ExitStatus Tool::run() const {
  const auto handler = handlers_.find(program_.chosen());
  if (handler == handlers_.end()) return warn("a command is missing; --help lists them"), ExitStatus::usage;
  auto ended = handler->second();
  return ended ? *ended : config::complain("mailadm", ended.error());
}

std::string Tool::path(std::string_view below_home) const {
  return program_.home() + '/' + std::string(below_home);
}

Result<directory::Directory> Tool::directory(Access access) const {
  directory::Directory::Options options;
  options.read_only = access == Access::read;
  return directory::Directory::open(path("directory"), options);
}

Result<auth::Secrets> Tool::secrets() const { return auth::Secrets::open(path("secrets"), {}); }

Result<mailstore::MailStore> Tool::store() const {
  mailstore::MailStore::Options options;
  options.group_commit = false;
  options.notify_folder = path("run/notify");
  return mailstore::MailStore::open(path("store"), options, system_clock());
}

void Tool::warn(const std::string& text) const { std::fprintf(stderr, "mailadm: %s\n", text.c_str()); }

Result<directory::Properties> parse_pairs(const std::vector<std::string>& words, std::size_t from) {
  directory::Properties pairs;
  for (std::size_t i = from; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos || equals == 0)
      return Failure::permanent(printable(words[i]) + ": not key=value", {5, 6, 0});
    if (!pairs.emplace(words[i].substr(0, equals), words[i].substr(equals + 1)).second)
      return Failure::permanent(words[i].substr(0, equals) + ": given twice", {5, 6, 0});
  }
  return pairs;
}

}  // namespace tubepost::mailadm
