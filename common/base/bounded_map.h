// A map that never outgrows its bound: the entry that was touched longest ago makes room. Keys come from
// strangers, so the tree (no hash that could be flooded) and the bound are what protects us. Not thread-safe.
#pragma once

#include <list>
#include <map>
#include <string>
#include <utility>

namespace tubepost {

template <class Value>
class BoundedMap {
public:
  explicit BoundedMap(std::size_t most) : most_(most) {}

  Value* find(const std::string& key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }
  // The value there, made if missing; now the youngest. Lives until the next call that makes one.
  Value& touch(const std::string& key) {
    const auto found = index_.find(key);
    if (found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
    } else {
      if (entries_.size() >= most_) index_.erase(entries_.back().first), entries_.pop_back();
      entries_.emplace_front(key, Value());
      index_.emplace(key, entries_.begin());
    }
    return entries_.front().second;
  }
  std::size_t size() const { return entries_.size(); }

private:
  using Entries = std::list<std::pair<std::string, Value>>;  // the youngest in front
  std::size_t most_;
  Entries entries_;
  std::map<std::string, typename Entries::iterator> index_;
};

}  // namespace tubepost
