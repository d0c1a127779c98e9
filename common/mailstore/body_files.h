// Large bodies: files beside the database, bodies/ACCOUNT/BODY (schema.h). A file is got ready outside any
// transaction (stage), linked inside the write transaction that names it, and its folder synced before that
// commits; so a sweeper inside a write transaction sees orphans exactly (design.md 3).
//
// Threading: BodyFiles by any thread; a Links belongs to one write transaction.
#pragma once

#include <set>

#include "base/unique_fd.h"
#include "mailstore/mailstore.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

// A body file on disk that may have no name here yet.
struct StagedBody {
  UniqueFd file;
};

// A read-only map of a file; bytes() lives as long as it does.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  enum class Links { refused, followed };  // followed: for /proc/self/fd
  static Result<MappedFile> open(const std::string& path, Links links = Links::refused);
  std::string_view bytes() const { return bytes_; }

private:
  std::string_view bytes_;
};

// The error of a file operation, as a reply may say it: full is 4.3.1.
Failure file_failure(const std::string& what, int error);

class BodyFiles {
public:
  explicit BodyFiles(std::string folder) : folder_(std::move(folder)) {}

  // The file at `path` where it may be linked; else a clone of it, else a copy of `body`, synced.
  Result<StagedBody> stage(const std::string& path, std::string_view body) const;
  Result<StagedBody> copy(const StagedBody* source, std::string_view body) const;

  std::string folder_of(AccountId account) const;
  std::string path_of(AccountId account, const spool::SpoolId& body) const;
  const std::string& folder() const { return folder_; }

private:
  std::optional<StagedBody> borrow(const std::string& path, std::string_view body) const;
  std::string folder_;
};

// The links made in one write transaction: taken back unless keep() is called.
class Links {
public:
  explicit Links(const BodyFiles& files) : files_(files) {}
  Links(const Links&) = delete;
  ~Links();

  // Gives the staged file its name; what stood there was an orphan.
  Result<void> add(const StagedBody& staged, std::string_view body, AccountId account,
                   const spool::SpoolId& id);
  Result<void> sync();  // the folders; before the commit
  void keep() { made_.clear(); }

private:
  const BodyFiles& files_;
  std::vector<std::string> made_;
  std::set<std::string> folders_;
};

}  // namespace tubepost::mailstore
