#include <cstdio>

#include "base/file.h"
#include "config/program.h"
#include "directory/directory.h"
#include "mailq/commands.h"

namespace tubepost::mailq {
namespace {

ExitStatus complain(const std::string& text, ExitStatus status) {
  std::fprintf(stderr, "mailq: %s\n", text.c_str());
  return status;
}

// Before qrun has looked at a message, the directory says whether it is for another server.
std::function<bool(const std::string&)> make_is_remote(const config::Settings& settings) {
  auto opened = directory::Directory::open(settings.path("directory"), {});
  if (!opened) return {};  // a copy of the spool alone
  // Shared only because std::function copies what it holds.
  const auto directory = std::make_shared<directory::Directory>(std::move(*opened));
  return [directory](const std::string& text) {
    const auto address = smtp::parse_mailbox(text);
    if (!address) return false;
    const auto found = directory->find(*address);
    if (!found) return false;
    const auto* remote = std::get_if<directory::ToRemote>(&*found);
    return (remote && remote->route.kind != directory::RouteKind::discard) ||
           std::holds_alternative<directory::RelayDomain>(*found);
  };
}

ExitStatus serve(const config::Settings& settings, const Request& request, Output output) {
  const SystemClock clock;
  const std::string folder = settings.path("spool");
  if (!file_exists(folder))
    return complain(
        "there is no spool in " + settings.home() + " (--home or TUBEPOST_HOME names another place)",
        ExitStatus::configuration);
  spool::Spool::Options options;
  options.read_only = !changes_queue(request.verb) || output.preview;
  options.group_commit = false;
  auto spool = spool::Spool::open(folder, options, clock);
  if (!spool) return config::complain("mailq", spool.error());
  output.is_remote = make_is_remote(settings);
  const ExitStatus status = run(*spool, request, output);
  const bool written = std::fflush(output.out) == 0 && std::ferror(output.out) == 0;
  return written || status != ExitStatus::ok ? status : ExitStatus::later;
}

}  // namespace
}  // namespace tubepost::mailq

int main(int argc, char** argv) {
  using namespace tubepost;
  config::Program program{"mailq", "look at the queue and operate it", {}};
  program.offer_json();
  mailq::Output output{stdout, stderr};
  std::vector<std::string> words;
  program.flag("--raw", output.raw, "cat: print the message with CRLF, as it is kept.");
  program.flag("--preview", output.preview,
               "hold, release, retry, drop, fail: show what would be changed, change nothing.");
  program.operands(words, "COMMAND|ID|FILTER|all",
                   "show, cat, trace ID; hold, release, retry, drop, fail ID... | FILTER... | all; "
                   "FILTER: from= to= domain= state= older= newer= larger= smaller=");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  output.json = program.json();
  const auto request = mailq::parse_request(words, SystemClock().now());
  if (!request) return to_int(mailq::complain(request.error().text, ExitStatus::usage));
  return to_int(mailq::serve(*program.settings(), *request, output));
}
