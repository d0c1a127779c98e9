// power-cut: plays a record of what programs did to a disk (disk_log.cc), cuts the power behind each of its lines, and looks
// whether what was promised before is kept.
//   power-cut check RECORD PROMISES FOLDER VARIANTS [SEED [KIND…]]   exit 0: all is kept; 1: a sentence on standard output
//       VARIANTS: how many disks there may be behind a line, at most; 0 only counts the lines
//       KIND…: syncs of these kinds are left out, as if somebody had removed them from the program
//   power-cut kinds RECORD                  the kinds of syncs there are
//   power-cut make RECORD LINE FOLDER SEED  what may be left behind that line; SEED 0: all that was written
//   power-cut keeps RECORD PROMISES LINE HOME  whether this home, which somebody has gone on with, keeps what was promised by then
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <span>

#include "base/crc32c.h"
#include "base/text.h"
#include "power_cut/disk.h"
#include "power_cut/promises.h"

namespace tubepost::power_cut {
namespace {

namespace fs = std::filesystem;
using Arguments = std::span<char*>;

constexpr std::uint64_t default_seed = 1;

void empty(const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  fs::create_directory(folder, error);
}

// Apart from this process, which a damaged database must not take along.
bool is_kept(const std::string& home, const std::vector<Promise>& promises, std::size_t line) {
  std::cout.flush();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    const auto problems = broken_promises(home, promises, line);
    for (const auto& problem : problems) std::cout << "  " << problem << '\n';
    std::cout.flush();
    ::_exit(problems.empty() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) std::cout << "  it cannot be read: " << ::strsignal(WTERMSIG(status)) << '\n';
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The same image after the same promises need not be looked at twice.
std::uint64_t mark_of(const Disk::Image& image) {
  std::uint64_t mark = 0;
  for (const auto& [path, node] : image)
    mark = mark * 1000003 + crc32c(node.bytes, crc32c(path)) + node.bytes.size();
  return mark;
}

struct Check {
  const std::vector<Line>& record;
  const std::vector<Promise>& promises;
  std::string folder;
  std::size_t variants = 2;
  std::mt19937_64 chance;
  std::size_t looked_at = 0;
  std::pair<std::uint64_t, std::size_t> last{};

  std::size_t bound(std::size_t line) const {
    std::size_t count = 0;
    for (const auto& promise : promises) count += promise.since <= line ? 1U : 0U;
    return count;
  }
  bool state(const Disk& disk, Disk::Later later, std::size_t line) {
    const auto image = disk.image(later, chance);
    const auto mark = std::pair(mark_of(image), bound(line));
    if (mark == last) return true;
    last = mark;
    empty(folder);
    const auto written = write_image(image, folder);
    ++looked_at;
    if (written && is_kept(folder + "/home", promises, line)) return true;
    std::cout << "cut behind line " << line << " (" << record[line].word << "), of later writes "
              << (later == Disk::Later::none  ? "none"
                  : later == Disk::Later::all ? "all"
                                              : "some")
              << '\n';
    return false;
  }
  bool all_states(const Disk& disk, std::size_t line) {
    if (!state(disk, Disk::Later::none, line)) return false;
    if (disk.is_settled()) return true;
    for (std::size_t i = 2; i < variants; ++i)
      if (!state(disk, Disk::Later::some, line)) return false;
    return variants < 2 || state(disk, Disk::Later::all, line);
  }
};

int check(Arguments arguments) {
  const auto record = read_record(arguments[0]);
  if (!record) return std::cout << record.error().text << '\n', 70;
  const auto promises = read_promises(arguments[1], *record);
  if (!promises) return std::cout << promises.error().text << '\n', 70;
  const auto seed =
      arguments.size() > 4 ? parse_number<std::uint64_t>(arguments[4]).value_or(default_seed) : default_seed;
  std::set<std::string> without;
  for (std::size_t i = 5; i < arguments.size(); ++i) without.insert(arguments[i]);
  Check check{*record, *promises, arguments[2], parse_number<std::size_t>(arguments[3]).value_or(2),
              std::mt19937_64(seed)};
  Disk disk(std::move(without));
  bool kept = true;
  for (std::size_t line = 0; line < record->size() && kept; ++line) {
    if (const auto applied = disk.apply((*record)[line]); !applied)
      return std::cout << applied.error().text << '\n', 70;
    kept = check.variants == 0 || check.all_states(disk, line);
  }
  std::cout << record->size() << " lines, " << check.looked_at << " states looked at\n";
  return kept ? 0 : 1;
}

int kinds(Arguments arguments) {
  const auto record = read_record(arguments[0]);
  if (!record) return 70;
  std::set<std::string> all;
  for (const auto& line : *record)
    if (auto kind = kind_of_sync(line); !kind.empty()) all.insert(std::move(kind));
  for (const auto& kind : all) std::cout << kind << '\n';
  return 0;
}

int make(Arguments arguments) {
  const auto record = read_record(arguments[0]);
  const auto last = parse_number<std::size_t>(arguments[1]), seed = parse_number<std::size_t>(arguments[3]);
  if (!record || !last || !seed) return 70;
  Disk disk({});
  for (std::size_t line = 0; line < record->size() && line <= *last; ++line)
    if (!disk.apply((*record)[line])) return 70;
  std::mt19937_64 chance(*seed);
  empty(arguments[2]);
  return write_image(disk.image(*seed == 0 ? Disk::Later::all : Disk::Later::some, chance), arguments[2]) ? 0
                                                                                                          : 1;
}

int keeps(Arguments arguments) {
  const auto record = read_record(arguments[0]);
  const auto line = parse_number<std::size_t>(arguments[2]);
  if (!record || !line) return 70;
  const auto promises = read_promises(arguments[1], *record);
  if (!promises) return 70;
  return is_kept(arguments[3], *promises, *line) ? 0 : 1;
}

int run(Arguments arguments) {
  const std::string command = arguments.size() > 1 ? arguments[1] : "";
  if (command == "check" && arguments.size() >= 6) return check(arguments.subspan(2));
  if (command == "kinds" && arguments.size() == 3) return kinds(arguments.subspan(2));
  if (command == "make" && arguments.size() == 6) return make(arguments.subspan(2));
  if (command == "keeps" && arguments.size() == 6) return keeps(arguments.subspan(2));
  std::cerr << "power-cut: usage stands in its source\n";
  return 64;
}

}  // namespace
}  // namespace tubepost::power_cut

int main(int argc, char** argv) { return tubepost::power_cut::run({argv, static_cast<std::size_t>(argc)}); }
