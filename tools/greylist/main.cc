// greylist: holds off mail of strangers until they come back (S5). A policy service in Postfix's protocol on
// stdin and stdout or on sockets, and the keeper of its database.
#include <unistd.h>

#include <iostream>

#include "base/text.h"
#include "greylist/commands.h"
#include "greylist/service.h"
#include "process/signals.h"

namespace tubepost::greylist {
namespace {

struct Words {
  Options options;
  Filter filter;
  std::vector<std::string> none;
  bool all = false;
};

void declare_filter(config::Program::Command& command, Filter& filter) {
  command.option("--client", filter.client, "GLOB", "Only of these clients, as list shows them.")
      .option("--sender", filter.sender, "GLOB", "Only of these senders.")
      .option("--recipient", filter.recipient, "GLOB", "Only to these recipients.")
      .option("--state", filter.state, "STATE", "Only pending, passed, expired, exempt or counted ones.");
}

void declare(config::Program& program, Words& words) {
  program.offer_json();
  program.option("--listen", words.options.listen, "unix:PATH|inet:ADDR:PORT",
                 "Serve here, and not on stdin and stdout; repeatable.");
  program.option("--ready-fd", words.options.ready_fd, "N", "Write a newline to this descriptor when ready.");
  program.operands(words.none, "", "", 0, 0);
  declare_filter(program.command("list", "List the records: exit 1 if there are none."), words.filter);
  auto& remove = program.command("remove", "Remove records: exit 1 if there were none.");
  declare_filter(remove, words.filter);
  remove.flag("--all", words.all, "Every record.");
  program.command("stats", "What was delayed, what came back after how long, what never did.");
  program.command("purge", "Remove at once all that has expired.");
}

Result<ExitStatus> run_command(const config::Program& program, const Words& words) {
  const auto parameters = Parameters::of(*program.settings());
  if (!parameters) return parameters.error();
  const SystemClock clock;
  auto store = Store::open(program.settings()->path("greylist"), clock);
  if (!store) return std::move(store).error();
  const Style style = program.json()                 ? Style::json
                      : ::isatty(STDOUT_FILENO) == 1 ? Style::aligned
                                                     : Style::tabs;
  Commands commands(**store, *parameters, std::cout, style);
  if (program.chosen() == "list") return commands.list(words.filter);
  if (program.chosen() == "remove") return commands.remove(words.filter);
  if (program.chosen() == "stats") return commands.stats();
  return commands.purge();
}

ExitStatus usage(const std::string& text) {
  std::cerr << "greylist: " << text << '\n';
  return ExitStatus::usage;
}

// There is no port that greylisting has by custom.
bool names_its_place(std::string_view listen) {
  if (listen.starts_with("unix:")) return listen.size() > 5;
  const auto colon = listen.rfind(':');
  const auto port = listen.starts_with("inet:") ? parse_number<std::uint16_t>(listen.substr(colon + 1)) : std::nullopt;
  return port && *port != 0 && colon > 5;
}

int run(int argc, char** argv) {
  config::Program program("greylist", "hold off mail of strangers until they come back", {"=greylist"});
  Words words;
  declare(program, words);
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  process::ignore_sigpipe();
  for (const auto& listen : words.options.listen)
    if (!names_its_place(listen)) return to_int(usage("--listen " + listen + ": unix:PATH or inet:ADDR:PORT"));
  if (program.chosen().empty()) return to_int(serve(program, words.options));
  if (const auto right = check(words.filter); !right) return to_int(usage(right.error().text));
  if (program.chosen() == "remove" && words.all != words.filter.empty())
    return to_int(usage("remove: say which records, or --all"));
  const auto done = run_command(program, words);
  return to_int(done ? *done : config::complain("greylist", done.error()));
}

}  // namespace
}  // namespace tubepost::greylist

int main(int argc, char** argv) { return tubepost::greylist::run(argc, argv); }
