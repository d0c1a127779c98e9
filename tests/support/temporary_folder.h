// A folder that is gone, with all that is in it, when the test is over.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/temporary.h"

namespace tubepost::test_support {

class TemporaryFolder {
public:
  TemporaryFolder() : path_(make_temporary_folder(std::filesystem::temp_directory_path() / "tubepost-test-").value()) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }

private:
  std::string path_;
};

}  // namespace tubepost::test_support
