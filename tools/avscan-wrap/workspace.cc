#include "avscan-wrap/workspace.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "base/temporary.h"

namespace tubepost::avscan {
namespace {

Failure failed(const std::string& what) { return Failure::temporary(what + ": " + error_text(errno)); }

// A folder in /tmp that another user has made first would be theirs to watch and to exchange.
Result<std::string> own_folder(const std::string& work) {
  const std::string path = work + "/tubepost-avscan-" + std::to_string(::geteuid());
  if (auto made = make_directory(path, 0700); !made) return std::move(made).error();
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return failed(path);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0)
    return Failure::temporary(path + ": is not a folder of this user alone");
  return path;
}

UniqueFd open_folder(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// A dead run's folder can be locked; that of one who has just made it, too: hence the look in lock().
void sweep(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), &::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with("run-")) continue;
    const std::string path = folder + '/' + std::string(name);
    const UniqueFd held = open_folder(path);
    if (held && ::flock(held.get(), LOCK_EX | LOCK_NB) == 0) remove_tree(path);
  }
}

// False: a sweep has taken it for dead meanwhile, and removed it.
bool lock(int folder, const std::string& path) {
  struct stat held {
  }, named{};
  return ::flock(folder, LOCK_EX) == 0 && ::fstat(folder, &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

}  // namespace

Result<Workspace> Workspace::make(const std::string& work) {
  const auto parent = own_folder(work);
  if (!parent) return parent.error();
  sweep(*parent);
  for (int tries = 0; tries < 10; ++tries) {
    auto path = make_temporary_folder(*parent + "/run-");
    if (!path) return std::move(path).error();
    UniqueFd held = open_folder(*path);
    if (held && lock(held.get(), *path)) return Workspace(std::move(*path), std::move(held));
  }
  return Failure::temporary(*parent + ": no folder could be locked");
}

Workspace::~Workspace() {
  if (!path_.empty()) remove_tree(path_);
}

Result<std::string> Workspace::make_folder(const std::string& name) const {
  const std::string path = path_ + '/' + name;
  if (::mkdir(path.c_str(), 0700) != 0) return failed(path);
  return path;
}

Result<void> write_private_file(const std::string& path, std::string_view content) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed(path);
  auto written = write_all(file.get(), content);
  if (!written) return std::move(written).error().while_doing(path);
  return {};
}

void remove_tree(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  if (!ignored) return;
  // A scanner may have left folders without permissions.
  for (std::filesystem::recursive_directory_iterator at(path, ignored), end; !ignored && at != end;
       at.increment(ignored))
    if (at->is_directory(ignored) && !at->is_symlink(ignored))
      std::filesystem::permissions(at->path(), std::filesystem::perms::owner_all, ignored);
  std::filesystem::remove_all(path, ignored);
}

}  // namespace tubepost::avscan
