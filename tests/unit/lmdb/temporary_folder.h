// A folder that is gone with the test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tubepost::lmdb {

class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tubepost-lmdb-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

private:
  std::string path_;
};

}  // namespace tubepost::lmdb
