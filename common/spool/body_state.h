// A body before it is accepted: a string up to the inline limit; beyond it an unnamed file, and the string is
// what was not written to it yet. Internal to this library.
#pragma once

#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "spool/spool.h"

namespace tubepost::spool {

struct Body::State {
  std::string folder;  // where large ones go: spool/bodies
  std::uint64_t inline_max = 0;

  std::string bytes;
  UniqueFd file;  // open: the body is a large one
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::optional<Failure> failure;

  bool is_beside() const { return static_cast<bool>(file); }
  void append(std::string_view more);
  void flush();  // to the file, where there is one
  Result<void> finish();

private:
  void move_beside();
};

std::string body_path(const std::string& bodies_folder, const SpoolId& id);
// 4.3.1 where the disk is full, 4.3.0 otherwise.
Failure system_failure(const std::string& what, int error_number);

// Gives the large body `file` its name, durably. Only inside a write transaction, so that a sweeper in
// another one never sees a file between its link and its record. Repeatable. A file that already has the name
// and is not this one was left by a crash before its commit, and is replaced.
Result<void> link_body(const std::string& bodies_folder, int file, const SpoolId& id);

}  // namespace tubepost::spool
