// The keeper of the database: list, remove, stats, purge. Each works beside a running service, whose last half
// second is not on disk yet.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "base/exit_status.h"
#include "base/result.h"
#include "greylist/store.h"

namespace tubepost::greylist {

enum class Style { tabs, aligned, json };

struct Filter {
  std::string client, sender, recipient;  // globs; empty: any
  std::string state;                      // pending, passed, expired, exempt; empty: any
  bool empty() const { return client.empty() && sender.empty() && recipient.empty() && state.empty(); }
};
Result<void> check(const Filter& filter);

class Commands {
public:
  Commands(Store& store, const Parameters& parameters, std::ostream& out, Style style)
      : store_(store), parameters_(parameters), out_(out), style_(style) {}

  Result<ExitStatus> list(const Filter& filter);    // 1: none
  Result<ExitStatus> remove(const Filter& filter);  // 1: none
  Result<ExitStatus> stats();
  Result<ExitStatus> purge();

private:
  struct Line {
    Triplet triplet;  // of a client alone: sender and recipient are empty
    bool is_client = false;
    Entry entry;
    std::string state;
  };
  Line line_of(const Row& row) const;
  Result<void> each_batch(
      const Filter& filter,
      const std::function<Result<void>(const std::vector<std::pair<std::string, Line>>&)>& visit) const;
  void print(const Line& line);
  void print_heading();
  void print_fields(const std::vector<std::pair<std::string, std::string>>& fields);

  Store& store_;
  Parameters parameters_;
  std::ostream& out_;
  Style style_;
};

}  // namespace tubepost::greylist
