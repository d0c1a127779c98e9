#include "avscan-wrap/selftest.h"

#include <cstdio>

#include "avscan-wrap/clamd.h"
#include "avscan-wrap/eicar.h"
#include "avscan-wrap/filter.h"
#include "avscan-wrap/workspace.h"
#include "base/text.h"

namespace tubepost::avscan {
namespace {

class SelfTest {
public:
  SelfTest(const Options& options, const log::Logger& logger)
      : options_(options), scanner_(make_scanner(options)), logger_(logger) {}

  ExitStatus run() {
    // While it is away, each step below would ask again for the whole time limit.
    if (options_.judge == Judge::socket && !clamd_answers()) return ExitStatus::no;
    const std::string plain = "This is no virus.\r\n";
    expect("a file without a virus is clean", scan(plain, "clean.txt"), Verdict::clean);
    expect("EICAR's test file is found", scan(eicar(), "eicar.com"), Verdict::infected);
    message_goes_through();
    attachment_is_found();
    return well_ ? ExitStatus::ok : ExitStatus::no;
  }

private:
  void say(bool well, const char* step, const std::string& more) {
    well_ = well_ && well;
    std::printf("%-6s  %s%s%s\n", well ? "ok" : "FAILED", step, more.empty() ? "" : ": ", more.c_str());
    std::fflush(stdout);
  }

  Finding scan(std::string_view bytes, const char* name) {
    Finding finding = scanner_->scan(bytes, name, net::Deadline(options_.timeout));
    show(finding.output);
    return finding;
  }

  void show(const std::string& output) const {
    if (!options_.debug || output.empty()) return;
    for (const auto line : split(trim(output), '\n'))
      std::fprintf(stderr, "        | %s\n", printable(trim(line), 500).c_str());
  }

  void expect(const char* step, const Finding& finding, Verdict wanted) {
    const std::string more = finding.verdict == Verdict::failed     ? finding.reason
                             : finding.verdict == Verdict::infected ? finding.virus
                                                                    : "";
    say(finding.verdict == wanted, step, more);
  }

  bool clamd_answers() {
    const auto version = ask_clamd(options_.clamd, "VERSION", net::Deadline(options_.timeout));
    say(version.has_value(), "clamd answers", version ? printable(*version, 200) : version.error().text);
    return version.has_value();
  }

  Decision decide(const std::string& text) {
    Filter filter(options_, *scanner_, logger_);
    Decision decision = filter.decide(text, {});
    show(decision.output);
    return decision;
  }

  void message_goes_through() {
    const Decision decision = decide(message_without_virus());
    say(decision.said == Said::go_on && !decision.changed, "a message without a virus goes through as it is",
        decision.reason);
  }

  void attachment_is_found() {
    const Decision decision = decide(message_with_eicar());
    const bool found = decision.verdict == Verdict::infected;
    say(found, "the attachment eicar.com is found", found ? decision.virus : decision.reason);
    if (!found) return;
    const bool acted = decision.said != Said::later && (decision.said != Said::go_on || decision.changed);
    say(acted, "the message is treated as --on-virus says",
        decision.action + (decision.reply.empty() ? "" : " (" + decision.reply + ")"));
  }

  const Options& options_;
  std::unique_ptr<Scanner> scanner_;
  const log::Logger& logger_;
  bool well_ = true;
};

}  // namespace

ExitStatus run_selftest(const Options& options, const log::Logger& logger) {
  // What is quarantined here is nobody's.
  const auto folder = Workspace::make(options.work);
  if (!folder) {
    std::fprintf(stderr, "avscan-wrap: %s\n", folder.error().text.c_str());
    return ExitStatus::later;
  }
  Options trial = options;
  trial.quarantine = folder->path() + "/quarantine";
  return SelfTest(trial, logger).run();
}

}  // namespace tubepost::avscan
