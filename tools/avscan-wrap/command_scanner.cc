// A scanner that is a command: given a file, or the bytes on stdin.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "avscan-wrap/clamd.h"
#include "avscan-wrap/scanner.h"
#include "avscan-wrap/supervised_run.h"
#include "avscan-wrap/workspace.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::avscan {
namespace {

// What stands where the file was. gone: nothing, or nothing that can be read as a file.
struct Left {
  enum class Kind { same, changed, gone } kind = Kind::gone;
  std::string content;
};

Left look_at(const std::string& path, std::string_view before, std::size_t most) {
  // Whatever the scanner has put there: a link is not followed, a FIFO not waited for.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  auto content = read_all(file.get(), most);
  if (!content) return {};
  if (*content == before) return {Left::Kind::same, {}};
  return {Left::Kind::changed, std::move(*content)};
}

std::string replace_file(std::string word, const std::string& path) {
  for (std::size_t at = 0; (at = word.find("%f", at)) != word.npos; at += path.size())
    word.replace(at, 2, path);
  return word;
}

std::string why(const RunEnd& end, const Options& options) {
  switch (end.kind) {
    case RunEnd::Kind::timed_out:
      return "the scanner did not end within " + format_duration(options.timeout);
    case RunEnd::Kind::printed_too_much:
      return "the scanner printed more than " + std::to_string(options.limits.output) + " bytes";
    case RunEnd::Kind::stopped:
      return "told to stop";
    case RunEnd::Kind::killed:
      return "the scanner was killed by signal " + std::to_string(end.code);
    case RunEnd::Kind::exited:
      return "the scanner failed with exit status " + std::to_string(end.code);
  }
  return {};
}

class CommandScanner final : public Scanner {
public:
  explicit CommandScanner(const Options& options) : options_(options) {}

  Finding scan(std::string_view bytes, std::string_view name, const net::Deadline& deadline) override {
    if (!workspace_) {
      auto made = Workspace::make(options_.work);
      if (!made) return Finding::failed(made.error().text);
      workspace_.emplace(std::move(*made));
    }
    // Each scan has a folder of its own: what the scanner has left beside the file goes with it.
    const auto folder = workspace_->make_folder("scan" + std::to_string(++scans_));
    if (!folder) return Finding::failed(folder.error().text);
    Finding finding = scan_in(*folder, bytes, name, deadline);
    remove_tree(*folder);
    return finding;
  }

private:
  Finding scan_in(const std::string& folder, std::string_view bytes, std::string_view name,
                  const net::Deadline& deadline);
  Result<UniqueFd> input_of(std::string_view bytes) const;
  Finding judge(const RunEnd& end, Left left) const;

  const Options& options_;
  std::optional<Workspace> workspace_;
  unsigned scans_ = 0;
};

// The bytes as stdin, on no disk.
Result<UniqueFd> CommandScanner::input_of(std::string_view bytes) const {
  if (options_.reads_file()) return UniqueFd();
  UniqueFd file(::memfd_create("message", MFD_CLOEXEC));
  if (!file) return Failure::temporary("memfd_create: " + error_text(errno));
  if (auto written = write_all(file.get(), bytes); !written) return std::move(written).error();
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return Failure::temporary("lseek: " + error_text(errno));
  return file;
}

Finding CommandScanner::scan_in(const std::string& folder, std::string_view bytes, std::string_view name,
                                const net::Deadline& deadline) {
  const std::string path = folder + "/file/" + std::string(name);
  RunPlan plan;
  plan.folder = folder + "/file";
  plan.temporary = folder + "/tmp";
  for (const auto& made : {plan.folder, plan.temporary})
    if (auto ok = make_directory(made, 0700); !ok) return Finding::failed(ok.error().text);
  if (options_.reads_file())
    if (auto written = write_private_file(path, bytes); !written)
      return Finding::failed(written.error().text);
  const auto input = input_of(bytes);
  if (!input) return Finding::failed(input.error().text);
  plan.input = *input ? input->get() : -1;
  plan.limits = options_.limits;
  for (const auto& word : options_.command) plan.argv.push_back(replace_file(word, path));
  const auto end = run_supervised(plan, deadline);
  if (!end) return Finding::failed(end.error().text);
  Left left{Left::Kind::same, {}};
  if (options_.reads_file()) left = look_at(path, bytes, options_.limits.file);
  Finding finding = judge(*end, std::move(left));
  finding.output = end->output;
  return finding;
}

Finding CommandScanner::judge(const RunEnd& end, Left left) const {
  const bool ended = end.kind == RunEnd::Kind::exited;
  if (!ended || options_.error_codes.contains(end.code)) return Finding::failed(why(end, options_));
  const bool infected = options_.judge == Judge::change ? left.kind != Left::Kind::same
                                                        : options_.infected_codes.contains(end.code);
  if (!infected && options_.judge == Judge::codes && end.code != 0)
    return Finding::failed(why(end, options_));
  if (!infected) return Finding::clean();
  Finding finding = Finding::infected(virus_name_in(end.output, options_.name_before, options_.name_after));
  if (left.kind == Left::Kind::changed) finding.repaired = std::move(left.content);
  return finding;
}

}  // namespace

std::unique_ptr<Scanner> make_scanner(const Options& options) {
  if (options.judge == Judge::socket) return std::make_unique<ClamdScanner>(options);
  return std::make_unique<CommandScanner>(options);
}

}  // namespace tubepost::avscan
