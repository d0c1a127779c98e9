// sendmail: takes a message on stdin into the queue, under the name and with the options that programs
// expect.
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "config/program.h"
#include "directory/directory.h"
#include "process/child.h"
#include "process/signals.h"
#include "sendmail/injection.h"

namespace tubepost::sendmail {
namespace {

std::string unix_user() {
  std::array<char, 16384> buffer;
  passwd entry{}, *found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found)
    return found->pw_name;
  return "uid-" + std::to_string(::getuid());
}

std::string hostname_of(const config::Settings& settings) {
  std::string name = settings.text("server.hostname");
  if (!name.empty()) return name;
  std::array<char, 256> buffer{};
  return ::gethostname(buffer.data(), buffer.size() - 1) == 0 && buffer[0] ? buffer.data() : "localhost";
}

// As smtpd holds a message against them (policy/layers.h). Who calls is no account: the lists are the recipient's and
// the server's.
Result<void> hold_against_lists(const directory::Directory& directory, const std::string& sender,
                                const std::string& recipient) {
  const smtp::Mailbox nobody;
  const auto decision = directory.decide({std::nullopt, sender.empty() ? nobody : smtp::parse_mailbox(sender),
                                          smtp::parse_mailbox(recipient), std::nullopt});
  if (!decision) return Failure::temporary("access rules: " + decision.error().text, {4, 3, 0});
  if (decision->action != directory::RuleAction::deny) return {};
  return Failure::permanent(printable(recipient, 100) + ": refused by an access rule: " + decision->to_text(),
                            {5, 7, 1});
}

// "bob" means bob of the primary domain; who may not read the directory is told it by smtpd's socket.
Circumstances circumstances_of(const config::Settings& settings, bool holds_against_lists) {
  Circumstances here{unix_user(), hostname_of(settings), {}, settings.flag("smtpd.validate")};
  const auto folder = settings.path("directory");
  auto opened = directory::Directory::open(folder, {});
  if (!opened) {
    // Lists that are there and cannot be read let nobody through.
    if (holds_against_lists && file_exists(folder + "/data.mdb"))
      here.lists = [why = opened.error().text](const std::string&, const std::string&) -> Result<void> {
        return Failure::temporary("access rules: " + why, {4, 3, 0});
      };
    return here;
  }
  const auto directory = std::make_shared<directory::Directory>(std::move(*opened));
  const auto primary = directory->primary_domain();
  here.default_domain = primary && !primary->empty() ? *primary : here.hostname;
  here.identity = [directory](const smtp::Mailbox& address) {
    const auto found = directory->find(address);
    return found ? directory::identity_of(*found, address) : address.to_text();
  };
  if (holds_against_lists)
    here.lists = [directory](const std::string& sender, const std::string& recipient) {
      return hold_against_lists(*directory, sender, recipient);
    };
  return here;
}

bool may_write_spool(const config::Settings& settings) {
  const std::string folder = settings.path("spool");
  return ::access(folder.c_str(), W_OK | X_OK) == 0 &&
         ::access((folder + "/data.mdb").c_str(), R_OK | W_OK) == 0 &&
         ::access((folder + "/lock.mdb").c_str(), R_OK | W_OK) == 0;
}

Result<spool::Spool> open_spool(const config::Settings& settings, const Clock& clock) {
  spool::Spool::Options options;
  options.inline_max = settings.number("spool.inline-max");
  options.disk_reserve = settings.part("spool.disk-reserve");
  options.group_commit = false;
  return spool::Spool::open(settings.path("spool"), options, clock);
}

ExitStatus explain(const Failure& failure) {
  const auto status = config::complain("sendmail", failure);
  const bool usage = failure.retry == Retry::never && failure.status == EnhancedStatus{5, 5, 4};
  return usage ? ExitStatus::usage : status;
}

std::string local_socket(const config::Settings& settings) {
  for (const auto& address : settings.list("local.listen"))
    if (address.starts_with("unix:")) return address.substr(5);
  return settings.path("run/submit.sock");
}

ExitStatus deliver(const config::Settings& settings, const CommandLine& line) {
  const SystemClock clock;
  std::optional<spool::Spool> spool;
  std::unique_ptr<Carrier> carrier;
  const bool writes_spool = may_write_spool(settings);
  if (writes_spool) {
    auto opened = open_spool(settings, clock);
    if (!opened) return explain(opened.error());
    spool.emplace(std::move(*opened));
    auto filters = policy::parse_filter_commands(settings.list("smtpd.filter"));
    if (!filters) return explain(filters.error());
    constexpr std::uint64_t growth_max = 2;  // as smtpd's
    carrier = make_spool_carrier(
        *spool, clock, {std::move(*filters), growth_max * settings.number("smtpd.message-size-max")});
  } else {
    carrier = make_socket_carrier(local_socket(settings), hostname_of(settings));
  }
  const auto here = circumstances_of(settings, writes_spool);  // else smtpd does
  Reader reader(STDIN_FILENO, {line.lone_dot_ends, here.validate, settings.number("smtpd.message-size-max")});
  const auto done = inject(line, here, reader, *carrier, clock);
  return done ? ExitStatus::ok : explain(done.error());
}

ExitStatus run_queue(const config::Settings& settings) {
  if (!may_write_spool(settings))
    return explain(Failure::permanent("this user may not wake the queue", {5, 7, 0}));
  const SystemClock clock;
  const auto spool = open_spool(settings, clock);
  if (!spool) return explain(spool.error());
  spool->nudge();
  return ExitStatus::ok;
}

// Becomes another program of the house.
ExitStatus become(std::vector<std::string> argv, const CommandLine& line) {
  argv.insert(argv.end(), line.common.begin(), line.common.end());
  std::vector<char*> raw;
  for (auto& word : argv) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(raw[0], raw.data());
  return explain(Failure::temporary("cannot run " + argv[0] + ": " + error_text(errno)));
}

void describe(config::Program& program, bool& flag, std::string& value,
              std::vector<std::string>& recipients) {
  program.flag("-t", flag, "Take the recipients from To, Cc and Bcc; remove Bcc.");
  program.flag("-i", flag, "A lone dot does not end the message; -oi too.");
  program.option("-f", value, "ADDR", "The sender, where errors go; <> is none. Default: USER@HOSTNAME.");
  program.option("-F", value, "NAME", "The sender's full name, for a From field that is missing.");
  program.option("-b", value, "m|s|p|i",
                 "m: take a message (default); s: SMTP on stdin; p: the queue, as mailq; i: nothing.");
  program.flag("-q", flag, "Wake the queue.");
  program.option("-N", value, "WHEN", "Whether to report: never, or a list of success, failure, delay.");
  program.option("-R", value, "full|hdrs", "What of the message a report returns.");
  program.option("-V", value, "ID", "The envelope's id, for reports.");
  program.operands(recipients, "RCPT...", "Recipients.");
}

int run(int argc, char** argv) {
  const auto line = parse_command_line({argv + 1, argv + argc});
  if (!line) return to_int(explain(line.error()));
  config::Program program("sendmail", "take a message from stdin into the queue",
                          {"server", "smtpd", "spool", "local"});
  bool flag = false;
  std::string value;
  std::vector<std::string> recipients;
  describe(program, flag, value, recipients);  // for --help: what is given has been read above
  std::vector<std::string> words = {argv[0]};
  words.insert(words.end(), line->common.begin(), line->common.end());
  std::vector<char*> raw;
  for (auto& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  if (const auto ended = program.parse(static_cast<int>(words.size()), raw.data())) return to_int(*ended);
  process::ignore_sigpipe();
  switch (line->mode) {
    case Mode::smtp_on_stdin:
      return to_int(become({process::sibling_program("smtpd"), "--stdio", "--trusted"}, *line));
    case Mode::print_queue:
      return to_int(become({process::sibling_program("mailq")}, *line));
    case Mode::run_queue:
      return to_int(run_queue(*program.settings()));
    case Mode::nothing:
      return 0;
    case Mode::deliver:
      break;
  }
  return to_int(deliver(*program.settings(), *line));
}

}  // namespace
}  // namespace tubepost::sendmail

int main(int argc, char** argv) { return tubepost::sendmail::run(argc, argv); }
