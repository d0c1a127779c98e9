// Preloaded into a program, makes the n-th call of one kind fail, as a bad or a full disk does: the programs' answer to it is the
// test (scenario 31-failing-calls).
//   FAULT_CALL   write writev pwrite fdatasync fsync ftruncate linkat rename mkdir; empty: none fails, all are counted
//   FAULT_AT     which one, from 1 on, counted over all processes that share FAULT_STATE
//   FAULT_WITH   EIO, ENOSPC, or "half": a write that the disk had only half room for
//   FAULT_BELOW  only files in this folder
//   FAULT_STATE  a file of `kinds` 32-bit counters, made by who starts the programs
//   FAULT_MAP    bytes: no database's map is larger
//   FAULT_LMDB   patch: LMDB says that it is 0.9.PATCH
//   FAULT_FILE_SYSTEM  magic number in hexadecimal: what statfs(2) says of every folder
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "next.h"

namespace tubepost::preload {
namespace {

constexpr std::string_view kinds[] = {"write",     "writev", "pwrite", "fdatasync", "fsync",
                                      "ftruncate", "linkat", "rename", "mkdir"};
enum Kind { write_, writev_, pwrite_, fdatasync_, fsync_, ftruncate_, linkat_, rename_, mkdir_ };

struct Plan {
  std::string call = setting("FAULT_CALL"), with = setting("FAULT_WITH"), below = setting("FAULT_BELOW");
  unsigned long at = std::strtoul(setting("FAULT_AT").c_str(), nullptr, 10);
  std::atomic<std::uint32_t>* counters = map();

  static std::atomic<std::uint32_t>* map() {
    const int file = ::open(setting("FAULT_STATE").c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* const memory = ::mmap(nullptr, sizeof(std::uint32_t) * std::size(kinds), PROT_READ | PROT_WRITE,
                                MAP_SHARED, file, 0);
    ::close(file);
    return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<std::uint32_t>*>(memory);
  }

  // Counts this call. Whether it is the one to fail.
  bool hits(Kind kind, std::string_view path) {
    if (counters == nullptr || !is_below(path, below)) return false;
    return counters[kind].fetch_add(1) + 1 == at && call == kinds[kind];
  }
  int error() const { return with == "ENOSPC" || with == "half" ? ENOSPC : EIO; }
};

Plan& plan() {
  static Plan made;
  return made;
}

bool fails(Kind kind, std::string_view path) {
  if (!plan().hits(kind, path)) return false;
  errno = plan().error();
  return true;
}

bool is_half() { return plan().with == "half"; }

}  // namespace
}  // namespace tubepost::preload

using namespace tubepost::preload;  // NOLINT: these are the C library's names

extern "C" {
ssize_t hooked_write(int, const void*, size_t) asm("write");
ssize_t hooked_pwrite(int, const void*, size_t, off_t) asm("pwrite");
ssize_t hooked_pwrite64(int, const void*, size_t, off_t) asm("pwrite64");
ssize_t hooked_writev(int, const iovec*, int) asm("writev");
int hooked_fdatasync(int) asm("fdatasync");
int hooked_fsync(int) asm("fsync");
int hooked_ftruncate(int, off_t) asm("ftruncate");
int hooked_ftruncate64(int, off_t) asm("ftruncate64");
int hooked_linkat(int, const char*, int, const char*, int) asm("linkat");
int hooked_rename(const char*, const char*) asm("rename");
int hooked_mkdir(const char*, mode_t) asm("mkdir");
int hooked_mdb_env_set_mapsize(void*, size_t) asm("mdb_env_set_mapsize");
char* hooked_mdb_version(int*, int*, int*) asm("mdb_version");
int hooked_statfs(const char*, struct statfs*) asm("statfs");

ssize_t hooked_write(int file, const void* bytes, size_t size) {
  static const auto real = next<decltype(hooked_write)>("write");
  if (!fails(write_, path_of(file))) return real(file, bytes, size);
  return is_half() && size > 1 ? real(file, bytes, size / 2) : -1;
}

ssize_t hooked_pwrite(int file, const void* bytes, size_t size, off_t at) {
  static const auto real = next<decltype(hooked_pwrite)>("pwrite");
  if (!fails(pwrite_, path_of(file))) return real(file, bytes, size, at);
  return is_half() && size > 1 ? real(file, bytes, size / 2, at) : -1;
}
ssize_t hooked_pwrite64(int file, const void* bytes, size_t size, off_t at) {
  return hooked_pwrite(file, bytes, size, at);
}

ssize_t hooked_writev(int file, const iovec* parts, int count) {
  static const auto real = next<decltype(hooked_writev)>("writev");
  if (!fails(writev_, path_of(file))) return real(file, parts, count);
  return is_half() && count > 1 ? real(file, parts, count / 2) : -1;
}

int hooked_fdatasync(int file) {
  static const auto real = next<decltype(hooked_fdatasync)>("fdatasync");
  return fails(fdatasync_, path_of(file)) ? -1 : real(file);
}

int hooked_fsync(int file) {
  static const auto real = next<decltype(hooked_fsync)>("fsync");
  // A folder may be the one that is named itself.
  return fails(fsync_, path_of(file) + "/.") ? -1 : real(file);
}

int hooked_ftruncate(int file, off_t size) {
  static const auto real = next<decltype(hooked_ftruncate)>("ftruncate");
  return fails(ftruncate_, path_of(file)) ? -1 : real(file, size);
}
int hooked_ftruncate64(int file, off_t size) { return hooked_ftruncate(file, size); }

int hooked_linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  static const auto real = next<decltype(hooked_linkat)>("linkat");
  return fails(linkat_, absolute(to)) ? -1 : real(from_folder, from, to_folder, to, flags);
}

int hooked_rename(const char* from, const char* to) {
  static const auto real = next<decltype(hooked_rename)>("rename");
  return fails(rename_, absolute(to)) ? -1 : real(from, to);
}

int hooked_mkdir(const char* path, mode_t mode) {
  static const auto real = next<decltype(hooked_mkdir)>("mkdir");
  return fails(mkdir_, absolute(path)) ? -1 : real(path, mode);
}

int hooked_mdb_env_set_mapsize(void* environment, size_t size) {
  static const auto real = next<decltype(hooked_mdb_env_set_mapsize)>("mdb_env_set_mapsize");
  const auto most = std::strtoul(setting("FAULT_MAP").c_str(), nullptr, 10);
  return real(environment, most > 0 ? most : size);
}

char* hooked_mdb_version(int* major, int* minor, int* patch) {
  static const auto real = next<decltype(hooked_mdb_version)>("mdb_version");
  char* const text = real(major, minor, patch);
  const auto told = setting("FAULT_LMDB");
  if (!told.empty() && patch != nullptr) *patch = std::atoi(told.c_str());
  return text;
}

int hooked_statfs(const char* path, struct statfs* status) {
  static const auto real = next<decltype(hooked_statfs)>("statfs");
  const int done = real(path, status);
  const auto told = setting("FAULT_FILE_SYSTEM");
  if (done == 0 && !told.empty())
    status->f_type = static_cast<decltype(status->f_type)>(std::strtoul(told.c_str(), nullptr, 16));
  return done;
}
}
