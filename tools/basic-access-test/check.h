// The checks, as rows of one table: what a result means and what to do about it. The program prints from it, the
// manual page's list is made from it (tests/docs/check.py checks). A row is named by its id; an id that is in no
// table does not compile.
//
// A group's rows stand in table_GROUP.h. Values; constant.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "basic-access-test/tables.h"

namespace tubepost::basic_access_test {

struct Group {
  std::string_view name;
  std::string_view title;  // what its checks together are about
  std::span<const Check> checks;
};
// In the order in which they are reported.
inline constexpr Group all_groups[] = {
    {"preflight", "this machine and this instance", preflight_checks},
    {"local", "each listener, as a client finds it", local_checks},
    {"relay", "whether strangers can send through it", relay_checks},
    {"legs", "messages with a token, sent and fetched", legs_checks},
    {"scanner", "the virus scanner, and that it lets nothing through", scanner_checks},
    {"dns", "the records of the domain, and the servers that are asked for them", dns_checks},
    {"outside", "the way out, and what others hold of our address", outside_checks},
    {"client", "one account, as a mail program needs it", client_checks},
    {"peer", "what another instance sees of this one", peer_checks},
};
const Group* find_group(std::string_view name);  // nullptr: there is none

constexpr const Check* find_check(std::string_view id) {
  for (const Group& group : all_groups)
    for (const Check& check : group.checks)
      if (check.id == id) return &check;
  return nullptr;
}
constexpr bool is_check(std::string_view id) {
  for (const Group& group : all_groups)
    for (const Check& check : group.checks)
      if (check.id == id) return true;
  return false;
}
const Group& group_of(const Check& check);

// A row by its id, looked up by the compiler.
class CheckId {
public:
  consteval CheckId(const char* id) : row_(find_check(id)) {
    // Not by row_: to g++ with -fsanitize=undefined no comparison of a pointer is a constant.
    if (!is_check(id)) throw "no table has this id";
  }
  explicit CheckId(const Check& row) : row_(&row) {}
  const Check& row() const { return *row_; }

private:
  const Check* row_;
};

enum class Outcome { ok, warning, failed, skipped };
std::string_view to_text(Outcome outcome);

// What one check found about one subject.
struct Finding {
  const Check* check = nullptr;
  Outcome outcome = Outcome::skipped;
  std::string subject;   // "submission 127.0.0.1:2587", "example.test"; empty: there is only one
  std::string evidence;  // what was seen: a sentence, or lines of a dialogue or record. Skipped: why
  std::string remedy;    // the row's, or a better one; empty where nothing is to be done
  std::chrono::milliseconds took{0};
};

}  // namespace tubepost::basic_access_test
