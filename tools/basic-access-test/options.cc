#include "basic-access-test/options.h"

#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/check.h"
#include "basic-access-test/peer_protocol.h"
#include "basic-access-test/target.h"
#include "dns/host_port.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::size_t password_max = 4096;

Failure usage(std::string text) { return Failure::permanent(std::move(text)); }

Result<std::string> first_line(Result<std::string> text) {
  if (!text) return text;
  std::string line = text->substr(0, text->find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return usage("there is no password where it should be");
  return line;
}

Result<std::string> read_password(const Words& words) {
  const int sources = (words.password_stdin ? 1 : 0) + (words.password_file.empty() ? 0 : 1) +
                      (words.password_fd.empty() ? 0 : 1);
  if (sources == 0) return std::string();
  if (sources > 1) return usage("--password-stdin, --password-file and --password-fd exclude each other");
  if (words.account.empty() && words.operands.size() < 2) return usage("a password needs --account");
  if (!words.password_file.empty()) return first_line(read_file(words.password_file, password_max));
  const auto fd = words.password_stdin ? std::optional<int>(0) : parse_number<int>(words.password_fd);
  if (!fd || *fd < 0) return usage("--password-fd takes the number of a descriptor");
  return first_line(read_all(*fd, password_max));
}

Result<void> read_command(const Words& words, Options& options) {
  const auto& operands = words.operands;
  const std::string first = operands.empty() ? "" : operands.front();
  const bool one_more = operands.size() == 2;
  if (words.list || words.list_mdoc) {
    options.command = words.list ? Command::list : Command::list_mdoc;
    return operands.empty() ? Result<void>() : usage("--list-checks takes no operand");
  }
  if (first == "serve" && operands.size() == 1) return options.command = Command::serve, Result<void>();
  if (first == "explain" && one_more)
    return options.command = Command::explain, options.reply = operands[1], Result<void>();
  if (first == "client" && one_more)
    return options.command = Command::client, options.account = Account{operands[1], {}}, Result<void>();
  if (first == "serve" || first == "explain" || first == "client" || operands.size() > 1)
    return usage("it takes one DOMAIN, or: serve, explain 'REPLY', client USER@DOMAIN");
  options.domain = first;
  if (!operands.empty() && first.empty()) return usage("the DOMAIN is empty");
  return {};
}

Result<void> read_groups(const Words& words, Options& options) {
  for (const std::string& name : words.only) {
    for (const auto part : split(name, ',')) {
      if (!find_group(part))
        return usage("there is no group '" + printable(part, 40) + "'; --list-checks has them");
      options.only.emplace_back(part);
    }
  }
  return {};
}

Result<void> read_ports(const Words& words, Options& options) {
  for (const std::string& text : words.ports) {
    const auto at = text.find('=');
    const auto port =
        at == std::string::npos ? std::nullopt : parse_number<std::uint16_t>(text.substr(at + 1));
    if (!port || !find_service(text.substr(0, at))) {
      return usage("--port takes SERVICE=PORT; services are " + service_names());
    }
    options.ports[text.substr(0, at)] = *port;
  }
  return {};
}

Result<void> read_addresses(const Words& words, Options& options) {
  if (!words.addresses.empty() && options.server.empty()) return usage("--address needs --server");
  for (const std::string& text : words.addresses) {
    const auto address = net::IpAddress::parse(text);
    if (!address) return usage("--address takes an IP address");
    options.addresses.push_back(*address);
  }
  return {};
}

// In a script an empty word is a variable that was not set: it must not become a test of something else.
Result<void> read_host(const std::vector<std::string>& given, std::string& host, const std::string& option) {
  if (given.empty()) return {};
  if (given.size() > 1) return usage(option + " is given twice");
  host = given.front();
  return host.empty() ? usage(option + " is empty") : Result<void>();
}

Result<void> read_server(const Words& words, Options& options) { return read_host(words.servers, options.server, "--server"); }

Result<void> read_peer(const Words& words, Options& options) {
  if (auto read = read_host(words.peers, options.peer, "--peer"); !read) return read;
  if (options.peer.empty() || dns::parse_host_port(options.peer, peer_port)) return {};
  return usage("--peer takes HOST or HOST:PORT");
}

Result<void> read_numbers(const Words& words, Options& options) {
  const auto seconds = [](const std::string& text, std::chrono::seconds& into) {
    if (text.empty()) return true;
    const auto given = parse_duration(text);
    if (!given || given->count() < 1 || *given > std::chrono::hours(1)) return false;
    return into = *given, true;
  };
  if (!seconds(words.check_time, options.check_time)) return usage("--check-time takes 1s to 1h");
  if (!seconds(words.total_time, options.total_time)) return usage("--total-time takes 1s to 1h");
  if (!words.external_port.empty()) {
    const auto port = parse_number<std::uint16_t>(words.external_port);
    if (!port || *port == 0) return usage("--external-port takes the number of a port");
    options.external_port = *port;
    options.external_port_named = true;
  }
  if (!words.ready_fd.empty() && !(options.ready_fd = parse_number<int>(words.ready_fd)))
    return usage("--ready-fd takes the number of a descriptor");
  return {};
}

}  // namespace

