#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "config/program.h"
#include "directory/directory.h"
#include "mailq/commands.h"
#include "process/child.h"

namespace tubepost::mailq {
namespace {

ExitStatus complain(const std::string& text, ExitStatus status) {
  std::fprintf(stderr, "mailq: %s\n", text.c_str());
  return status;
}

bool is_for_primary(const directory::Destination& found) {
  return std::holds_alternative<directory::RelayDomain>(found);
}

bool is_for_another_server(const directory::Destination& found) {
  const auto* remote = std::get_if<directory::ToRemote>(&found);
  return (remote && remote->route.kind != directory::RouteKind::discard) || is_for_primary(found);
}

// What the directory says of an address, of which qrun may know nothing yet.
std::function<bool(const std::string&)> ask_directory(const config::Settings& settings,
                                                      bool (*is)(const directory::Destination&)) {
  auto opened = directory::Directory::open(settings.path("directory"), {});
  if (!opened) return {};  // a copy of the spool alone
  // Shared only because std::function copies what it holds.
  const auto directory = std::make_shared<directory::Directory>(std::move(*opened));
  return [directory, is](const std::string& text) {
    const auto address = smtp::parse_mailbox(text);
    if (!address) return false;
    const auto found = directory->find(*address);
    return found && is(*found);
  };
}

ExitStatus serve(const config::Settings& settings, const Request& request, Output output) {
  const SystemClock clock;
  const std::string folder = settings.path("spool");
  if (!file_exists(folder))
    return complain(
        errno == EACCES
            ? "this user may not look into " + settings.home()
            : "there is no spool in " + settings.home() + " (--home or TUBEPOST_HOME names another place)",
        ExitStatus::configuration);
  spool::Spool::Options options;
  options.read_only = !writes(request) || output.preview;
  options.group_commit = false;
  auto spool = spool::Spool::open(folder, options, clock);
  if (!spool) return config::complain("mailq", spool.error());
  if (request.verb == Verb::schedule)
    output.is_secondary = ask_directory(settings, is_for_primary);
  else if (!settings.flag("qrun.outgoing"))
    output.is_remote = ask_directory(settings, is_for_another_server);
  output.retry = {settings.durations("qrun.retry"), settings.duration("qrun.expire")};
  output.relay_expire = settings.duration("qrun.relay-expire");
  output.delay_notice = settings.duration("qrun.delay-notice");
  return run(*spool, request, output);
}

// Does not return, unless it fails: qrun(8) has the scheduler and its routes, and plays them.
ExitStatus become_qrun(const config::Program& program, const std::vector<std::string>& options) {
  std::vector<std::string> words{process::sibling_program("qrun"), "--home", program.home()};
  if (const auto& file = program.inputs().config_file; !file.empty())
    words.insert(words.end(), {"--config", file});
  words.insert(words.end(), options.begin(), options.end());
  if (program.json()) words.emplace_back("--json");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(argv[0], argv.data());
  return complain(words[0] + ": cannot be run", ExitStatus::later);
}

ExitStatus simulate(const config::Program& program, const std::string& until,
                    const std::vector<std::string>& outages) {
  if (until.empty()) return complain("simulate needs --until TIME", ExitStatus::usage);
  std::vector<std::string> options{"--simulate", until};
  for (const std::string& outage : outages) options.insert(options.end(), {"--outage", outage});
  return become_qrun(program, options);
}

}  // namespace
}  // namespace tubepost::mailq

int main(int argc, char** argv) {
  using namespace tubepost;
  config::Program program{"mailq", "look at the queue and operate it", {"qrun"}};
  program.offer_json();
  mailq::Output output{stdout, stderr};
  std::vector<std::string> words;
  program.flag("--raw", output.raw, "cat: print the message with CRLF, as it is kept.");
  program.flag("--preview", output.preview,
               "hold, release, retry, drop, fail, reroute: show what would be changed, change nothing.");
  std::string to;
  program.option("--plot", output.plot, "FILE.svg", "stats: draw the states and the fullest destinations.");
  program.option("--to", to, "HOST",
                 "reroute: where to, a host or what mailadm route takes; none: the routes again.");
  std::string until;
  std::vector<std::string> outages;
  program.option("--until", until, "TIME", "simulate: the time to play, 5d or as RFC 3339 has it.");
  program.option("--outage", outages, "DOMAIN=DURATION",
                 "simulate: nobody there answers for so long from now; may be given several times.");
  program.operands(words, "COMMAND|ID|FILTER|all",
                   "show, cat, trace, schedule ID; find FILTER...; stats; top; simulate; replay "
                   "ID|since=TIME; suppress list|remove ADDRESS; "
                   "hold, release, retry, drop, fail, reroute ID... | FILTER... | all; "
                   "FILTER: from= to= domain= state= older= newer= since= larger= smaller=");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  output.json = program.json();
  // A long queue is one write for many messages. (Without a buffer given, glibc takes one of 4 KiB whatever is asked for.)
  static std::array<char, 1 << 16> buffer;
  std::setvbuf(stdout, buffer.data(), _IOFBF, buffer.size());
  const auto request = mailq::parse_request(words, SystemClock().now());
  output.terminal = ::isatty(STDOUT_FILENO) == 1;
  if (!to.empty()) {
    // A bare host is the usual case; what is a destination of a route already is taken as one.
    const bool is_route = directory::parse_route(".", to, false).has_value();
    output.route = is_route ? to : "host:" + to;
    if (const auto route = directory::parse_route(".", output.route, false); !route)
      return to_int(mailq::complain(route.error().text, ExitStatus::usage));
  }
  if (!request) return to_int(mailq::complain(request.error().text, ExitStatus::usage));
  if (request->verb == mailq::Verb::simulate) return to_int(mailq::simulate(program, until, outages));
  if (request->verb == mailq::Verb::replay)
    return to_int(mailq::become_qrun(program, {"--replay", request->words.front()}));
  return to_int(mailq::serve(*program.settings(), *request, output));
}
