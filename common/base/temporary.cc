#include "base/temporary.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"

namespace tubepost {
namespace {

constexpr const char* name_template = "XXXXXX";  // what the calls put letters in the place of

Failure not_made(const std::string& prefix) { return Failure::temporary(prefix + "…: " + error_text(errno)); }

}  // namespace

Result<TemporaryFile> make_temporary_file(const std::string& prefix) {
  std::string path = prefix + name_template;
  UniqueFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (!fd) return not_made(prefix);
  return TemporaryFile{std::move(path), std::move(fd)};
}

Result<std::string> make_temporary_folder(const std::string& prefix) {
  std::string path = prefix + name_template;
  if (::mkdtemp(path.data()) == nullptr) return not_made(prefix);
  return path;
}

}  // namespace tubepost
