// A small language for tests of deliver: an instance with the accounts alice, bob and carol of example.test,
// a real spool, a real store, and a worker in a process of its own, spoken to by pipes.
//
//   Instance instance;
//   const auto id = instance.spool_message("hello\r\n");
//   WorkerProcess worker(instance);
//   worker.give(job(id, 0, "bob@example.test"));
//   EXPECT_EQ(worker.answer().get_or("status", ""), "delivered");
#pragma once

#include <signal.h>

#include <filesystem>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "deliver/worker.h"
#include "directory/directory.h"
#include "process/child.h"
#include "process/records.h"
#include "spool/spool.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::deliver::test {

using test_support::TemporaryFolder;

class Instance {
public:
  Instance() {
    for (const char* name : {"spool", "directory"}) std::filesystem::create_directory(folder / name);
    directory::Directory::Options writable;
    writable.create = true;
    writable.read_only = false;
    auto opened = directory::Directory::open(folder / "directory", writable);
    EXPECT_TRUE(opened.has_value());
    must(opened->add_domain("example.test", {{"primary", "yes"}}));
    for (const char* name : {"alice", "bob", "carol"})
      EXPECT_TRUE(opened->add_account(name + std::string("@example.test"), {}).has_value());
  }

  static void must(const Result<void>& done) { EXPECT_TRUE(done.has_value()) << done.error().text; }

  // Each is opened anew: no environment may be open when a worker is forked.
  directory::Directory directory(bool writable = false) const {
    directory::Directory::Options options;
    options.read_only = !writable;
    return std::move(*directory::Directory::open(folder / "directory", options));
  }
  spool::Spool spool() const {
    spool::Spool::Options options;
    options.create = true;
    options.inline_max = inline_max;
    options.group_commit = false;
    return std::move(*spool::Spool::open(folder / "spool", options, clock));
  }
  mailstore::MailStore store() const {
    mailstore::MailStore::Options options;
    options.create = true;
    options.inline_max = inline_max;
    options.group_commit = false;
    return std::move(*mailstore::MailStore::open(folder / "store", options, clock));
  }

  std::vector<spool::SpoolId> spool_messages(const std::vector<std::string>& bodies) {
    auto open = spool();
    std::vector<spool::SpoolId> ids;
    for (const auto& text : bodies) {
      auto writer = open.new_body();
      writer.append(text);
      auto body = writer.finish();
      EXPECT_TRUE(body.has_value());
      ids.push_back(spool::SpoolId::make(clock));
      spool::NewRecipient recipient;
      recipient.address = "bob@example.test";
      must(open.accept({ids.back(), {}, {recipient}, std::move(*body)}));
    }
    return ids;
  }
  spool::SpoolId spool_message(const std::string& body) { return spool_messages({body}).front(); }

  // "head|body" of each message in the account's INBOX.
  std::vector<std::string> mail_of(const std::string& address) const {
    const auto account = *directory().find_account(*smtp::parse_mailbox(address));
    auto open = store();
    const auto box = *open.open_mailbox(account->id, "INBOX");
    std::vector<std::string> mail;
    const auto visit = [&](const mailstore::Message& info) {
      const auto message = open.fetch({account->id, box.id}, info.uid);
      mail.push_back(std::string((*message)->head()) + '|' + std::string((*message)->body()));
      return true;
    };
    must(open.list({account->id, box.id}, 1, visit));
    return mail;
  }
  std::vector<std::string> check_store() const { return *store().check(false); }

  TemporaryFolder folder;
  SystemClock clock;
  std::uint64_t inline_max = 1000;
};

inline process::Record job(const spool::SpoolId& id, std::uint32_t recipient, const std::string& mailbox) {
  process::Record record;
  record.set("id", id.to_text()).set("recipient", std::to_string(recipient)).set("mailbox", mailbox);
  record.set("detail", "").set("sender", "sender@remote.example").set("attempts", "1");
  return record;
}

// `deliver --worker` in a forked process.
class WorkerProcess {
public:
  explicit WorkerProcess(const Instance& instance, bool over_quota_fails = false) {
    process::ignore_sigpipe();
    auto jobs = process::make_pipe(), answers = process::make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      jobs->write_end.reset();
      answers->read_end.reset();
      ::_exit(run(instance, over_quota_fails, jobs->read_end.get(), answers->write_end.get()));
    }
    jobs_ = std::move(jobs->write_end);
    answers_ = std::move(answers->read_end);
  }
  WorkerProcess(const WorkerProcess&) = delete;
  ~WorkerProcess() {
    if (pid_ > 0) kill();
  }

  void give(const process::Record& record) { (void)write_all(jobs_.get(), record.to_text()); }
  void give_text(const std::string& text) { (void)write_all(jobs_.get(), text); }
  // nullopt: it has ended.
  std::optional<process::Record> next_answer() {
    for (;;) {
      auto record = reader_.next();
      if (record && *record) return std::move(**record);
      char buffer[4096];
      const ssize_t got = ::read(answers_.get(), buffer, sizeof buffer);
      if (got <= 0) return std::nullopt;
      reader_.feed({buffer, static_cast<std::size_t>(got)});
    }
  }
  process::Record answer() { return next_answer().value_or(process::Record()); }
  // "status code"
  std::string verdict() {
    const auto record = answer();
    return std::string(record.get_or("status", "none")) + ' ' + std::string(record.get_or("code", ""));
  }
  int end() {
    jobs_.reset();
    return wait();
  }
  void signal(int number) { ::kill(pid_, number); }
  void kill() {
    signal(SIGKILL);
    wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

private:
  static int run(const Instance& instance, bool over_quota_fails, int in, int out) {
    process::SignalSource stop{SIGTERM};
    const auto directory = instance.directory();
    const auto spool = instance.spool();
    auto store = instance.store();
    const log::Logger logger("deliver", log::Level::error, log::Format::logfmt);
    SpoolBodies bodies(spool);
    Desk desk({directory, store, bodies, instance.clock, logger, over_quota_fails});
    return to_int(Worker({desk, store, instance.clock, logger, &stop}, in, out).run());
  }

  pid_t pid_ = -1;
  UniqueFd jobs_, answers_;
  process::RecordReader reader_;
};

}  // namespace tubepost::deliver::test
