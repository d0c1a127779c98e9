#include "mailadm/home.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"

namespace tubepost::mailadm {

bool HomeMaker::exists(const std::string& name) const { return file_exists(path(name)); }

Result<void> HomeMaker::folder(const std::string& name, mode_t mode) {
  const auto where = path(name);
  if (file_exists(where)) return {};
  std::error_code error;
  const auto parent = std::filesystem::absolute(where).parent_path();
  std::filesystem::create_directories(parent, error);
  if (auto made = make_directory(where, mode); !made) return made;
  // mkdir(2) heeds the umask of whoever calls; these modes are the ones of the decision record.
  if (::chmod(where.c_str(), mode) != 0) return Failure::temporary(where + ": " + error_text(errno));
  unsynced_.insert(parent);
  return {};
}

Result<void> HomeMaker::sync() {
  for (const auto& path : unsynced_) {
    const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return Failure::temporary(path + ": " + error_text(errno));
  }
  unsynced_.clear();
  return {};
}

Result<void> HomeMaker::file(const std::string& name, const std::string& content, mode_t mode) {
  const auto where = path(name);
  if (!file_exists(where)) {
    if (auto written = write_file_atomically(where, content, mode); !written) return written;
    unsynced_.erase(std::filesystem::absolute(where).parent_path());
    say("made " + name);
    return {};
  }
  const auto present = read_file(where);
  if (!present) return present.error();
  if (*present != content)
    say("kept " + name + ": it differs from what would be made now, and is not touched");
  return {};
}

}  // namespace tubepost::mailadm
