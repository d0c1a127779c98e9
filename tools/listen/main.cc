// listen: accept connections and run a program for each, on stdin and stdout (listen.1).
#include <unistd.h>

#include <cstdio>

#include "base/text.h"
#include "config/program.h"
#include "listen/operands.h"
#include "listen/service.h"
#include "process/find_program.h"

namespace tubepost::listen {
namespace {

int misused(const std::string& text) {
  std::fprintf(stderr, "listen: %s\n", text.c_str());
  return to_int(ExitStatus::usage);
}

// Said now, and not to every client.
bool may_execute(const std::string& name) {
  const auto program = process::find_program(name);
  return program && ::access(program->c_str(), X_OK) == 0;
}

std::optional<std::size_t> count_of(const std::string& text) {
  const auto count = parse_number<std::uint32_t>(text);
  return count && *count > 0 ? std::optional<std::size_t>(*count) : std::nullopt;
}

// The instance is looked at only for TLS: without it, listen needs none.
Result<std::shared_ptr<tls::ServerContext>> load_tls(const config::Program& program,
                                                     const log::Logger& logger) {
  const auto loaded = config::load(program.inputs());
  if (!loaded.settings)
    return Failure::permanent(loaded.problems.front().where + ": " + loaded.problems.front().text);
  return tls::ServerContext::load(
      {{loaded.settings->text("tls.certificate"), loaded.settings->text("tls.key")}}, logger);
}

int run(int argc, char** argv) {
  config::Program program("listen", "accept connections and run a program for each, on stdin and stdout",
                          {"tls"});
  bool tls = false;
  std::string connections = "100", per_address = "10", ready_fd;
  std::vector<std::string> words;
  program.flag("--tls", tls, "Do TLS before the program begins.");
  program.option("--connections", connections, "N", "Connections at a time (100).");
  program.option("--connections-per-address", per_address, "N",
                 "Connections at a time from one address (10).");
  program.option("--ready-fd", ready_fd, "FD", "Write a newline to FD when listening.");
  program.operands(words, "ADDR:PORT... PROGRAM [ARG...]", "Where to listen, what to run.");
  program.stop_at_operand([](std::string_view word) { return !looks_like_endpoint(word); });
  if (const auto ended = program.parse(argc, argv, false)) return to_int(*ended);

  const Operands operands = split_operands(words);
  const auto total = count_of(connections), from_one = count_of(per_address);
  if (!total || !from_one) return misused("--connections and --connections-per-address are numbers from 1");
  if (!ready_fd.empty() && !parse_number<int>(ready_fd))
    return misused("--ready-fd is the number of a descriptor");
  if (const auto missing = find_missing(operands, std::getenv("LISTEN_FDS") != nullptr)) return misused(*missing);
  if (!may_execute(operands.program.front()))
    return misused("cannot execute " + printable(operands.program.front()));

  const log::Logger logger = program.logger();
  ServiceOptions options{
      operands.addresses, operands.program, *total, *from_one, parse_number<int>(ready_fd), {}};
  if (tls) {
    auto context = load_tls(program, logger);
    if (!context)
      return to_int(config::complain("listen", context.error())), to_int(ExitStatus::configuration);
    options.tls = std::move(*context);
  }
  return to_int(Service(std::move(options), logger).run());
}

}  // namespace
}  // namespace tubepost::listen

int main(int argc, char** argv) { return tubepost::listen::run(argc, argv); }
