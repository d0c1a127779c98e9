// basic-access-test: says whether a mail server works, is reachable, correct and safe, and what to do if not.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/report.h"
#include "basic-access-test/runner.h"
#include "dns/system_resolver.h"
#include "process/signals.h"

namespace tubepost::basic_access_test {
namespace {

ExitStatus complain(const Failure& failure) { return config::complain("basic-access-test", failure); }

// A line on the terminal that is written over, and gone at the end.
class ProgressLine {
public:
  explicit ProgressLine(bool shown) : shown_(shown) {}
  ~ProgressLine() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }
  void operator()(const Progress& progress) const {
    if (!shown_) return;
    std::fprintf(stderr, "\r\x1b[K%zu of %zu  %s", progress.done, progress.of,
                 printable(progress.running, 60).c_str());
  }

private:
  bool shown_;
};

bool wants_colours() { return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

std::string in_format(const Report& report, const Options& options) {
  if (options.format == Format::json) return to_json(report);
  if (options.format == Format::openmetrics) return to_openmetrics(report);
  return to_text(report, {wants_colours(), options.verbose});
}

// Does not return where a probe was left behind: its thread may still use what would be destroyed.
ExitStatus test(const Context& context) {
  std::vector<std::string> secrets;
  if (context.options.account) secrets.push_back(context.options.account->password);
  RunLimits limits;
  limits.probe = context.options.check_time;
  limits.total = context.options.total_time;
  Runner runner(limits, secrets);
  Report report;
  report.when = context.clock.now();
  const auto begin = context.clock.since_boot();
  {
    const Plan plan = make_plan(context);
    const ProgressLine line(context.options.format == Format::text && ::isatty(STDERR_FILENO) == 1);
    report.findings = runner.run(plan, std::cref(line));
  }
  report.took = context.clock.since_boot() - begin;
  report.subject = context.target.host;
  std::cout << in_format(report, context.options) << std::flush;
  const ExitStatus status = std::cout ? report.status() : ExitStatus::later;
  if (runner.left_behind()) std::_Exit(to_int(status));
  return status;
}

ExitStatus run_command(const config::Program& program, Options options) {
  const auto settings = program.settings();
  auto resolver = dns::SystemResolver::create(settings->list("dns.servers"));
  if (!resolver) return complain(resolver.error());
  const SystemClock clock;
  const log::Logger logger = program.logger();
  if (options.echo.empty()) options.echo = settings->text("access-test.echo");
  Result<Target> target = own_target(*settings);
  if (!options.server.empty()) target = target_of_server(options, *resolver);
  if (!target) return complain(Failure::temporary(target.error().text));
  const Context context{std::move(options), program.home(), settings, program.problems(),
                        std::move(*target), *resolver,      clock,    logger};
  if (context.options.command == Command::explain) return explain(context);
  if (context.options.command == Command::serve) return serve(context);
  return test(context);
}

int run(int argc, char** argv) {
  config::Program program("basic-access-test",
                          "say whether a mail server works, is reachable, correct and safe",
                          {"server", "dns", "tls", "access-test"});
  Words words;
  declare(program, words);
  if (const auto ended = program.parse(argc, argv, false)) return to_int(*ended);
  process::ignore_sigpipe();
  auto options = read_options(words, program.json());
  if (!options) {
    std::cerr << "basic-access-test: " << options.error().text << '\n';
    return to_int(ExitStatus::usage);
  }
  if (options->command == Command::list || options->command == Command::list_mdoc) {
    std::cout << (options->command == Command::list ? list_checks()
                                                    : list_checks_mdoc() + list_replies_mdoc());
    return to_int(ExitStatus::ok);
  }
  return to_int(run_command(program, std::move(*options)));
}

}  // namespace
}  // namespace tubepost::basic_access_test

int main(int argc, char** argv) { return tubepost::basic_access_test::run(argc, argv); }
