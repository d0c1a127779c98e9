#include <unistd.h>
#include <csignal>
#include <cstdio>

#include "base/file.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "config/program.h"
#include "dns/system_resolver.h"
#include "mxsend/direct.h"
#include "mxsend/dry_run.h"
#include "mxsend/recipient_check.h"
#include "mxsend/worker.h"
#include "net/fd_stream.h"

namespace tubepost::mxsend {
namespace {

using config::complain;

struct CommandLine {
  bool worker = false, dry_run = false, verify = false;
  std::string from, via;
  std::vector<std::string> recipients;
};

// What every way of running this program needs, made once, in order.
struct House {
  House(const config::Program& program, Options read, dns::SystemResolver asks)
      : settings(program.settings()),
        logger(program.logger()),
        options(std::move(read)),
        resolver(std::move(asks)),
        source({options.sts_port, options.ca_file}, resolver),
        sts(options.sts_folder, resolver, source, clock, logger),
        routes(options, resolver, &sts),
        contexts(options.ca_file) {}

  static Result<std::unique_ptr<House>> build(const config::Program& program, bool in_a_hurry) {
    auto options = read_options(*program.settings());
    if (!options) return std::move(options).error();
    if (in_a_hurry) hurry(*options);
    auto resolver = dns::SystemResolver::create(options->dns_servers);
    if (!resolver) return std::move(resolver).error();
    return std::make_unique<House>(program, std::move(*options), std::move(*resolver));
  }
  std::unique_ptr<Courier> make_courier() {
    return std::make_unique<Courier>(
        Courier::Parts{options, routes, contexts, watch, clock, logger, admission});
  }
  // None where there is no instance, or a route is given.
  std::optional<directory::Directory> open_directory(const CommandLine& line) const {
    if (!line.via.empty() || !file_exists(settings->path("directory/data.mdb"))) return std::nullopt;
    auto opened = directory::Directory::open(settings->path("directory"), {});
    if (!opened) return std::nullopt;
    return std::move(*opened);
  }

  std::shared_ptr<const config::Settings> settings;
  log::Logger logger;
  SystemClock clock;
  Options options;
  dns::SystemResolver resolver;
  mailauth::HttpsStsSource source;
  StsStore sts;
  Routes routes;
  TlsContexts contexts;
  Watch watch;
  Admission admission{clock};
};

ExitStatus run_worker(House& house, process::SignalSource& stop) {
  spool::Spool::Options options;
  options.read_only = true;
  options.inline_max = house.settings->number("spool.inline-max");
  options.group_commit = false;
  const auto spool = spool::Spool::open(house.settings->path("spool"), options, house.clock);
  if (!spool) return complain("mxsend", spool.error());
  Worker worker(
      {[&](const spool::SpoolId& id) { return spool->body(id); },
       [&](std::function<void(const process::Record&)> tell, std::function<spool::SpoolId()> current) {
         house.admission.tell([tell, current](relay::Phase phase) {
           tell(relay::to_record(relay::PhaseNews{current(), phase}));
         });
         return house.make_courier();
       },
       house.watch, house.admission, house.logger, &stop},
      STDIN_FILENO, STDOUT_FILENO);
  return worker.run();
}

ExitStatus send_from_stdin(House& house, const CommandLine& line) {
  auto message = read_all(STDIN_FILENO, house.settings->number("smtpd.message-size-max"));
  if (!message) {
    auto failure = std::move(message).error().while_doing("the message");
    failure.status = {5, 6, 0};  // too large: 65, and no setting is wrong
    return complain("mxsend", failure);
  }
  const auto directory = house.open_directory(line);
  const auto courier = house.make_courier();
  const auto verdicts = send_now({line.recipients, line.from, line.via, with_crlf(*message)},
                                 directory ? &*directory : nullptr, *courier, house.clock);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const auto& verdict = verdicts[i];
    const auto status = verdict.status == relay::Status::postponed ? relay::Status::deferred : verdict.status;
    const auto text = (verdict.host.empty() ? "" : verdict.host + ": ") + verdict.text;
    std::printf("%s\t%s\t%s\t%s\n", std::string(relay::to_text(status)).c_str(),
                to_string(verdict.code).c_str(), printable(line.recipients[i]).c_str(),
                printable(text).c_str());
  }
  let_results_be_lost();  // 75 would have it sent twice
  return exit_status(verdicts);
}

ExitStatus verify(House& house, const CommandLine& line) {
  const auto directory = house.open_directory(line);
  RecipientCheck check({house.options, house.contexts, house.routes, directory ? &*directory : nullptr,
                        house.admission, house.clock, house.logger});
  net::FdStream stream(STDIN_FILENO, STDOUT_FILENO);
  return check.serve(stream);
}

ExitStatus explain(House& house, const CommandLine& line) {
  const auto directory = house.open_directory(line);
  const bool all = print_ways({line.recipients, line.from, line.via}, directory ? &*directory : nullptr,
                              house.options, house.routes, stdout);
  return all ? ExitStatus::ok : ExitStatus::no;
}

std::optional<std::string> mistake_in(CommandLine& line) {
  if ((line.worker || line.verify) != line.recipients.empty() || line.worker + line.verify + line.dry_run > 1)
    return "one of --worker, --verify, or addresses to send to";
  if (line.from.starts_with('<') && line.from.ends_with('>'))
    line.from = line.from.substr(1, line.from.size() - 2);
  if (!line.from.empty() && !smtp::parse_mailbox(line.from)) return "--from: not a mail address";
  if (line.via.empty()) return std::nullopt;
  if (!dns::parse_host_port(line.via, 25)) return "--via: needs HOST[:PORT]";
  line.via = "host:" + line.via;
  return std::nullopt;
}

}  // namespace
}  // namespace tubepost::mxsend

int main(int argc, char** argv) {
  using namespace tubepost;
  process::ignore_sigpipe();
  config::Program program{
      "mxsend", "send mail to other servers", {"=mxsend", "server", "dns", "tls", "spool"}};
  mxsend::CommandLine line;
  program.flag("--worker", line.worker, "Take jobs on stdin, answer on stdout, as name=value records.");
  program.flag(
      "--verify", line.verify,
      "Be a policy service on stdin and stdout: does the primary server take mail for the recipient.");
  program.flag("--dry-run", line.dry_run,
               "Print the way of each address, its hosts and their TLS; send nothing.");
  program.option("--from", line.from, "ADDR", "Reverse-path of the message; none: the null one.");
  program.option("--via", line.via, "HOST[:PORT]", "Send all to this host, whatever the routes say.");
  program.operands(line.recipients, "RCPT", "Addresses to send to.");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  if (const auto mistake = mxsend::mistake_in(line)) {
    std::fprintf(stderr, "mxsend: %s\n", mistake->c_str());
    return to_int(ExitStatus::usage);
  }
  std::optional<process::SignalSource> stop;  // a worker ends in order, the others at once
  if (line.worker) stop.emplace(std::initializer_list<int>{SIGTERM, SIGINT});  // before any thread
  auto house = mxsend::House::build(program, line.verify);
  if (!house) return to_int(config::complain("mxsend", house.error()));
  if (line.dry_run) return to_int(mxsend::explain(**house, line));
  if (line.verify) return to_int(mxsend::verify(**house, line));
  if (line.worker) return to_int(mxsend::run_worker(**house, *stop));
  return to_int(mxsend::send_from_stdin(**house, line));
}
