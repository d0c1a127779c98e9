// Messages kept because of a virus: DIR/ID/{message,envelope,report}, 0700 and 0600. ID is the spool id where
// there is one. A message is there whole or not at all: its folder is written under another name, synced and
// renamed.
//
//   envelope: the sender, then recipients, one a line
//   report:   NAME=VALUE lines: time, virus, client, user, what; an empty line, what the scanner printed
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "avscan-wrap/envelope.h"
#include "base/exit_status.h"
#include "base/result.h"

namespace tubepost::avscan {

struct Options;

struct Report {
  std::string time, virus, what, output;
};

bool is_quarantine_id(std::string_view text);  // short, lower-case letters and digits: safe as a name

class Quarantine {
public:
  explicit Quarantine(std::string folder) : folder_(std::move(folder)) {}
  // Its ID, once it is on the disk.
  Result<std::string> keep(std::string_view text, const Envelope& envelope, const Report& report) const;
  // Whether `text` is the message of that ID, while it is being released. A program that hands it on may have
  // put fields in front.
  bool is_being_released(const std::string& id, std::string_view text) const;

private:
  std::string folder_;
};

// The commands list, show, release and remove.
ExitStatus run_quarantine(const Options& options);

}  // namespace tubepost::avscan
