// Bodies on their way in.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/crc32c.h"
#include "base/file.h"
#include "spool/body_state.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t write_size = 128 << 10;  // what gathers before a write(2)
constexpr mode_t body_mode = 0660;  // the store may only link what it could write: fs.protected_hardlinks

}  // namespace

Failure system_failure(const std::string& what, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Failure::temporary(what + ": " + error_text(error_number),
                            full ? EnhancedStatus{4, 3, 1} : EnhancedStatus{4, 3, 0});
}

std::string body_path(const std::string& bodies_folder, const SpoolId& id) {
  return bodies_folder + "/" + id.to_text();
}

void Body::State::append(std::string_view more) {
  if (failure) return;
  size += more.size();
  crc = crc32c(more, crc);
  bytes += more;
  if (!is_beside() && size > inline_max) move_beside();
  if (is_beside() && bytes.size() >= write_size) flush();
}

void Body::State::move_beside() {
  file.reset(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, body_mode));
  if (file) return;
  if (errno == EOPNOTSUPP || errno == EISDIR)
    failure = Failure::temporary(
        folder + ": this file system has no O_TMPFILE; put the spool on ext4, xfs, btrfs or tmpfs");
  else
    failure = system_failure(folder, errno);
}

void Body::State::flush() {
  const std::string gathered = std::exchange(bytes, {});
  for (std::string_view rest = gathered; !rest.empty() && !failure;) {
    const ssize_t put = ::write(file.get(), rest.data(), rest.size());
    if (put > 0) rest.remove_prefix(static_cast<std::size_t>(put));
    if (put < 0 && errno != EINTR) failure = system_failure(folder, errno);
  }
}

Result<void> Body::State::finish() {
  if (is_beside() && !failure) {
    flush();
    if (!failure && ::fdatasync(file.get()) != 0) failure = system_failure(folder, errno);
  }
  if (failure) return *failure;
  return {};
}

Result<void> link_body(const std::string& bodies_folder, int file, const SpoolId& id) {
  const std::string from = "/proc/self/fd/" + std::to_string(file), to = body_path(bodies_folder, id);
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) != 0) {
    if (errno != EEXIST) return system_failure(to, errno);
    struct stat mine {
    }, there{};
    if (::fstat(file, &mine) != 0 || ::stat(to.c_str(), &there) != 0) return system_failure(to, errno);
    if (mine.st_ino != there.st_ino) {
      if (::unlink(to.c_str()) != 0) return system_failure(to, errno);
      if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW) != 0)
        return system_failure(to, errno);
    }
  }
  const UniqueFd folder(::open(bodies_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return system_failure(bodies_folder, errno);
  return {};
}

// ---- the public halves

Body::Body() = default;
Body::Body(Body&&) noexcept = default;
Body& Body::operator=(Body&&) noexcept = default;
Body::~Body() = default;
std::uint64_t Body::size() const { return state_->size; }
std::uint32_t Body::crc() const { return state_->crc; }

BodyWriter::BodyWriter() = default;
BodyWriter::BodyWriter(BodyWriter&&) noexcept = default;
BodyWriter::~BodyWriter() = default;
void BodyWriter::append(std::string_view bytes) { state_->append(bytes); }
std::uint64_t BodyWriter::size() const { return state_->size; }

Result<BodyWriter::View> BodyWriter::view() {
  if (state_->is_beside() && !state_->failure) state_->flush();
  if (state_->failure) return *state_->failure;
  return state_->is_beside() ? View{{}, state_->file.get()} : View{state_->bytes, -1};
}

Result<Body> BodyWriter::finish() {
  if (auto done = state_->finish(); !done) return std::move(done).error();
  Body body;
  body.state_ = std::move(state_);
  return body;
}

}  // namespace tubepost::spool
