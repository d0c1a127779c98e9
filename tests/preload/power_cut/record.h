// The record that disk_log.cc writes, read back.
//
// record := line*; line := word '\t' (field '\t')* size '\n' bytes[size] '\n'
//   create inode path     unnamed inode folder   write inode offset synced|"" caller path (bytes)
//   truncate inode size   link inode path        unlink path   rename from to   mkdir path   fifo path
//   sync inode caller path      sync-folder inode caller path
//   said (bytes): to a client or on standard output      mark (bytes): by the scenario
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace tubepost::power_cut {

struct Line {
  std::string word;
  std::vector<std::string> fields;
  std::string bytes;
  const std::string& last() const { return fields.back(); }  // of most: a path
};
Result<std::vector<Line>> read_record(const std::string& path);

// What is made durable by whom: "liblmdb.so.0+0x8c1a|spool/data.mdb|written"; ids in paths become "ID". Empty: this line makes
// nothing durable.
std::string kind_of_sync(const Line& line);

}  // namespace tubepost::power_cut
