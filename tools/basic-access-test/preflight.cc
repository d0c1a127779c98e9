#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/preflight_programs.h"
#include "basic-access-test/run_program.h"
#include "net/port_holder.h"
#include "policy/settings_check.h"
#include "process/child.h"

namespace tubepost::basic_access_test {
namespace {

std::string lines_of(const std::vector<config::Problem>& problems) {
  std::string lines;
  for (const config::Problem& problem : problems) lines += problem.where + ": " + problem.text + '\n';
  return lines;
}

void check_configuration(const Context& context, Findings& findings) {
  if (!context.problems.empty())
    return findings.fail("preflight-configuration", context.home, lines_of(context.problems));
  const auto more = policy::setting_problems(*context.settings);
  if (!more.empty()) return findings.fail("preflight-configuration", context.home, lines_of(more));
  const auto warnings = config::warnings(*context.settings);
  if (!warnings.empty()) return findings.warn("preflight-configuration", context.home, lines_of(warnings));
  findings.ok("preflight-configuration", context.home, "no fault and nothing to warn of");
}

// ---- folders

struct Place {
  std::string path;
  bool secret = false;  // nobody but its owner may read it
};

std::string mode_text(mode_t mode) {
  std::string text;
  for (const int shift : {9, 6, 3, 0}) text += static_cast<char>('0' + ((mode >> shift) & 7));
  return text;
}

// What is wrong with it; empty: nothing.
std::string wrong_with(const Place& place, uid_t owner) {
  struct stat found {};
  if (::stat(place.path.c_str(), &found) != 0) return place.path + ": " + error_text(errno) + '\n';
  const std::string seen = place.path + ": mode " + mode_text(found.st_mode & 07777);
  if (place.secret && (found.st_mode & 077) != 0) return seen + ", others may look into it\n";
  if ((found.st_mode & 022) != 0) return seen + ", others may change it\n";
  if (found.st_uid != owner)
    return seen + ", of user " + std::to_string(found.st_uid) + " and not " + std::to_string(owner) + '\n';
  return {};
}

void check_folders(const Context& context, Findings& findings) {
  struct stat home {};
  if (::stat(context.home.c_str(), &home) != 0)
    return findings.fail("preflight-folders", context.home, context.home + ": " + error_text(errno),
                         "Name the instance with --home, or make one: mailadm init.");
  std::vector<Place> places{{context.home, false}};
  for (const auto name : {"directory", "secrets", "spool", "store"})
    places.push_back({context.home + '/' + name, true});
  places.push_back({context.home + "/run", false});
  places.push_back({context.settings->text("tls.key"), true});
  places.push_back({context.settings->text("tls.certificate"), false});
  std::string wrong;
  for (const Place& place : places) wrong += wrong_with(place, home.st_uid);
  if (!wrong.empty()) return findings.fail("preflight-folders", context.home, wrong);
  findings.ok("preflight-folders", context.home,
              "of user " + std::to_string(home.st_uid) + ", closed to others");
}

// ---- disk

std::string megabytes(double octets) { return std::to_string(static_cast<long long>(octets / 1e6)) + " MB"; }

void check_disk(const Context& context, Findings& findings) {
  const double reserve = context.settings->part("spool.disk-reserve");
  std::vector<dev_t> seen;
  for (const auto name : {"spool", "store"}) {
    const std::string path = context.home + '/' + name;
    struct stat where {};
    struct statvfs disk {};
    if (::stat(path.c_str(), &where) != 0 || ::statvfs(path.c_str(), &disk) != 0) {
      findings.skip("preflight-disk", path, error_text(errno));
      continue;
    }
    if (std::find(seen.begin(), seen.end(), where.st_dev) != seen.end()) continue;
    seen.push_back(where.st_dev);
    const double size = static_cast<double>(disk.f_blocks) * static_cast<double>(disk.f_frsize);
    const double room = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    const double inodes =
        disk.f_files == 0 ? 1 : static_cast<double>(disk.f_favail) / static_cast<double>(disk.f_files);
    const std::string text = megabytes(room) + " of " + megabytes(size) + " free, " +
                             std::to_string(static_cast<int>(inodes * 100)) + "% of the inodes; reserve " +
                             megabytes(size * reserve);
    if (room <= size * reserve || inodes < 0.01)
      findings.fail("preflight-disk", path, text);
    else if (room <= 2 * size * reserve || inodes < 0.05)
      findings.warn("preflight-disk", path, text);
    else
      findings.ok("preflight-disk", path, text);
  }
}

// ---- clock

// The newest of the databases: nothing can have been written in the future.
Timestamp last_written(const Context& context) {
  Timestamp last{};
  for (const auto name : {"directory", "spool", "store"}) {
    struct stat found {};
    const std::string path = context.home + '/' + name + "/data.mdb";
    if (::stat(path.c_str(), &found) != 0) continue;
    last = std::max(last, Timestamp(Milliseconds(static_cast<long long>(found.st_mtim.tv_sec) * 1000)));
  }
  return last;
}

void check_clock(const Context& context, Findings& findings) {
  const Timestamp now = context.clock.now(), written = last_written(context);
  const std::string text = "it is " + to_rfc3339(now);
  if (written > now + std::chrono::minutes(2))
    return findings.fail("preflight-clock", "",
                         text + ", and a database was written at " + to_rfc3339(written));
  timex state{};
  const int kernel = ::adjtimex(&state);
  if (kernel < 0)
    return findings.skip("preflight-clock", "",
                         text + "; the kernel does not say whether it is synchronised");
  if (kernel == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return findings.warn("preflight-clock", "", text + "; the kernel says that nobody synchronises it");
  findings.ok("preflight-clock", "",
              text + ", synchronised to " + std::to_string(state.maxerror / 1000) + " ms");
}

// ---- ports

std::string program_of(const ServiceKind& kind) {
  return kind.protocol == Protocol::smtp ? "smtpd" : kind.protocol == Protocol::pop3 ? "popd" : "imapd";
}

void check_port(const ServiceKind& kind, const net::Endpoint& endpoint, const std::string& subject,
                Findings& findings) {
  const net::PortHolder holder = net::find_port_holder(endpoint);
  const std::string greeting =
      holder.greeting.empty() ? "says nothing of itself" : "says: " + holder.greeting;
  if (!holder.answers)
    return findings.fail(
        "preflight-ports", subject,
        "nobody answers" +
            (holder.program.empty() ? "" : "; at another address " + holder.program + " does"));
  if (holder.program.empty())
    return findings.ok("preflight-ports", subject, "whose it is cannot be seen by this user; it " + greeting);
  const std::string text = holder.program + " holds it, and " + greeting;
  // The kernel keeps 15 letters of a name; an instance behind `listen` is as good.
  if (holder.program.starts_with(program_of(kind) + ' ') || holder.program.starts_with("listen "))
    return findings.ok("preflight-ports", subject, text);
  findings.fail("preflight-ports", subject, text);
}

void add_ports(const Context& context, Plan& plan) {
  for (const Service& service : context.target.services) {
    for (const net::Endpoint& endpoint : service.endpoints) {
      const std::string subject = std::string(service.kind->name) + ' ' + endpoint.to_text();
      Probe probe;
      probe.name = "preflight port of " + subject;
      probe.subject = subject;
      probe.checks = {"preflight-ports"};
      probe.lane = service.kind->name;
      probe.run = [kind = service.kind, endpoint, subject](Findings& findings) {
        check_port(*kind, endpoint, subject, findings);
      };
      plan.add(std::move(probe));
    }
  }
}

// ---- databases

void check_databases(const Context& context, Findings& findings) {
  const auto run = run_program({process::sibling_program("mailadm"), "fsck", "--home", context.home},
                               context.options.check_time);
  if (!run) return findings.skip("preflight-databases", context.home, run.error().text);
  if (run->status == 0) return findings.ok("preflight-databases", context.home, "mailadm fsck finds nothing");
  findings.fail("preflight-databases", context.home,
                "mailadm fsck, status " + std::to_string(run->status) + ":\n" + run->output);
}

}  // namespace

void add_preflight(const Context& context, Plan& plan) {
  const auto probe = [&](std::string name, std::vector<CheckId> checks, auto* function) {
    plan.add({"preflight " + name, context.home, std::move(checks),
              [&context, function](Findings& findings) { function(context, findings); }});
  };
  probe("configuration", {"preflight-configuration"}, check_configuration);
  probe("folders", {"preflight-folders"}, check_folders);
  probe("disk", {"preflight-disk"}, check_disk);
  probe("clock", {"preflight-clock"}, check_clock);
  add_ports(context, plan);
  probe("services", {"preflight-services"}, check_services);
  probe("run scripts", {"preflight-run-scripts"}, check_run_scripts);
  probe("versions", {"preflight-versions"}, check_versions);
  probe("databases", {"preflight-databases"}, check_databases);
}

}  // namespace tubepost::basic_access_test
