// Preloaded into programs, writes down in one order what they do to the files below a folder, and what they say to others: from
// this record the tests play every moment at which the power might have been cut (power_cut/, scenario 32-power-cut).
//   DISK_LOG       the record; all programs append to it
//   DISK_LOG_ROOT  the folder
// A change and its line are one under a lock, so the order of lines is an order in which it can have happened. What is said (to
// standard output, to a socket) is written down before it is said: whoever heard it, heard it after that line. Files whose
// loss costs nothing (lock.mdb) are left out. Each line: a word and its fields, separated by tabs, last the size of the bytes that
// follow.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <mutex>
#include <optional>

#include "next.h"

namespace tubepost::preload {
namespace {

const std::string& root() {
  static const std::string folder = setting("DISK_LOG_ROOT");
  return folder;
}

// The record, opened by each process for itself: flock(2) belongs to an open file, and a child shares its parent's.
class Record {
public:
  void lock() {
    mutex_.lock();
    if (owner_ != ::getpid()) {
      file_ = ::open(setting("DISK_LOG").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
      owner_ = ::getpid();
    }
    ::flock(file_, LOCK_EX);
  }
  void unlock() {
    ::flock(file_, LOCK_UN);
    mutex_.unlock();
  }
  void add(std::initializer_list<std::string_view> words, std::string_view bytes = {}) {
    std::string line;
    for (const auto word : words) (line += word) += '\t';
    (line += std::to_string(bytes.size())) += '\n';
    (line += bytes) += '\n';
    static const auto write = next<ssize_t(int, const void*, size_t)>("write");
    if (write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

private:
  std::mutex mutex_;
  int file_ = -1;
  pid_t owner_ = 0;
};

Record& record() {
  static Record made;
  return made;
}

bool is_logged(const std::string& path) {
  return !setting("DISK_LOG").empty() && is_below(path, root()) && !path.ends_with("/lock.mdb");
}

// The path of an open file that is logged.
std::optional<std::string> logged(int file) {
  struct stat status {};
  if (root().empty() || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  auto path = path_of(file);
  if (!is_logged(path)) return std::nullopt;
  return path.substr(root().size() + 1);
}

std::string inode_of(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? std::to_string(status.st_ino) : std::string();
}

// Where in which program: "smtpd+0x1234", for addr2line(1).
std::string site(const void* address) {
  Dl_info info{};
  if (::dladdr(address, &info) == 0) return "?";
  const char* const slash = std::strrchr(info.dli_fname, '/');
  char text[32];
  const auto offset =
      reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(info.dli_fbase) - 1;
  std::snprintf(text, sizeof text, "+0x%zx", static_cast<std::size_t>(offset));
  return std::string(slash == nullptr ? info.dli_fname : slash + 1) + text;
}

bool is_said_to_others(int file) {
  struct stat status {};
  return !root().empty() && ::fstat(file, &status) == 0 && (file == 1 || S_ISSOCK(status.st_mode));
}

void said(int file, std::string_view bytes) {
  if (!is_said_to_others(file) || setting("DISK_LOG").empty()) return;
  const std::lock_guard guard(record());
  record().add({"said"}, bytes);
}

std::string gathered(const iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return all;
}

// A write by `perform`, of at most `bytes`; `at`: of pwrite.
template <class Perform>
ssize_t write_logged(int file, std::string_view bytes, std::optional<off_t> at, const void* caller,
                     Perform perform) {
  const auto path = logged(file);
  if (!path) {
    if (!at) said(file, bytes);
    return perform();
  }
  const std::lock_guard guard(record());
  const ssize_t done = perform();
  if (done <= 0) return done;
  const int error = errno;
  const off_t begin = at ? *at : ::lseek(file, 0, SEEK_CUR) - done;
  const bool synced = (::fcntl(file, F_GETFL) & O_DSYNC) != 0;
  record().add({"write", inode_of(file), std::to_string(begin), synced ? "synced" : "", site(caller), *path},
               bytes.substr(0, static_cast<std::size_t>(done)));
  errno = error;
  return done;
}

template <class Perform>
int sync_logged(int file, const void* caller, Perform perform) {
  struct stat status {};
  auto path = path_of(file);
  const bool is_folder = ::fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
  if (setting("DISK_LOG").empty() || (path != root() && !is_logged(path))) return perform();
  const std::lock_guard guard(record());
  path = path == root() ? std::string() : path.substr(root().size() + 1);
  record().add({is_folder ? "sync-folder" : "sync", inode_of(file), site(caller), path});
  return perform();
}

// Changes of names: `perform` and, where it went well, the line.
template <class Perform>
int rename_logged(std::initializer_list<std::string_view> words, const std::string& path, Perform perform) {
  if (!is_logged(path)) return perform();
  const std::lock_guard guard(record());
  const int done = perform();
  const int error = errno;
  if (done == 0) record().add(words);
  errno = error;
  return done;
}

std::string inside(const std::string& path) {
  return is_below(path, root()) ? path.substr(root().size() + 1) : path;
}

template <class Perform>
int open_logged(const std::string& path, int flags, Perform perform) {
  const bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
  if ((!unnamed && (flags & (O_CREAT | O_TRUNC)) == 0) || (!is_logged(path) && !(unnamed && path == root())))
    return perform();
  const std::lock_guard guard(record());
  struct stat status {};
  const bool is_new = unnamed || ::lstat(path.c_str(), &status) != 0;
  const int file = perform();
  if (file < 0) return file;
  if (is_new)
    record().add({unnamed ? "unnamed" : "create", inode_of(file), inside(path)});
  else if ((flags & O_TRUNC) != 0)
    record().add({"truncate", inode_of(file), "0"});
  return file;
}

std::string at(int folder, const char* path) {
  if (folder == AT_FDCWD || *path == '/') return absolute(path);
  return path_of(folder) + '/' + path;
}

}  // namespace
}  // namespace tubepost::preload

using namespace tubepost::preload;  // NOLINT: these are the C library's names

extern "C" {
int hooked_open(const char*, int, ...) asm("open");
int hooked_open64(const char*, int, ...) asm("open64");
int hooked_openat(int, const char*, int, ...) asm("openat");
int hooked_openat64(int, const char*, int, ...) asm("openat64");
ssize_t hooked_write(int, const void*, size_t) asm("write");
ssize_t hooked_pwrite(int, const void*, size_t, off_t) asm("pwrite");
ssize_t hooked_pwrite64(int, const void*, size_t, off_t) asm("pwrite64");
ssize_t hooked_writev(int, const iovec*, int) asm("writev");
ssize_t hooked_send(int, const void*, size_t, int) asm("send");
ssize_t hooked_sendto(int, const void*, size_t, int, const sockaddr*, socklen_t) asm("sendto");
ssize_t hooked_sendmsg(int, const msghdr*, int) asm("sendmsg");
int hooked_fdatasync(int) asm("fdatasync");
int hooked_fsync(int) asm("fsync");
int hooked_ftruncate(int, off_t) asm("ftruncate");
int hooked_ftruncate64(int, off_t) asm("ftruncate64");
int hooked_linkat(int, const char*, int, const char*, int) asm("linkat");
int hooked_unlink(const char*) asm("unlink");
int hooked_unlinkat(int, const char*, int) asm("unlinkat");
int hooked_rename(const char*, const char*) asm("rename");
int hooked_mkdir(const char*, mode_t) asm("mkdir");
int hooked_mkfifo(const char*, mode_t) asm("mkfifo");

int hooked_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static const auto real = next<decltype(hooked_open)>("open");
  return open_logged(absolute(path), flags, [&] { return real(path, flags, mode); });
}
int hooked_open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return hooked_open(path, flags, mode);
}
int hooked_openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static const auto real = next<decltype(hooked_openat)>("openat");
  return open_logged(at(folder, path), flags, [&] { return real(folder, path, flags, mode); });
}
int hooked_openat64(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return hooked_openat(folder, path, flags, mode);
}

ssize_t hooked_write(int file, const void* bytes, size_t size) {
  static const auto real = next<decltype(hooked_write)>("write");
  return write_logged(file, {static_cast<const char*>(bytes), size}, {}, __builtin_return_address(0),
                      [&] { return real(file, bytes, size); });
}
ssize_t hooked_pwrite(int file, const void* bytes, size_t size, off_t where) {
  static const auto real = next<decltype(hooked_pwrite)>("pwrite");
  return write_logged(file, {static_cast<const char*>(bytes), size}, where, __builtin_return_address(0),
                      [&] { return real(file, bytes, size, where); });
}
ssize_t hooked_pwrite64(int file, const void* bytes, size_t size, off_t where) {
  static const auto real = next<decltype(hooked_pwrite)>("pwrite");
  return write_logged(file, {static_cast<const char*>(bytes), size}, where, __builtin_return_address(0),
                      [&] { return real(file, bytes, size, where); });
}
ssize_t hooked_writev(int file, const iovec* parts, int count) {
  static const auto real = next<decltype(hooked_writev)>("writev");
  return write_logged(file, gathered(parts, count), {}, __builtin_return_address(0),
                      [&] { return real(file, parts, count); });
}
ssize_t hooked_send(int file, const void* bytes, size_t size, int flags) {
  static const auto real = next<decltype(hooked_send)>("send");
  said(file, {static_cast<const char*>(bytes), size});
  return real(file, bytes, size, flags);
}
ssize_t hooked_sendto(int file, const void* bytes, size_t size, int flags, const sockaddr* to,
                      socklen_t length) {
  static const auto real = next<decltype(hooked_sendto)>("sendto");
  said(file, {static_cast<const char*>(bytes), size});
  return real(file, bytes, size, flags, to, length);
}
ssize_t hooked_sendmsg(int file, const msghdr* message, int flags) {
  static const auto real = next<decltype(hooked_sendmsg)>("sendmsg");
  said(file, gathered(message->msg_iov, static_cast<int>(message->msg_iovlen)));
  return real(file, message, flags);
}

int hooked_fdatasync(int file) {
  static const auto real = next<decltype(hooked_fdatasync)>("fdatasync");
  return sync_logged(file, __builtin_return_address(0), [&] { return real(file); });
}
int hooked_fsync(int file) {
  static const auto real = next<decltype(hooked_fsync)>("fsync");
  return sync_logged(file, __builtin_return_address(0), [&] { return real(file); });
}
int hooked_ftruncate(int file, off_t size) {
  static const auto real = next<decltype(hooked_ftruncate)>("ftruncate");
  const auto path = logged(file);
  if (!path) return real(file, size);
  return rename_logged({"truncate", inode_of(file), std::to_string(size)}, path_of(file),
                       [&] { return real(file, size); });
}
int hooked_ftruncate64(int file, off_t size) { return hooked_ftruncate(file, size); }

int hooked_linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  static const auto real = next<decltype(hooked_linkat)>("linkat");
  struct stat status {};
  const bool known =
      ::fstatat(from_folder, from, &status, (flags & AT_SYMLINK_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
  const auto path = at(to_folder, to);
  return rename_logged({"link", std::to_string(known ? status.st_ino : 0), inside(path)}, path,
                       [&] { return real(from_folder, from, to_folder, to, flags); });
}
int hooked_unlink(const char* path) {
  static const auto real = next<decltype(hooked_unlink)>("unlink");
  const auto whole = absolute(path);
  return rename_logged({"unlink", inside(whole)}, whole, [&] { return real(path); });
}
int hooked_unlinkat(int folder, const char* path, int flags) {
  static const auto real = next<decltype(hooked_unlinkat)>("unlinkat");
  const auto whole = at(folder, path);
  return rename_logged({"unlink", inside(whole)}, whole, [&] { return real(folder, path, flags); });
}
int hooked_rename(const char* from, const char* to) {
  static const auto real = next<decltype(hooked_rename)>("rename");
  return rename_logged({"rename", inside(absolute(from)), inside(absolute(to))}, absolute(to),
                       [&] { return real(from, to); });
}
int hooked_mkdir(const char* path, mode_t mode) {
  static const auto real = next<decltype(hooked_mkdir)>("mkdir");
  const auto whole = absolute(path);
  return rename_logged({"mkdir", inside(whole)}, whole, [&] { return real(path, mode); });
}
int hooked_mkfifo(const char* path, mode_t mode) {
  static const auto real = next<decltype(hooked_mkfifo)>("mkfifo");
  const auto whole = absolute(path);
  return rename_logged({"fifo", inside(whole)}, whole, [&] { return real(path, mode); });
}
}
