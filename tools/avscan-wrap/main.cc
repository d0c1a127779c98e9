// avscan-wrap: any virus scanner as a message filter (avscan-wrap.1).
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "avscan-wrap/filter.h"
#include "avscan-wrap/options.h"
#include "avscan-wrap/quarantine.h"
#include "avscan-wrap/selftest.h"
#include "avscan-wrap/service.h"
#include "avscan-wrap/supervised_run.h"
#include "base/exit_status.h"
#include "base/file.h"
#include "base/standard_streams.h"
#include "process/signals.h"

namespace tubepost::avscan {
namespace {

// The reply text must be the first line on stderr.
int say(const std::string& reply, Said said) {
  if (!reply.empty()) std::fprintf(stderr, "%s\n", reply.c_str());
  return static_cast<int>(said);
}

int run_filter(const Options& options, const log::Logger& logger) {
  auto text = read_all(STDIN_FILENO, message_max);
  if (!text) {
    const bool too_long = text.error().retry == Retry::never;
    return say("The message cannot be read: " + text.error().text, too_long ? Said::refuse : Said::later);
  }
  const Envelope envelope = read_envelope([](const char* name) { return std::getenv(name); });
  const auto scanner = make_scanner(options);
  Filter filter(options, *scanner, logger);
  const Decision decision = filter.decide(*text, envelope);
  say(decision.reply, decision.said);
  if (decision.said == Said::go_on)
    if (const auto written = write_all(STDOUT_FILENO, decision.changed ? *decision.changed : *text); !written)
      return say(written.error().text, Said::later);
  filter.tell(decision, *text, envelope);
  return static_cast<int>(decision.said);
}

int run(int argc, char** argv) {
  prepare_standard_streams();
  const auto options = parse_options({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (!options) {
    std::fprintf(stderr, "avscan-wrap: %s\navscan-wrap --help says how it is called.\n",
                 options.error().text.c_str());
    return to_int(ExitStatus::usage);
  }
  if (options->mode == Mode::help) return std::fputs(help_text().c_str(), stdout), 0;
  if (options->mode == Mode::version) return std::puts("avscan-wrap (Tubepost) " TUBEPOST_VERSION), 0;
  process::ignore_sigpipe();
  const log::Logger logger("avscan-wrap", options->log_level, options->log_format);
  switch (options->mode) {
    case Mode::filter:
      adopt_orphans();
      return run_filter(*options, logger);
    case Mode::selftest:
      adopt_orphans();
      return to_int(run_selftest(*options, logger));
    case Mode::serve:
      return to_int(serve(*options, logger));
    default:
      return to_int(run_quarantine(*options));
  }
}

}  // namespace
}  // namespace tubepost::avscan

int main(int argc, char** argv) { return tubepost::avscan::run(argc, argv); }
