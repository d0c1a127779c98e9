// Files and folders of an instance as `mailadm init` makes them: what is there already stays as it is, and is
// told.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace tubepost::mailadm {

class HomeMaker {
public:
  explicit HomeMaker(std::string home) : home_(std::move(home)) {}

  // Below the home; "" is the home itself. The mode is set only on what is new.
  Result<void> folder(const std::string& name, mode_t mode);
  Result<void> file(const std::string& name, const std::string& content, mode_t mode);
  Result<void> sync();  // the names of all folders made so far
  bool exists(const std::string& name) const;
  std::string path(const std::string& name) const { return name.empty() ? home_ : home_ + '/' + name; }
  void say(std::string line) { lines_.push_back(std::move(line)); }
  const std::vector<std::string>& lines() const { return lines_; }  // what was made and what was kept

private:
  std::string home_;
  std::vector<std::string> lines_;
  std::set<std::string> unsynced_;  // folders that hold a new folder
};

}  // namespace tubepost::mailadm
