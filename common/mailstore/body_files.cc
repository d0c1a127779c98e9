#include "mailstore/body_files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace tubepost::mailstore {
namespace {

constexpr std::size_t sample_size = 4096;

// `part` stands in the file at `position`.
bool file_has(int file, std::string_view part, std::uint64_t position) {
  std::string found(part.size(), '\0');
  const ssize_t got = ::pread(file, found.data(), found.size(), static_cast<off_t>(position));
  return got == static_cast<ssize_t>(part.size()) && found == part;
}

Result<void> sync_folder(const std::string& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return file_failure(path, errno);
  return {};
}

// By way of /proc, which also serves files that have no name.
bool link_as(const StagedBody& staged, const std::string& path) {
  const auto from = "/proc/self/fd/" + std::to_string(staged.file.get());
  return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

}  // namespace

Failure file_failure(const std::string& what, int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  return Failure::temporary(what + ": " + error_text(error),
                            full ? EnhancedStatus{4, 3, 1} : EnhancedStatus{4, 3, 0});
}

// ---- MappedFile

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}
MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

Result<MappedFile> MappedFile::open(const std::string& path, Links links) {
  const int refuse = links == Links::refused ? O_NOFOLLOW : 0;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | refuse));
  if (!fd) return file_failure(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return file_failure(path, errno);
  MappedFile file;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return file;
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) return file_failure(path, errno);
  file.bytes_ = {static_cast<const char*>(address), size};
  return file;
}

// ---- BodyFiles

std::string BodyFiles::folder_of(AccountId account) const {
  return folder_ + '/' + to_hex(schema::account_key(account));
}
std::string BodyFiles::path_of(AccountId account, const spool::SpoolId& body) const {
  return folder_of(account) + '/' + body.to_text();
}

Result<StagedBody> BodyFiles::stage(const std::string& path, std::string_view body) const {
  auto borrowed = path.empty() ? std::nullopt : borrow(path, body);
  if (!borrowed) return copy(nullptr, body);
  struct stat there {
  }, here{};
  if (::fstat(borrowed->file.get(), &there) != 0 || ::stat(folder_.c_str(), &here) != 0)
    return file_failure(folder_, errno);
  // fs.protected_hardlinks: other users' files cannot be linked.
  const bool may_link = there.st_dev == here.st_dev && (there.st_uid == ::geteuid() || ::geteuid() == 0);
  if (may_link) return std::move(*borrowed);
  return copy(&*borrowed, body);
}

// The file at `path`, if it is what it is said to be. The samples are against a caller's mistake; the bytes
// themselves were checked when they were read from there.
std::optional<StagedBody> BodyFiles::borrow(const std::string& path, std::string_view body) const {
  StagedBody staged;
  staged.file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!staged.file || ::fstat(staged.file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  if (static_cast<std::uint64_t>(status.st_size) != body.size()) return std::nullopt;
  const auto tail = body.substr(body.size() - std::min(body.size(), sample_size));
  const bool same = file_has(staged.file.get(), body.substr(0, sample_size), 0) &&
                    file_has(staged.file.get(), tail, body.size() - tail.size());
  if (!same) return std::nullopt;
  return staged;
}

Result<StagedBody> BodyFiles::copy(const StagedBody* source, std::string_view body) const {
  StagedBody made;
  made.file.reset(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0660));
  if (!made.file) return file_failure(folder_, errno);
  const bool cloned = source != nullptr && ::ioctl(made.file.get(), FICLONE, source->file.get()) == 0;
  if (!cloned && !write_all(made.file.get(), body)) return file_failure(folder_, errno);
  if (::fdatasync(made.file.get()) != 0) return file_failure(folder_, errno);
  return made;
}

// ---- Links

Links::~Links() {
  for (const auto& path : made_) ::unlink(path.c_str());
}

Result<void> Links::add(const StagedBody& staged, std::string_view body, AccountId account,
                        const spool::SpoolId& id) {
  const std::string folder = files_.folder_of(account), path = files_.path_of(account, id);
  if (::mkdir(folder.c_str(), 0770) != 0 && errno != EEXIST) return file_failure(folder, errno);
  // No row names this file, so it is what a crash left, or doomed: a reader that has it open keeps it.
  ::unlink(path.c_str());
  if (!link_as(staged, path)) {
    // EXDEV, EPERM, EMLINK; or it has no name any more: the spool has dropped it, or this transaction was
    // undone and is run again. The bytes are still at hand.
    const auto own = files_.copy(&staged, body);
    if (!own) return own.error();
    if (!link_as(*own, path)) return file_failure(path, errno);
  }
  made_.push_back(path);
  // The upper one as well: a folder that is there need not be on disk, if whoever made it crashed.
  folders_.insert({folder, files_.folder()});
  return {};
}

Result<void> Links::sync() {
  for (const auto& folder : folders_)
    if (auto synced = sync_folder(folder); !synced) return synced;
  return {};
}

}  // namespace tubepost::mailstore
