// The texts that `mailadm init` writes: tubepost.conf and the run scripts. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tubepost::mailadm {

struct Limits {  // L5: what fits this machine
  unsigned smtp = 20, smtp_per_address = 5;
  unsigned pop = 100, pop_per_address = 10;
  unsigned imap = 200, imap_per_address = 20;
};
// `memory` in bytes; `descriptors` the limit of open files; `local`: every client has one address, the
// loopback one.
Limits fitting_limits(std::uint64_t memory, std::uint64_t descriptors, bool local);

struct Plan {
  std::string hostname;
  unsigned port_base = 0;
  std::vector<std::string> addresses;  // to listen on, numeric
  Limits limits;
};
std::string configuration_text(const Plan& plan);

struct Service {
  std::string name, program;           // "submission", "smtpd"
  std::vector<std::string> arguments;  // after --home
  bool down = false;  // not started until a person says so: rm service/NAME/down, s6-svc -u service/NAME
};
std::vector<Service> services();
std::string run_script(const Service& service, const std::string& program_path, const std::string& home);
std::string finish_script();
std::string log_script(const std::string& folder);

std::string shell_quoted(std::string_view word);  // as it is where that is safe, else in '…'

}  // namespace tubepost::mailadm
