// The virus scanner of smtpd.filter: whether it is there, knows what is new, finds what it should, and is the only
// one that takes files away.
#include <fcntl.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "avscan-wrap/clamd.h"
#include "avscan-wrap/eicar.h"
#include "avscan-wrap/options.h"
#include "base/file.h"
#include "base/temporary.h"
#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/run_program.h"
#include "basic-access-test/scanner_path.h"
#include "basic-access-test/scanner_stages.h"
#include "policy/filter_service.h"
#include "process/find_program.h"

namespace tubepost::basic_access_test {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds clamd_answer_limit{5};  // of clamd, which says its version from memory
constexpr std::chrono::seconds version_limit{20};
constexpr std::chrono::hours definitions_old{7 * 24};
// clamscan loads all signatures for each of the self-test's scans.
constexpr int selftest_checks = 3;         // times --check-time
constexpr std::chrono::seconds ending{2};  // of the time for the self-test: to end it, and to say so
constexpr milliseconds watched{1000}, look_interval{100};
constexpr std::string_view why_none =
    "smtpd.filter names no virus scanner: mail is not scanned; docs/anti-virus.md says how it is set up";

// Whether the program can be executed; else why not.
Result<void> is_executable(const std::string& program) {
  const auto path = process::find_program(program);
  if (!path) return path.error();
  if (::access(path->c_str(), X_OK) != 0) return Failure::permanent(*path + ": " + error_text(errno));
  return {};
}

// What clamd or the scanner's program is like: words for the evidence. A Failure: it is not there.
Result<std::string> look_at(const ScannerStage& stage, const avscan::Options& options) {
  if (options.mode != avscan::Mode::selftest)
    return Failure::permanent("its options make it do something else than to filter");
  if (auto found = is_executable(stage.command.front()); !found) return std::move(found).error();
  if (options.judge == avscan::Judge::socket)
    return avscan::ask_clamd(options.clamd, "VERSION", net::Deadline(clamd_answer_limit));
  if (auto found = is_executable(options.command.front()); !found) return std::move(found).error();
  return options.command.front() + " can be run";
}

// ---- definitions

// What ClamAV's programs say of their version, asked as they are configured.
Result<std::string> version_of_program(const avscan::Options& options) {
  std::vector<std::string> argv{options.command.front()};
  for (const std::string& word : options.command)
    if (word.starts_with("--database=") || word.starts_with("--config-file=")) argv.push_back(word);
  argv.emplace_back("--version");
  auto run = run_program(argv, version_limit);
  if (!run) return std::move(run).error();
  return std::string(split(trim(run->output), '\n').front());
}

void check_definitions(const Context& context, const std::string& subject, const avscan::Options& options,
                       const std::string& said, Findings& findings) {
  const bool clam = options.preset == "clamscan" || options.preset == "clamdscan";
  if (options.judge != avscan::Judge::socket && !clam)
    return findings.skip("scanner-definitions", subject, "only the scanner itself knows how old they are");
  const auto version = clam ? version_of_program(options) : Result<std::string>(said);
  if (!version) return findings.skip("scanner-definitions", subject, version.error().text);
  const auto date = definitions_date(*version);
  if (!date)
    return findings.warn("scanner-definitions", subject,
                         *version + "\nit names no date: it has none of ClamAV's own definitions");
  if (context.clock.now() - *date > definitions_old)
    return findings.warn("scanner-definitions", subject, *version);
  findings.ok("scanner-definitions", subject, *version);
}

// ---- the self-test

milliseconds selftest_limit(const Context& context) { return context.options.check_time * selftest_checks; }

void run_selftest(const Context& context, const ScannerStage& stage, Findings& findings) {
  const auto run = run_program(stage.selftest, selftest_limit(context) - ending);
  if (!run) return findings.fail("scanner-selftest", stage.text, run.error().text);
  const std::string seen = join(stage.selftest, " ") + '\n' + run->output;
  if (run->status == 0) return findings.ok("scanner-selftest", stage.text, seen);
  findings.fail("scanner-selftest", stage.text, seen + "\nexit status " + std::to_string(run->status));
}

void check_program(const Context& context, const ScannerStage& stage, Findings& findings) {
  auto words = stage.options;
  words.insert(words.begin(), "--selftest");
  const auto options = avscan::parse_options(words);
  const auto said = options ? look_at(stage, *options) : Result<std::string>(options.error());
  if (!said) {
    findings.fail("scanner-present", stage.text, said.error().text);
    for (const CheckId check : {CheckId("scanner-definitions"), CheckId("scanner-selftest")})
      findings.skip(check, stage.text, "the scanner is not there");
    return;
  }
  findings.ok("scanner-present", stage.text, *said);
  check_definitions(context, stage.text, *options, *said, findings);
  run_selftest(context, stage, findings);
}

// ---- a filter that serves

policy::Filtered ask(const Context& context, const ScannerStage& stage, const std::string& message) {
  policy::FilterEnvelope envelope;
  envelope.recipients = {"postmaster@" + own_hostname(*context.settings)};
  policy::FilterOptions options;
  options.time_limit = context.options.check_time;
  return policy::ask_filter_service(stage.text, envelope, policy::MessageSource::in_memory(message), options,
                                    [](std::string_view) {});
}

std::string words_of(const policy::Filtered& filtered) {
  std::string text(policy::to_text(filtered.verdict));
  if (filtered.verdict == policy::FilterVerdict::go_on)
    text = filtered.changed ? "it changes the message" : "it lets the message through as it is";
  return filtered.reason.empty() ? text : text + " (" + filtered.reason + ')';
}

// Which filter a socket leads to is not in the settings: one that finds nothing may be no scanner.
void check_service(const Context& context, const ScannerStage& stage, Findings& findings) {
  using policy::FilterVerdict;
  const auto clean = ask(context, stage, avscan::message_without_virus());
  const std::string of_clean = "a message without a virus: " + words_of(clean) + '\n';
  if (clean.verdict == FilterVerdict::later) {
    findings.fail("scanner-present", stage.text, of_clean);
    return findings.skip("scanner-selftest", stage.text, "nothing can be asked of it");
  }
  findings.ok("scanner-present", stage.text, "it answers");
  const auto infected = ask(context, stage, avscan::message_with_eicar());
  const std::string seen = of_clean + "EICAR's test file attached: " + words_of(infected);
  if (infected.verdict == FilterVerdict::later || clean.verdict != FilterVerdict::go_on)
    return findings.fail("scanner-selftest", stage.text, seen);
  if (infected.verdict == FilterVerdict::go_on && !infected.changed)
    return findings.warn("scanner-selftest", stage.text, seen,
                         "If this is to be the virus scanner, see its log and how it is started; if it is "
                         "another filter, nothing is wrong.");
  findings.ok("scanner-selftest", stage.text, seen);
}

// ---- a scanner that watches the disk

// A file of our own, gone with this object.
class Bait {
public:
  explicit Bait(TemporaryFile file) : file_(std::move(file)) {}
  Bait(const Bait&) = delete;
  Bait& operator=(const Bait&) = delete;
  ~Bait() { ::unlink(file_.path.c_str()); }
  Result<void> fill(std::string_view bytes) {
    auto written = write_all(file_.fd.get(), bytes);
    file_.fd.reset();
    return written;
  }
  Result<std::string> content() const { return read_file(file_.path); }

private:
  TemporaryFile file_;
};

// What becomes of the test file; empty: nothing.
std::string fate_of(Bait& bait) {
  const std::string eicar = avscan::eicar();
  if (const auto filled = bait.fill(eicar); !filled) return "it cannot be written: " + filled.error().text;
  for (const net::Deadline end(watched); !end.passed(); std::this_thread::sleep_for(look_interval)) {
    const auto content = bait.content();
    if (!content) return "it cannot be read any more: " + content.error().text;
    if (*content != eicar) return "its content was changed";
  }
  return {};
}

void check_on_access(const std::string& folder, Findings& findings) {
  auto file = make_temporary_file(folder + "/.basic-access-test-");
  if (!file) return findings.skip("scanner-on-access", folder, "no file can be made in it: " + file.error().text);
  Bait bait(std::move(*file));
  const std::string fate = fate_of(bait);
  if (fate.empty())
    return findings.ok("scanner-on-access", folder, "EICAR's test file stays in it as it was written");
  findings.fail("scanner-on-access", folder, "EICAR's test file: " + fate);
}

// ---- the plan

std::vector<ScannerStage> stages_of(const Context& context) {
  if (!context.target.own) return {};
  const auto filters = policy::parse_filter_commands(context.settings->list("smtpd.filter"));
  return filters ? find_scanner_stages(*filters) : std::vector<ScannerStage>();
}

void add_stage(const Context& context, const ScannerStage& stage, Plan& plan) {
  Probe probe;
  probe.name = "scanner " + stage.text;
  probe.subject = stage.text;
  probe.checks = {"scanner-present", "scanner-selftest"};
  if (!stage.is_service()) probe.checks.push_back("scanner-definitions");
  probe.limit = selftest_limit(context);
  probe.run = [&context, stage](Findings& findings) {
    if (stage.is_service()) return check_service(context, stage, findings);
    check_program(context, stage, findings);
  };
  plan.add(std::move(probe));
}

// The spool, and where avscan-wrap makes files: options without a fault say where.
std::set<std::string> watched_folders(const Context& context, const std::vector<ScannerStage>& stages) {
  const char* temporary = std::getenv("TMPDIR");
  std::set<std::string> folders{context.home + "/spool", context.home + "/store",
                                temporary != nullptr && *temporary != 0 ? temporary : "/tmp"};
  for (const ScannerStage& stage : stages)
    if (const auto options = avscan::parse_options(stage.options); !stage.is_service() && options)
      folders.insert(options->work);
  return folders;
}

void add_on_access(const Context& context, const std::vector<ScannerStage>& stages, Plan& plan) {
  for (const std::string& folder : watched_folders(context, stages))
    plan.add({"scanner on access of " + folder, folder, {"scanner-on-access"}, [folder](Findings& findings) {
                check_on_access(folder, findings);
              }});
}

}  // namespace

void add_scanner(const Context& context, Plan& plan) {
  const auto stages = stages_of(context);
  const std::string why =
      context.target.own ? std::string(why_none) : "how it is set up, its host alone knows";
  if (stages.empty())
    for (const CheckId check :
         {CheckId("scanner-present"), CheckId("scanner-definitions"), CheckId("scanner-selftest")})
      plan.skip(check, context.target.host, why);
  for (const ScannerStage& stage : stages) add_stage(context, stage, plan);
  if (context.target.own && stages.empty())
    plan.skip("scanner-path", context.target.host, why);
  else
    add_scanner_path(context, plan);
  if (context.target.own)
    add_on_access(context, stages, plan);
  else
    plan.skip("scanner-on-access", context.target.host, why);
}

}  // namespace tubepost::basic_access_test
