#include "policy/filter_environment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/temporary.h"

extern "C" char** environ;

namespace tubepost::policy {
namespace {

bool is_passed_on(std::string_view name) {
  for (const std::string_view known :
       {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"})
    if (name == known) return true;
  return name.starts_with("TUBEPOST_");
}

std::string temporary_folder(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const char* named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? named : "/tmp";
}

std::string lines_of(const std::vector<std::string>& recipients) {
  std::string lines;
  for (const auto& recipient : recipients) lines += recipient + '\n';
  return lines;
}

}  // namespace

Result<EnvelopeFile> EnvelopeFile::write(const FilterEnvelope& envelope, const std::string& folder) {
  auto file = make_temporary_file(temporary_folder(folder) + "/tubepost-envelope-");
  if (!file) return std::move(file).error();
  EnvelopeFile written(std::move(file->path));
  if (auto done = write_all(file->fd.get(), envelope.sender + '\n' + lines_of(envelope.recipients)); !done)
    return std::move(done).error();
  return written;
}

EnvelopeFile::~EnvelopeFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Environment inherited_environment() {
  Environment environment;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && is_passed_on(text.substr(0, equals)))
      environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Environment filter_environment(const FilterEnvelope& envelope, const std::string& envelope_file) {
  Environment environment = inherited_environment();
  environment.emplace_back("SENDER", envelope.sender);
  environment.emplace_back("CLIENT_ADDRESS", envelope.client_address);
  environment.emplace_back("HELO", envelope.helo);
  environment.emplace_back("AUTH_USER", envelope.auth_user);
  environment.emplace_back("SPOOL_ID", envelope.spool_id);
  environment.emplace_back("ENVELOPE", envelope_file);
  std::string recipients = lines_of(envelope.recipients);
  if (!recipients.empty()) recipients.pop_back();
  if (recipients.size() <= recipients_variable_max)
    environment.emplace_back("RECIPIENTS", std::move(recipients));
  return environment;
}

}  // namespace tubepost::policy
