// Whole files and random bytes: the few system calls every program needs. Paths are absolute or relative to the cwd.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tubepost {

Result<std::string> read_file(const std::string& path, std::size_t limit = 64 << 20);  // over the limit: permanent
Result<std::string> read_all(int fd, std::size_t limit);                               // until EOF
// Writes a temporary file beside `path`, syncs it, renames it, syncs the folder.
Result<void> write_file_atomically(const std::string& path, std::string_view content, mode_t mode);
Result<void> write_all(int fd, std::string_view bytes);  // retries EINTR and short writes
Result<void> make_directory(const std::string& path, mode_t mode);  // exists already: fine
bool file_exists(const std::string& path);

std::string random_bytes(std::size_t count);  // getrandom(2); aborts if the kernel cannot

// strerror as a string; thread-safe.
std::string error_text(int error_number);

}  // namespace tubepost
