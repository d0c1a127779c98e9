// The command line, checked and made into values.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/program.h"
#include "net/endpoint.h"

namespace tubepost::basic_access_test {

enum class Command { test, client, explain, serve, list, list_mdoc };
enum class Format { text, json, openmetrics };

struct Account {
  std::string address;
  std::string password;  // empty: none was given
};

struct Options {
  Command command = Command::test;
  Format format = Format::text;
  bool verbose = false;                   // evidence of what is well, too
  std::string domain;                     // of the group dns; empty: none
  std::vector<std::string> only;          // names of groups; empty: those that apply
  std::string reply;                      // explain
  std::optional<Account> account;         // whom to log in as; client: whom to look at
  std::string server;                     // somebody else's; empty: this instance
  std::vector<net::IpAddress> addresses;  // --server: where it is, in place of where its name leads
  std::string peer;                       // HOST[:PORT] that connects back; empty: none
  std::uint16_t external_port = 25;       // where the world reaches our MX listener (L6)
  bool external_port_named = false;
  std::map<std::string, std::uint16_t> ports;  // --server: service -> port; 0: not there
  std::string echo;  // an address that sends back what it gets; empty: that of access-test.echo
  std::vector<std::string> selectors;  // of DKIM; empty: the usual ones are tried
  std::chrono::seconds check_time{30}, total_time{120};
  std::vector<std::string> listen;  // serve
  std::optional<int> ready_fd;
};

// As written. What may stand as it is, is in `as_is` at once.
struct Words {
  Options as_is;
  std::vector<std::string> operands, only, ports, addresses, servers, peers;
  std::string account, password_file, password_fd, external_port, check_time, total_time, ready_fd;
  bool password_stdin = false, openmetrics = false, list = false, list_mdoc = false;
};
void declare(config::Program& program, Words& words);

// A Failure is wrong usage. Reads the password where one is promised: from its file, its descriptor or stdin, one
// line without its end.
Result<Options> read_options(const Words& words, bool json);

}  // namespace tubepost::basic_access_test
