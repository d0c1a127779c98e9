#include "basic-access-test/check.h"

#include <cstdlib>

namespace tubepost::basic_access_test {

const Group* find_group(std::string_view name) {
  for (const Group& group : all_groups)
    if (group.name == name) return &group;
  return nullptr;
}

const Group& group_of(const Check& check) {
  for (const Group& group : all_groups)
    for (const Check& row : group.checks)
      if (&row == &check) return group;
  std::abort();  // a row that stands in no table is a bug
}

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return "ok";
    case Outcome::warning:
      return "warning";
    case Outcome::failed:
      return "failed";
    case Outcome::skipped:
      return "skipped";
  }
  return "";
}

}  // namespace tubepost::basic_access_test
