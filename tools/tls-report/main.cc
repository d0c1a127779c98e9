#include <dirent.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.h"
#include "base/text.h"
#include "config/program.h"
#include "dns/system_resolver.h"
#include "process/child.h"
#include "process/signals.h"
#include "tls-report/https/post.h"
#include "tls-report/report.h"

namespace tubepost::tls_report {
namespace {

using config::complain;

struct CommandLine {
  std::string day;
  bool dry_run = false;
};

// A message for the queue, by sendmail(1): this program does not write the spool.
Result<void> hand_in(const config::Program& program, const std::string& to, const std::string& text) {
  auto input = process::make_pipe();
  if (!input) return std::move(input).error();
  process::ChildOptions options;
  options.redirects = {{input->read_end.get(), 0}};
  auto child = process::Child::spawn(
      {process::sibling_program("sendmail"), "--home", program.home(), "-i", "-f", "", "--", to}, options);
  if (!child) return std::move(child).error();
  input->read_end.reset();
  auto written = write_all(input->write_end.get(), text);
  input->write_end.reset();
  const auto ended = child->wait();
  if (!written) return written;
  if (ended.by_signal || ended.code != 0)
    return Failure::temporary("sendmail ended with status " + std::to_string(ended.code));
  return {};
}

Result<void> send(const config::Program& program, const std::string& domain, const std::string& uri,
                  const std::string& gzipped, const Reporter& reporter) {
  if (starts_with_ignoring_case(uri, "https://")) return post(uri, gzipped);
  const auto to = address_of(uri);
  if (!to) return Failure::permanent("no address", {5, 1, 3});
  return hand_in(program, *to, write_message(domain, *to, gzipped, reporter, SystemClock().now()));
}

// Each place is tried, and one that takes it is enough (RFC 8460 3). False: none did.
bool report(const config::Program& program, dns::Resolver& resolver, const std::string& domain,
            const DomainSummary& summary, const Reporter& reporter) {
  const auto records = resolver.txt("_smtp._tls." + domain);
  if (!records.ok()) return records.is_absent();  // nobody wants one
  const auto gzipped = gzip(to_json(domain, summary, reporter));
  if (!gzipped) return false;
  const auto uris = destinations_of(records.records);
  bool taken = uris.empty();
  for (const std::string& uri : uris) {
    const auto sent = send(program, domain, uri, *gzipped, reporter);
    std::printf("%s\t%s\t%s\t%s\n", domain.c_str(), uri.c_str(), sent ? "sent" : "failed",
                sent ? "" : sent.error().text.c_str());
    taken = taken || sent;
  }
  return taken;
}

ExitStatus report_day(const config::Program& program, const CommandLine& line) {
  const auto settings = program.settings();
  const std::string day =
      line.day.empty() ? relay::day_text(SystemClock().now() - std::chrono::hours(24)) : line.day;
  const std::string path = settings->path("mxsend/tls-rpt/") + day;
  if (!file_exists(path)) return ExitStatus::ok;  // nothing was counted, or it was reported
  const auto lines = read_file(path, relay::tls_day_max * 2);
  if (!lines) return complain("tls-report", lines.error());
  const Reporter reporter{settings->text("server.hostname"), day};
  const DaySummary summary = add_up(*lines);
  if (line.dry_run) {
    for (const auto& [domain, one] : summary) std::printf("%s\n", to_json(domain, one, reporter).c_str());
    return ExitStatus::ok;
  }
  auto resolver = dns::SystemResolver::create(settings->list("dns.servers"));
  if (!resolver) return complain("tls-report", resolver.error());
  bool all = true;
  for (const auto& [domain, one] : summary) all = report(program, *resolver, domain, one, reporter) && all;
  // RFC 8460 5.5: who cannot be reached today need not be tried for ever; a day is reported once.
  if (::rename(path.c_str(), (path + ".sent").c_str()) != 0)
    return complain("tls-report", Failure::temporary(path + " cannot be renamed"));
  return all ? ExitStatus::ok : ExitStatus::later;
}

}  // namespace
}  // namespace tubepost::tls_report

int main(int argc, char** argv) {
  using namespace tubepost;
  process::ignore_sigpipe();
  config::Program program{
      "tls-report", "tell domains how TLS with their servers went (TLS-RPT)", {"server", "dns"}};
  tls_report::CommandLine line;
  program.option("--day", line.day, "DATE", "The day to report, 2026-11-26, in UTC; none: yesterday.");
  program.flag("--dry-run", line.dry_run, "Print the reports as JSON, one a line; send nothing.");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  if (!line.day.empty() && (line.day.size() != 10 || !parse_rfc3339(line.day + "T00:00:00Z"))) {
    std::fputs("tls-report: --day needs a date, 2026-11-26\n", stderr);
    return to_int(ExitStatus::usage);
  }
  return to_int(tls_report::report_day(program, line));
}
