// A private folder for the files of one message: 0700, in WORK/tubepost-avscan-UID, which must be ours alone.
// It goes with this object; what a kill -9 leaves is removed by the next run that makes a folder: each is held
// by an flock(2) on itself, which ends with its process.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tubepost::avscan {

class Workspace {
public:
  static Result<Workspace> make(const std::string& work);
  Workspace(Workspace&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  Workspace& operator=(Workspace&&) = delete;
  ~Workspace();

  const std::string& path() const { return path_; }
  // A new empty folder inside, 0700.
  Result<std::string> make_folder(const std::string& name) const;

private:
  Workspace(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  UniqueFd lock_;
};

// A new file, 0600.
Result<void> write_private_file(const std::string& path, std::string_view content);
void remove_tree(const std::string& path);

}  // namespace tubepost::avscan
