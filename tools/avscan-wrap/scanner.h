// What a scanner is asked, and what it answers. Whoever implements this decides what an answer means; a
// scanner that cannot answer says `failed`, never `clean`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "avscan-wrap/options.h"
#include "net/wait.h"

namespace tubepost::avscan {

enum class Verdict { clean, infected, failed };

struct Finding {
  Verdict verdict = Verdict::failed;
  std::string virus;   // infected: its name, printable; empty: the scanner tells none
  std::string reason;  // failed: a sentence for the log
  // infected, a scanner that repairs: what it has left in the file's place.
  std::optional<std::string> repaired;
  std::string output;  // what it printed, bounded

  static Finding clean() { return {Verdict::clean, {}, {}, {}, {}}; }
  static Finding infected(std::string virus) { return {Verdict::infected, std::move(virus), {}, {}, {}}; }
  static Finding failed(std::string reason) { return {Verdict::failed, {}, std::move(reason), {}, {}}; }
};

class Scanner {
public:
  virtual ~Scanner() = default;
  // `name`: what a file of these bytes is called, already safe. Not by two threads at a time.
  virtual Finding scan(std::string_view bytes, std::string_view name, const net::Deadline& deadline) = 0;
};

// As the options say: a command, or clamd. The options must outlive it.
std::unique_ptr<Scanner> make_scanner(const Options& options);

}  // namespace tubepost::avscan
