// authd: the only program that reads credentials. Serves the Dovecot auth protocol on a Unix socket or on
// stdin and stdout; `test` tries one login, `hash` makes the line of a fixed user (A3).
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <iostream>
#include <system_error>

#include "authd/session.h"
#include "authd/trial.h"
#include "base/file.h"
#include "base/text.h"
#include "config/program.h"
#include "net/fd_stream.h"
#include "net/server.h"
#include "process/signals.h"

namespace tubepost::authd {
namespace {

struct Options {
  std::string ready_fd, mechanism;
  std::vector<std::string> users, none;
  bool stdio = false;
};

// All that a process holds open, in the order it is made; after any fork.
struct Open {
  config::LiveSettings live;
  SystemClock clock;
  directory::Directory directory;
  auth::Secrets secrets;
  Service service;

  Open(const config::Program& program, const log::Logger& logger, directory::Directory known,
       auth::Secrets opened)
      : live(program.inputs(), program.settings(), logger),
        directory(std::move(known)),
        secrets(std::move(opened)),
        service(directory, secrets, live, clock, logger) {}
};

Result<std::shared_ptr<Open>> open_all(const config::Program& program, const log::Logger& logger) {
  const auto settings = program.settings();
  auto directory = directory::Directory::open(settings->path("directory"), {});
  if (!directory) return std::move(directory).error();
  auth::Secrets::Options how;
  how.read_only = true;
  auto secrets = auth::Secrets::open(settings->path("secrets"), how);
  if (!secrets) return std::move(secrets).error();
  return std::make_shared<Open>(program, logger, std::move(*directory), std::move(*secrets));
}

// One line from stdin, without its line end; the password may have any other octet.
Result<auth::Password> read_password() {
  auto text = read_all(STDIN_FILENO, auth::password_max + 2);
  if (!text) return std::move(text).error();
  const auth::Wiped guard(*text);
  auto line = std::string_view(*text).substr(0, text->find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (auto allowed = auth::check_password_rules(line); !allowed) return std::move(allowed).error();
  return auth::Password(line);
}

ExitStatus usage(const std::string& text) {
  std::cerr << "authd: " << text << '\n';
  return ExitStatus::usage;
}

ExitStatus test(const config::Program& program, const Options& options) {
  if (!options.mechanism.empty() && !auth::find_mechanism(options.mechanism))
    return usage("--mechanism " + printable(options.mechanism) + ": not known");
  auto password = read_password();
  if (!password) return config::complain("authd", password.error());
  const auto logger = program.logger();
  auto open = open_all(program, logger);
  if (!open) return config::complain("authd", open.error());
  const auto result =
      try_login((*open)->service, to_upper(options.mechanism), {options.users.front(), std::move(*password)});
  if (result.passed) return std::cout << "ok " << result.user << '\n', ExitStatus::ok;
  std::cout << "failed " << printable(options.users.front()) << ": " << result.text << '\n';
  return result.temporary ? ExitStatus::later : ExitStatus::no;
}

ExitStatus hash(const Options& options) {
  const std::string& user = options.users.front();
  if (user.find_first_of(":\r\n") != std::string::npos || user.empty() || user.size() > auth::login_name_max)
    return usage("a user name is not empty and has no colon or line end");
  auto password = read_password();
  if (!password) return config::complain("authd", password.error());
  const auto verifiers = auth::make_verifiers(password->view());
  if (!verifiers) return config::complain("authd", verifiers.error());
  std::cout << user << ':' << verifiers->to_text() << '\n';
  return ExitStatus::ok;
}

ExitStatus serve_stdio(const config::Program& program) {
  const auto logger = program.logger();
  auto open = open_all(program, logger);
  if (!open) return config::complain("authd", open.error());
  net::FdStream stream(STDIN_FILENO, STDOUT_FILENO);
  Session((*open)->service, stream, 1).run_and_answer_all();
  return ExitStatus::ok;
}

net::ServerOptions server_options(const config::Settings& settings, const Options& options) {
  net::ListenerSpec socket;
  socket.name = "authd";
  socket.unix_mode = 0660;
  socket.addresses = settings.list("authd.listen");
  if (socket.addresses.empty()) socket.addresses = {"unix:" + settings.text("authd.socket")};
  socket.connections = settings.number("authd.connections");
  net::ServerOptions server;
  server.connections = server.connections_per_address = socket.connections;
  server.listeners = {std::move(socket)};
  if (!options.ready_fd.empty()) server.ready_fd = parse_number<int>(options.ready_fd);
  return server;
}

void converse(Open& all, net::Stream& stream, std::uint64_t number, const log::Logger& logger) {
  try {
    Session(all.service, stream, number).run();
  } catch (const std::system_error& error) {  // no thread for its outbox: this client goes, the others stay
    logger.error("session-failed", {{"reason", error.what()}});
  }
}

ExitStatus serve(const config::Program& program, const Options& options) {
  const auto logger = program.logger();
  auto server_setup = server_options(*program.settings(), options);
  for (const auto& address : server_setup.listeners.front().addresses)
    // Whoever reaches this socket may guess passwords without an address of their own.
    if (!address.starts_with("unix:")) return usage("--listen " + printable(address) + ": only unix:PATH");
  net::Server server(std::move(server_setup), logger);
  std::atomic<std::uint64_t> connections{0};
  return server.run([&]() -> Result<net::Handler> {
    auto open = open_all(program, logger);
    if (!open) return std::move(open).error();
    return net::Handler([&connections, &logger, all = std::move(*open)](net::Connection connection) {
      converse(*all, *connection.stream, ++connections, logger);
    });
  });
}

void declare(config::Program& program, Options& options) {
  program.option("--ready-fd", options.ready_fd, "N", "Write a newline to this descriptor when ready.");
  program.flag("--stdio", options.stdio, "Speak with one client on stdin and stdout.");
  program.operands(options.none, "", "", 0, 0);
  program.command("test", "Try a login, its password on stdin: exit 0 if it is right, 1 if not.")
      .option("--mechanism", options.mechanism, "NAME", "PLAIN (default), LOGIN, SCRAM-SHA-256, …")
      .operands(options.users, "USER@DOMAIN", "Who logs in.", 1, 1);
  program.command("hash", "Print the line of a fixed user, its password on stdin.")
      .operands(options.users, "USER", "The user's name.", 1, 1);
}

int run(int argc, char** argv) {
  config::Program program("authd", "check passwords for the daemons", {"server", "=authd", "submission"});
  Options options;
  declare(program, options);
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  process::ignore_sigpipe();
  if (program.chosen() == "hash") return to_int(hash(options));
  if (program.chosen() == "test") return to_int(test(program, options));
  return to_int(options.stdio ? serve_stdio(program) : serve(program, options));
}

}  // namespace
}  // namespace tubepost::authd

int main(int argc, char** argv) { return tubepost::authd::run(argc, argv); }
