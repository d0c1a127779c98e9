// Files and folders with a name that nobody else has, for their owner alone (mkostemp(3), mkdtemp(3)). `prefix`: a path that six
// letters are put behind. Whoever makes one removes it. Errors: temporary, with the path. Threading: any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tubepost {

struct TemporaryFile {
  std::string path;
  UniqueFd fd;  // for reading and writing
};

Result<TemporaryFile> make_temporary_file(const std::string& prefix);
Result<std::string> make_temporary_folder(const std::string& prefix);

}  // namespace tubepost
