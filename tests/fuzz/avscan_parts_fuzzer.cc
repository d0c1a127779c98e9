// Hostile mail before a scanner that knows one word: walked, judged, stripped and repaired. What is delivered
// without the infected parts keeps every byte before the first and behind the last of them.
#include <cstdint>
#include <cstdlib>

#include "avscan-wrap/clamd.h"
#include "avscan-wrap/inspection.h"
#include "avscan-wrap/part_units.h"
#include "avscan-wrap/rewrite.h"

namespace {

using namespace tubepost;

class WordScanner final : public avscan::Scanner {
public:
  avscan::Finding scan(std::string_view bytes, std::string_view name, const net::Deadline&) override {
    for (const char c : name)
      if (c == '/' || c == '\0' || static_cast<unsigned char>(c) <= ' ') std::abort();
    if (name.empty() || name[0] == '.' || name[0] == '-') std::abort();
    if (bytes.find("VIRUS") == bytes.npos) return avscan::Finding::clean();
    auto finding = avscan::Finding::infected("V");
    if (bytes.size() % 2 == 0) finding.repaired = "cured";
    return finding;
  }
};

void check(std::string_view text, avscan::Replace how) {
  WordScanner scanner;
  const net::Deadline none{std::chrono::milliseconds(0)};
  const auto found = avscan::inspect(text, avscan::Scope::parts, avscan::Search::to_remove, scanner, none);
  if (found.infected.empty()) return;
  const std::string changed = avscan::replace_parts(text, found, how);
  const auto& first = found.parts[found.infected.front().index];
  const auto& last = found.parts[found.infected.back().index];
  if (!changed.starts_with(text.substr(0, first.header_begin))) std::abort();
  if (!changed.ends_with(text.substr(last.body_end))) std::abort();
  avscan::with_field(changed, avscan::describe(found, how));
  avscan::inspect(changed, avscan::Scope::both, avscan::Search::first, scanner, none);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, avscan::Replace::remove);
  check(text, avscan::Replace::repair);
  avscan::finding_of_reply(text.substr(0, 200));
  avscan::virus_name_in(text, ": ", " FOUND");
  return 0;
}
