// The command line of avscan-wrap. It is read by hand from one table, which --help prints too: the program is
// started for every message, and config::Program with what it links costs more to start than that (on a busy
// machine mailq --version took 3.0 ms of CPU, avscan-wrap --version 1.2). It has no settings.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "avscan-wrap/limits.h"
#include "avscan-wrap/presets.h"
#include "base/result.h"
#include "log/logger.h"

namespace tubepost::avscan {

enum class OnVirus { refuse, drop, quarantine, strip, repair };
enum class OnError { later, pass };
enum class Mode { filter, selftest, serve, list, show, release, remove, help, version };

struct RunLimits {
  std::uint64_t memory = memory_max, processes = processes_max, file = file_max;
  std::size_t output = output_max;
};

struct Options {
  Mode mode = Mode::filter;
  std::string preset;  // empty: only what was given
  Judge judge = Judge::codes;
  Scope scope = Scope::message;
  std::vector<std::string> command;  // words with %f; none for clamd
  std::string clamd = "unix:/run/clamav/clamd.ctl";
  std::set<int> infected_codes, error_codes;
  std::string name_before, name_after;
  OnVirus on_virus = OnVirus::refuse;
  OnError on_error = OnError::later;
  std::chrono::seconds timeout = time_limit;
  RunLimits limits;
  bool notify_recipient = false, notify_sender = false, debug = false, json = false;
  std::string home = "/var/lib/tubepost";
  std::string quarantine;  // a folder; default HOME/quarantine
  std::string work;        // where private folders are made
  std::string log_file;    // what scanners print; empty: nowhere
  std::string sendmail;    // the program that takes notices and released mail
  std::string listen;      // serve: unix:PATH
  std::string ready_fd;
  std::vector<std::string> operands;  // of quarantine commands
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::logfmt;

  bool reads_file() const;  // a word of the command has %f
};

// Failure: a usage error (64).
Result<Options> parse_options(const std::vector<std::string>& arguments);
std::string help_text();

}  // namespace tubepost::avscan
