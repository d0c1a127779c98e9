// Message filters (contracts.md "Message filters", design.md 4): programs chained with pipes, the message on
// stdin of the first, what the last prints is the message from then on. No shell: each command is an argv.
//
// Every stage leads a process group of its own, inherits no descriptor but 0, 1 and 2, and has an environment
// of stated variables only (filter_environment.h). When a stage has ended, what it left running in its group
// is killed; after `time_limit` everything is. The first stage in order whose status is not 0 decides; one
// killed by SIGPIPE says only that a later one stopped reading, and is passed over.
//
// Memory is bounded: output goes to the sink as it comes, and only if it differs from the message that went
// in: the unchanged case stores nothing a second time. Blocking, and free of shared state: any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::policy {

inline constexpr std::chrono::seconds filter_time_limit{300};
inline constexpr std::size_t filter_reply_max = 400;  // bytes of a reply text

using FilterCommands = std::vector<std::vector<std::string>>;
// Of settings' texts, each one command, or "unix:PATH", a filter that serves (filter_service.h); empty ones are
// left out. Permanent: an open quote.
Result<FilterCommands> parse_filter_commands(const std::vector<std::string>& texts);

// The message as it stands, borrowed: in memory, or (file >= 0) the whole of a regular file.
struct MessageSource {
  std::string_view bytes;
  int file = -1;
  std::uint64_t size = 0;

  static MessageSource in_memory(std::string_view bytes) { return {bytes, -1, bytes.size()}; }
  static MessageSource in_file(int file, std::uint64_t size) { return {{}, file, size}; }
};

struct FilterEnvelope {
  std::string sender;  // "" is the null reverse-path
  std::vector<std::string> recipients;
  std::string client_address, helo, auth_user, spool_id;  // empty: none
};

struct FilterOptions {
  std::chrono::milliseconds time_limit = filter_time_limit;  // for all stages together
  std::uint64_t output_max = 100 << 20;                      // who prints more is stopped
  bool binary = false;           // BINARYMIME: bare LF is content; else it is made CRLF
  std::string temporary_folder;  // of the ENVELOPE file; empty: TMPDIR, or /tmp
};

enum class FilterVerdict { go_on, malformed, later, refuse, drop };  // 0, 65, 75, 77, 99
std::string_view to_text(FilterVerdict verdict);

struct Filtered {
  FilterVerdict verdict = FilterVerdict::go_on;
  bool changed = false;    // go_on: the sink has the new message; else the old one stands
  bool eight_bit = false;  // changed: octets beyond ASCII were seen
  std::string reply;       // malformed, refuse: the filter's own words, one printable line; may be empty
  std::string command;     // argv[0] of the stage that decided; empty: none did
  std::string reason;      // for the log: "exit status 77", "killed by signal 9", "no end within 300 s", …
};

// The output, with CRLF line ends (unless binary), in order; called only when it differs from the source.
using FilterSink = std::function<void(std::string_view)>;

FilterVerdict verdict_of_status(int status);           // contracts.md: what is not listed is "later"
std::string filter_reply_text(std::string_view said);  // its first line, printable ASCII, bounded

// Programs alone, as one pipeline.
Filtered run_programs(const FilterCommands& commands, const FilterEnvelope& envelope,
                      const MessageSource& message, const FilterOptions& options, const FilterSink& sink);
// All of them: programs that stand side by side are a pipeline, services are asked between.
Filtered run_filters(const FilterCommands& commands, const FilterEnvelope& envelope,
                     const MessageSource& message, const FilterOptions& options, const FilterSink& sink);

}  // namespace tubepost::policy
