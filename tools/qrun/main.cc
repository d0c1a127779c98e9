#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>

#include "base/standard_streams.h"
#include "base/text.h"
#include "config/program.h"
#include "directory/directory.h"
#include "qrun/replay.h"
#include "qrun/scheduler.h"
#include "qrun/sender_pool.h"
#include "qrun/simulation.h"
#include "qrun/survey.h"
#include "qrun/worker_pool.h"

namespace tubepost::qrun {
namespace {

using config::complain;

constexpr Milliseconds patience_for_lock{10'000};  // a predecessor's last worker
constexpr Milliseconds look_again{100};

struct Options {
  bool once = false, dry_run = false;
  std::string ready_fd, simulate, replay;
  std::vector<std::string> outages;
};

std::string hostname_of(const config::Settings& settings) {
  std::string name = settings.text("server.hostname");
  if (!name.empty()) return name;
  std::array<char, 256> buffer{};
  return ::gethostname(buffer.data(), buffer.size() - 1) == 0 && buffer[0] ? buffer.data() : "localhost";
}

Result<spool::Spool> open_spool(const config::Settings& settings, bool read_only, const Clock& clock) {
  spool::Spool::Options options;
  options.read_only = read_only;
  options.inline_max = settings.number("spool.inline-max");
  options.disk_reserve = settings.part("spool.disk-reserve");
  options.group_commit = false;  // one thread writes
  return spool::Spool::open(settings.path("spool"), options, clock);
}

WorkerKind worker_kind(const std::string& worker, const config::Program& program, std::size_t processes) {
  WorkerKind kind;
  kind.name = worker;
  kind.argv = {process::sibling_program(worker), "--worker", "--home", program.home()};
  const config::Inputs& inputs = program.inputs();
  if (!inputs.config_file.empty()) kind.argv.insert(kind.argv.end(), {"--config", inputs.config_file});
  for (const auto& [name, value] : inputs.arguments) {  // log.level is --log-level
    if (!name.starts_with("log.")) continue;
    kind.argv.push_back("--log-" + name.substr(4));
    kind.argv.push_back(value);
  }
  kind.processes = processes;
  return kind;
}

// Another one has the queue: it is told to look, and awaited. nullopt: it went away, the lock is ours.
std::optional<ExitStatus> await_other(const spool::Spool& spool, const Clock& clock,
                                      std::optional<UniqueFd>& lock) {
  for (;;) {
    spool.nudge();
    std::this_thread::sleep_for(look_again);
    const auto work = has_work(spool, clock.now());
    if (!work) return complain("qrun", work.error());
    if (!*work) return ExitStatus::ok;
    auto again = spool.lock_scheduler(Milliseconds(0));
    if (!again) return complain("qrun", again.error());
    if (*again) {
      lock = std::move(*again);
      return std::nullopt;
    }
  }
}

ExitStatus run_queue(const config::Program& program, const Options& options, process::SignalSource& signals) {
  const SystemClock clock;
  const auto settings = program.settings();
  const log::Logger logger = program.logger();
  auto spool = open_spool(*settings, false, clock);
  if (!spool) return complain("qrun", spool.error());
  auto directory = directory::Directory::open(settings->path("directory"), {});
  if (!directory) return complain("qrun", directory.error());

  auto lock = spool->lock_scheduler(options.once ? Milliseconds(0) : patience_for_lock);
  if (!lock) return complain("qrun", lock.error());
  if (!*lock && !options.once)
    return complain("qrun",
                    Failure::temporary("another qrun runs this queue, or its workers have not ended"));
  if (!*lock)
    if (const auto ended = await_other(*spool, clock, *lock)) return *ended;

  config::LiveSettings live(program.inputs(), settings, logger);
  WorkerPool deliver(worker_kind("deliver", program, settings->number("qrun.deliver-workers")),
                     (*lock)->get(), logger);
  SenderPool senders(worker_kind("mxsend", program, settings->number("qrun.outgoing-connections")),
                     (*lock)->get(), logger);
  const DirectoryAddresses addresses(*directory);
  Scheduler scheduler({*spool, addresses, deliver, clock, logger,
                       [&] { return make_policy(*live.current()); }, hostname_of(*settings), &senders},
                      {options.once, parse_number<int>(options.ready_fd).value_or(-1), &signals});
  return scheduler.run();
}

ExitStatus show_plan(const config::Program& program) {
  const SystemClock clock;
  const auto settings = program.settings();
  const auto spool = open_spool(*settings, true, clock);
  if (!spool) return complain("qrun", spool.error());
  const auto directory = directory::Directory::open(settings->path("directory"), {});
  if (!directory) return complain("qrun", directory.error());
  const auto printed = print_plan(*spool, DirectoryAddresses(*directory), clock.now(), stdout);
  return printed ? ExitStatus::ok : complain("qrun", printed.error());
}

// The words of --simulate and --outage; nullopt: not understood, and said so.
std::optional<Forecast> read_forecast(const Options& options, Timestamp start) {
  const auto until = parse_until(options.simulate, start);
  if (!until) {
    std::fputs("qrun: --simulate needs a time to come, 5d or as RFC 3339 has it\n", stderr);
    return std::nullopt;
  }
  Forecast forecast{start, *until, {}};
  for (const std::string& word : options.outages) {
    auto outage = parse_outage(word, start);
    if (!outage) {
      std::fprintf(stderr, "qrun: --outage needs DOMAIN=DURATION, not %s\n", printable(word).c_str());
      return std::nullopt;
    }
    forecast.outages.push_back(std::move(*outage));
  }
  return forecast;
}

ExitStatus show_forecast(const config::Program& program, const Options& options) {
  const SystemClock clock;
  const auto forecast = read_forecast(options, clock.now());
  if (!forecast) return ExitStatus::usage;
  const auto settings = program.settings();
  const auto spool = open_spool(*settings, true, clock);
  if (!spool) return complain("qrun", spool.error());
  const auto directory = directory::Directory::open(settings->path("directory"), {});
  if (!directory) return complain("qrun", directory.error());
  const log::Logger quiet("qrun", log::Level::error, log::Format::logfmt,
                          -1);  // the life of a copy is no news
  const auto fates = simulate(
      {*spool, DirectoryAddresses(*directory), make_policy(*settings), hostname_of(*settings), quiet},
      *forecast);
  if (!fates) return complain("qrun", fates.error());
  print(*fates, program.json(), stdout, stderr);
  return ExitStatus::ok;
}

ExitStatus show_replay(const config::Program& program, const Options& options) {
  const SystemClock clock;
  const auto replay = parse_replay(options.replay, clock.now());
  if (!replay) {
    std::fputs("qrun: --replay needs an ID or since=TIME\n", stderr);
    return ExitStatus::usage;
  }
  const auto settings = program.settings();
  const auto spool = open_spool(*settings, true, clock);
  if (!spool) return complain("qrun", spool.error());
  const auto directory = directory::Directory::open(settings->path("directory"), {});
  if (!directory) return complain("qrun", directory.error());
  const auto count = print_replay(*spool, DirectoryAddresses(*directory), make_policy(*settings), *replay,
                                  program.json(), stdout);
  if (!count) return complain("qrun", count.error());
  return *count == 0 && replay->id ? ExitStatus::no : ExitStatus::ok;
}

}  // namespace
}  // namespace tubepost::qrun

int main(int argc, char** argv) {
  using namespace tubepost;
  prepare_standard_streams();  // before the signals have a descriptor
  process::ignore_sigpipe();
  // SIGHUP (s6-svc -h, systemctl reload) has nothing to do, settings are read before each turn; it must not kill.
  process::SignalSource signals{SIGTERM, SIGINT, SIGHUP};
  config::Program program{"qrun",
                          "run the queue: hand what is due to delivery, record what became of it",
                          {"server", "=qrun", "spool", "mxsend"}};
  qrun::Options options;
  program.flag("--once", options.once, "Run what is due now until nothing is in work, then exit.");
  program.flag("--dry-run", options.dry_run, "Print what would be done now; change nothing.");
  program.option(
      "--simulate", options.simulate, "TIME",
      "Play the queue until then (5d) on a copy, with a clock of its own; print what becomes of it.");
  program.option("--outage", options.outages, "DOMAIN=DURATION",
                 "With --simulate: nobody there answers for so long from now; may be given several times.");
  program.option("--replay", options.replay, "ID|since=TIME",
                 "Print what became of these messages and what would be done with them now.");
  program.offer_json();
  program.option("--ready-fd", options.ready_fd, "N", "Write a newline to this descriptor when ready.");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  if (!options.simulate.empty()) return to_int(qrun::show_forecast(program, options));
  if (!options.replay.empty()) return to_int(qrun::show_replay(program, options));
  if (!options.outages.empty()) {
    std::fputs("qrun: --outage needs --simulate\n", stderr);
    return to_int(ExitStatus::usage);
  }
  return to_int(options.dry_run ? qrun::show_plan(program) : qrun::run_queue(program, options, signals));
}
