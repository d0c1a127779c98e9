// Bodies on their way out: checked before anybody sees a byte of them.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/crc32c.h"
#include "base/file.h"
#include "spool/body_state.h"
#include "spool/schema.h"
#include "spool/state.h"

namespace tubepost::spool {

struct StoredBody::State {
  std::string copy;
  void* map = nullptr;
  std::size_t map_size = 0;
  std::uint32_t crc = 0;
  std::string path;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (map != nullptr) ::munmap(map, map_size);
  }
  std::string_view bytes() const {
    return map == nullptr ? std::string_view(copy)
                          : std::string_view(static_cast<const char*>(map), map_size);
  }
  Result<void> map_file();
};

namespace {

Failure damaged(const SpoolId& id, const std::string& how) {
  return Failure::permanent("the stored body of " + id.to_text() + " is damaged: " + how);
}

}  // namespace

Result<void> StoredBody::State::map_file() {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    if (errno == ENOENT) return Failure::permanent(path + ": the file of a stored body is gone");
    return Failure::temporary(path + ": " + error_text(errno));
  }
  map_size = static_cast<std::size_t>(status.st_size);
  if (map_size == 0) return {};
  void* const mapped = ::mmap(nullptr, map_size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return Failure::temporary(path + ": " + error_text(errno));
  map = mapped;
  return {};
}

StoredBody::StoredBody() = default;
StoredBody::StoredBody(StoredBody&&) noexcept = default;
StoredBody& StoredBody::operator=(StoredBody&&) noexcept = default;
StoredBody::~StoredBody() = default;
std::string_view StoredBody::bytes() const { return state_->bytes(); }
std::uint32_t StoredBody::crc() const { return state_->crc; }
const std::string& StoredBody::path() const { return state_->path; }

Result<StoredBody> Spool::body(const SpoolId& id) const {
  StoredBody body;
  body.state_ = std::make_unique<StoredBody::State>();
  auto header = state_->environment.read([&](lmdb::ReadTransaction& read) -> Result<BodyHeader> {
    const auto value = read.get(state_->tables.bodies, id.bytes());
    if (!value) return Failure::permanent("no message " + id.to_text() + " in the spool");
    const auto parsed = BodyHeader::parse(*value);
    if (!parsed || parsed->id != id) return damaged(id, "its head is not one");
    body.state_->copy = value->substr(BodyHeader::size);
    return *parsed;
  });
  if (!header) return std::move(header).error();
  if ((header->flags & BodyHeader::beside) != 0) {
    body.state_->path = body_path(state_->bodies_folder, id);
    if (auto mapped = body.state_->map_file(); !mapped) return std::move(mapped).error();
  }
  if (body.bytes().size() != header->length) return damaged(id, "its length is wrong");
  if (crc32c(body.bytes()) != header->crc) return damaged(id, "its checksum is wrong");
  body.state_->crc = header->crc;
  return body;
}

}  // namespace tubepost::spool
