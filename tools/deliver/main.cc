#include <pwd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/file.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "config/program.h"
#include "deliver/direct.h"
#include "deliver/dry_run.h"
#include "deliver/quota.h"
#include "deliver/worker.h"

namespace tubepost::deliver {
namespace {

using config::complain;

struct Options {
  bool worker = false, dry_run = false;
  std::string from;
  std::vector<std::string> recipients;
};

Result<directory::Directory> open_directory(const config::Settings& settings) {
  return directory::Directory::open(settings.path("directory"), {});
}

Result<mailstore::MailStore> open_store(const config::Settings& settings, const Clock& clock) {
  mailstore::MailStore::Options options;
  options.inline_max = settings.number("store.inline-max");
  options.group_commit = false;  // one thread, which makes batches of its own
  options.notify_folder = settings.path("run/notify");
  return mailstore::MailStore::open(settings.path("store"), options, clock);
}

Result<spool::Spool> open_spool(const config::Settings& settings, bool read_only, const Clock& clock) {
  spool::Spool::Options options;
  options.read_only = read_only;
  options.inline_max = settings.number("spool.inline-max");
  options.disk_reserve = settings.part("spool.disk-reserve");
  options.group_commit = false;
  return spool::Spool::open(settings.path("spool"), options, clock);
}

std::string user_name() {
  const passwd* const entry = ::getpwuid(::getuid());  // before any thread
  return entry != nullptr ? entry->pw_name : std::to_string(::getuid());
}

ExitStatus run_worker(const config::Program& program, process::SignalSource& stop) {
  const SystemClock clock;
  const auto settings = program.settings();
  const auto logger = program.logger();
  const auto directory = open_directory(*settings);
  if (!directory) return complain("deliver", directory.error());
  const auto spool = open_spool(*settings, true, clock);
  if (!spool) return complain("deliver", spool.error());
  auto store = open_store(*settings, clock);
  if (!store) return complain("deliver", store.error());
  SpoolBodies bodies(*spool);
  const bool over_quota_fails = settings->text("deliver.over-quota") == "fail";
  Desk desk({*directory, *store, bodies, clock, logger, over_quota_fails});
  return Worker({desk, *store, clock, logger, &stop, settings->number("deliver.batch")}, STDIN_FILENO,
                STDOUT_FILENO)
      .run();
}

ExitStatus deliver_now(const config::Program& program, const Options& options) {
  const SystemClock clock;
  const auto settings = program.settings();
  const auto logger = program.logger();
  const auto directory = open_directory(*settings);
  if (!directory) return complain("deliver", directory.error());
  auto store = open_store(*settings, clock);
  if (!store) return complain("deliver", store.error());
  auto message = read_all(STDIN_FILENO, settings->number("smtpd.message-size-max"));
  if (!message) {
    auto failure = std::move(message).error().while_doing("the message");
    failure.status = {5, 6, 0};  // too large: 65, and no setting is wrong
    return complain("deliver", failure);
  }
  Direct direct(
      {*directory, *store, clock, logger, [&] { return open_spool(*settings, false, clock); }, user_name()},
      options.from, with_crlf(*message));
  const auto answers = direct.deliver(options.recipients);
  for (std::size_t i = 0; i < answers.size(); ++i)
    std::printf("%s\t%s\t%s\t%s\n", std::string(to_text(answers[i].status)).c_str(),
                to_string(answers[i].code).c_str(), printable(options.recipients[i]).c_str(),
                printable(answers[i].text).c_str());
  let_results_be_lost();  // 75 would have it delivered twice
  return exit_status(answers);
}

ExitStatus explain(const config::Program& program, const Options& options) {
  const auto directory = open_directory(*program.settings());
  if (!directory) return complain("deliver", directory.error());
  const auto known = print_trees(*directory, options.recipients, options.from, stdout);
  if (!known) return complain("deliver", known.error());
  return *known ? ExitStatus::ok : ExitStatus::no;
}

// "<>" and "" are the null reverse-path.
bool take_sender(std::string& from) {
  if (from.starts_with('<') && from.ends_with('>')) from = from.substr(1, from.size() - 2);
  return from.empty() || smtp::parse_mailbox(from);
}

}  // namespace
}  // namespace tubepost::deliver

int main(int argc, char** argv) {
  using namespace tubepost;
  process::ignore_sigpipe();
  config::Program program{"deliver", "deliver mail to mailboxes", {"=deliver", "store", "spool"}};
  deliver::Options options;
  program.flag("--worker", options.worker, "Take jobs on stdin, answer on stdout, as name=value records.");
  program.flag("--dry-run", options.dry_run, "Print what stands behind each address; deliver nothing.");
  deliver::ListenOptions quota;
  program.option("--listen", quota.listen, "unix:PATH|inet:ADDR:PORT",
                 "Serve here, and tell mail servers whether a mailbox is full; repeatable.");
  program.option("--ready-fd", quota.ready_fd, "N",
                 "With --listen: write a newline to this descriptor when ready.");
  program.option("--from", options.from, "ADDR", "Reverse-path of the message; none: the null one.");
  program.operands(options.recipients, "RCPT", "Addresses to deliver to.");
  if (const auto ended = program.parse(argc, argv)) return to_int(*ended);
  const bool serves = !quota.listen.empty();
  if ((options.worker || serves) != options.recipients.empty() ||
      (options.worker && (options.dry_run || serves)) || (serves && options.dry_run)) {
    std::fputs("deliver: one of --worker, --listen, or addresses to deliver to\n", stderr);
    return to_int(ExitStatus::usage);
  }
  if (!deliver::take_sender(options.from)) {
    std::fputs("deliver: --from: not a mail address\n", stderr);
    return to_int(ExitStatus::usage);
  }
  if (serves) return to_int(deliver::serve_quota(program, quota));
  if (options.dry_run) return to_int(deliver::explain(program, options));
  if (!options.worker) return to_int(deliver::deliver_now(program, options));
  process::SignalSource stop{SIGTERM, SIGINT};
  return to_int(deliver::run_worker(program, stop));
}