void declare(config::Program& program, Words& words) {
  program.offer_json();
  program.flag("--openmetrics", words.openmetrics, "Print the results as OpenMetrics, for monitoring.");
  program.flag("--verbose", words.as_is.verbose, "Print the evidence of what is well, too.");
  program.option("--only", words.only, "GROUP", "Only the checks of this group; repeatable.");
  program.option("--account", words.account, "USER@DOMAIN",
                 "Log in as this account, and send messages to it.");
  program.flag("--password-stdin", words.password_stdin, "Its password is the first line of stdin.");
  program.option("--password-file", words.password_file, "FILE", "Its password is the first line of FILE.");
  program.option("--password-fd", words.password_fd, "N", "Its password is read from descriptor N.");
  program.option("--server", words.servers, "HOST", "Test this server and not this instance.");
  program.option("--address", words.addresses, "ADDR",
                 "With --server: where it is, and not where its name leads; repeatable.");
  program.option("--port", words.ports, "SERVICE=PORT",
                 "With --server: where a service is, if not on its usual port; 0: it has none. Repeatable.");
  program.option("--external-port", words.external_port, "PORT",
                 "Where the world reaches our MX listener; 25. A router may forward it.");
  program.option("--peer", words.peers, "HOST[:PORT]",
                 "Ask this instance to connect back and to say what it sees.");
  program.option("--echo", words.as_is.echo, "ADDRESS",
                 "An address elsewhere that sends back what it gets; that of access-test.echo.");
  program.option("--selector", words.as_is.selectors, "NAME", "A DKIM selector of the domain; repeatable.");
  program.option("--check-time", words.check_time, "TIME", "How long one check may take; 30s.");
  program.option("--total-time", words.total_time, "TIME", "How long all of them may take; 120s.");
  program.option("--listen", words.as_is.listen, "ADDR:PORT", "serve: listen here; repeatable.");
  program.option("--ready-fd", words.ready_fd, "N", "serve: write a newline to this descriptor when ready.");
  program.flag("--list-checks", words.list, "Print every check, what it means and its remedy.");
  program.flag("--list-checks-mdoc", words.list_mdoc,
               "The same, as the manual page has it, and what replies mean.");
  program.operands(words.operands, "DOMAIN|serve|explain REPLY|client USER@DOMAIN",
                   "The domain whose records to test; or another command.");
}

Result<Options> read_options(const Words& words, bool json) {
  Options options = words.as_is;
  for (const auto step : {read_command, read_server, read_groups, read_ports, read_addresses, read_peer, read_numbers})
    if (auto done = step(words, options); !done) return std::move(done).error();
  if (json && words.openmetrics) return usage("--json and --openmetrics exclude each other");
  options.format = json ? Format::json : words.openmetrics ? Format::openmetrics : Format::text;
  if (!words.ports.empty() && options.server.empty()) return usage("--port needs --server");
  if (!words.account.empty() && options.command == Command::test)
    options.account = Account{words.account, {}};
  auto password = read_password(words);
  if (!password) return std::move(password).error();
  if (options.account) options.account->password = std::move(*password);
  return options;
}

}  // namespace tubepost::basic_access_test
