// For libraries that are preloaded (ld.so(8), LD_PRELOAD) between a program and the C library. A hook is declared with the name
// of the call as its assembler name, so that it clashes with no declaration of the C library's headers:
//   extern "C" int hooked_fsync(int file) asm("fsync");
#pragma once

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace tubepost::preload {

// The function of that name behind this library.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// What the environment says; empty: nothing.
inline std::string setting(const char* name) {
  const char* const value = ::getenv(name);
  return value == nullptr ? std::string() : value;
}

// What the kernel says an open file is called; empty: nothing.
inline std::string path_of(int file) {
  char buffer[4096];
  const auto size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), buffer, sizeof buffer);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
}

// As a path from the root; `path` may lead from the current folder.
inline std::string absolute(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  char here[4096];
  return ::getcwd(here, sizeof here) == nullptr ? std::string(path)
                                                : std::string(here) + '/' + std::string(path);
}

inline bool is_below(std::string_view path, std::string_view folder) {
  return !folder.empty() && path.size() > folder.size() && path.starts_with(folder) &&
         path[folder.size()] == '/';
}

}  // namespace tubepost::preload
