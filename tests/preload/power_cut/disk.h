// What a disk may hold after the power was cut, by the letter of POSIX: of a file what it held when it was last synced, and of
// each page written since then an earlier or a later state, in any combination; of a folder the names it had when it was last synced,
// and any of the later changes, those of one name in their order. A write to a file open with O_DSYNC is there when it returns.
// No file system is as bad as this, and a program that survives it survives them all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "power_cut/record.h"

namespace tubepost::power_cut {

class Disk {
public:
  // Syncs of these kinds are as if they were not in the program.
  explicit Disk(std::set<std::string> without) : without_(std::move(without)) {}
  Result<void> apply(const Line& line);

  enum class Later { none, all, some };  // of what is not durable
  struct Node {
    enum Kind { file, folder, fifo } kind = file;
    std::string bytes;
  };
  using Image = std::map<std::string, Node>;  // by path; a folder before what is in it
  Image image(Later later, std::mt19937_64& chance) const;
  bool is_settled() const;  // nothing is on its way

private:
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    bool truncates = false;  // to `offset`
  };
  struct File {
    std::string durable;
    std::vector<Write> later;
  };
  struct Name {
    Node::Kind kind = Node::file;
    std::uint64_t inode = 0;
  };
  using Names = std::map<std::string, Name>;
  // One change, all of it or nothing: of a rename two names, of all others one. nullopt: the name goes.
  struct Change {
    std::string folder;
    std::vector<std::pair<std::string, std::optional<Name>>> names;
  };

  void write(File& file, std::uint64_t offset, const std::string& bytes);
  void change(const std::string& path, std::optional<Name> name);
  void sync_folder(const std::string& path);
  Names names(Later later, std::mt19937_64& chance) const;
  Result<void> rename(const std::string& from, const std::string& to);
  void rename_later(const std::string& from, const std::string& to);
  static void take(Names& names, const Change& change);

  std::set<std::string> without_;
  std::map<std::uint64_t, File> files_;
  Names durable_;
  Names now_;  // as the programs see it
  std::vector<Change> later_;
};

Result<void> write_image(const Disk::Image& image, const std::string& folder);  // an empty one

}  // namespace tubepost::power_cut
