// A stand-in for `mxsend --worker`: takes jobs as relay/job.h has them, notes each in the file named by its first
// argument ("sent ID DOMAIN NUMBER…"), and answers as the names ask:
//
//   domains:  dead*   nobody answers (trouble=connect)      busy*  refused as a whole (trouble=session)
//             dsn*    takes DSN parameters                    by*    takes them, and DELIVERBY
//             hang*   nobody answers until mail for live.test was sent, and after ten seconds it says that this never was
//             slow*   is connected, and answers when there is a file DOMAIN.up beside the journal
//             late*   is connected when there is that file, by then too late: asks for room, and answers when it has some
//   users:    gone@   550 5.1.1      later@  451 4.7.1      dot@  dies after the final dot      crash@  aborts
//
// A file named DOMAIN.up beside the journal makes a dead domain answer.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "relay/job.h"

namespace {

using namespace tubepost;

struct FakeSender {
  std::string journal;
  process::RecordReader& reader;

  void note(const std::string& line) const {
    const int fd = ::open(journal.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (!write_all(fd, line + "\n")) std::abort();
    ::close(fd);
  }
  void note(const relay::Job& job) const {
    std::string line = "sent " + job.id.to_text() + ' ' + job.domain;
    for (const auto& recipient : job.recipients) line += ' ' + std::to_string(recipient.number);
    note(line);
  }
  void say_and_note(const relay::Job& job, relay::Phase phase) const {
    say(to_record(relay::PhaseNews{job.id, phase}));
    note(std::string(relay::to_text(phase)) + ' ' + job.domain);
  }
  bool is_up(const relay::Job& job) const {
    return std::filesystem::exists(journal + "." + job.domain + ".up");
  }
  void await_go_ahead() const {
    std::array<char, 4096> buffer;
    for (;;) {
      for (auto record = reader.next(); record && *record; record = reader.next())
        if (relay::is_go_ahead(**record)) return;
      const auto count = ::read(0, buffer.data(), buffer.size());
      if (count <= 0) std::exit(0);
      reader.feed({buffer.data(), static_cast<std::size_t>(count)});
    }
  }
  void connect_late(const relay::Job& job) const {
    say_and_note(job, relay::Phase::connecting);
    while (!is_up(job)) ::usleep(5'000);
    say_and_note(job, relay::Phase::waiting);
    await_go_ahead();
    say_and_note(job, relay::Phase::connected);
  }
  void be_slow(const relay::Job& job) const {
    say_and_note(job, relay::Phase::connecting);
    say_and_note(job, relay::Phase::connected);
    while (!is_up(job)) ::usleep(5'000);
  }
  bool live_was_sent() const {
    const std::string all = read_file(journal).value_or("");
    return all.find(" live.test ") != std::string::npos;
  }
  void hang(relay::Answer& answer, const relay::Job& job) const {
    say(to_record(relay::PhaseNews{job.id, relay::Phase::connecting}));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!live_was_sent() && std::chrono::steady_clock::now() < until) ::usleep(5'000);
    answer.trouble = relay::Trouble::connect;
    for (const auto& recipient : job.recipients)
      answer.verdicts.push_back({recipient.number,
                                 relay::Status::deferred,
                                 {4, 4, 1},
                                 0,
                                 job.domain,
                                 live_was_sent() ? "no answer" : "live.test was held up"});
    say(to_record(answer));
  }
  static void say(const process::Record& record) {
    if (!write_all(1, record.to_text())) std::exit(75);
  }
  relay::Trouble trouble_of(const relay::Job& job) const {
    if (is_up(job)) return relay::Trouble::none;
    if (job.domain.starts_with("dead")) return relay::Trouble::connect;
    return job.domain.starts_with("busy") ? relay::Trouble::session : relay::Trouble::none;
  }
  static relay::Verdict verdict(const relay::JobRecipient& recipient) {
    const std::string host = "mx.test[192.0.2.1]:25";
    if (recipient.address.starts_with("gone@"))
      return {recipient.number, relay::Status::failed, {5, 1, 1}, 550, host, "550 5.1.1 no such user"};
    if (recipient.address.starts_with("later@"))
      return {recipient.number, relay::Status::deferred, {4, 7, 1}, 451, host, "451 4.7.1 come back"};
    if (recipient.address.starts_with("crash@")) std::abort();
    return {recipient.number, relay::Status::delivered, {2, 0, 0}, 250, host, "250 ok"};
  }
  void run(const relay::Job& job) const {
    note(job);
    relay::Answer answer;
    answer.id = job.id;
    if (job.domain.starts_with("hang")) return hang(answer, job);
    if (job.domain.starts_with("late")) connect_late(job);
    if (job.domain.starts_with("slow")) be_slow(job);
    answer.trouble = trouble_of(job);
    answer.deliver_by = job.domain.starts_with("by");
    answer.dsn = answer.deliver_by || job.domain.starts_with("dsn");
    if (answer.trouble == relay::Trouble::none)
      say(to_record(relay::PhaseNews{job.id, relay::Phase::final_dot}));
    for (const auto& recipient : job.recipients) {
      if (recipient.address.starts_with("dot@")) ::raise(SIGKILL);
      answer.verdicts.push_back(
          answer.trouble == relay::Trouble::none
              ? verdict(recipient)
              : relay::Verdict{
                    recipient.number, relay::Status::deferred, {4, 4, 1}, 0, job.domain, "refused"});
    }
    say(to_record(answer));
  }
};

}  // namespace

int main(int argc, char** argv) {
  process::RecordReader reader;
  const FakeSender sender{argc > 1 ? argv[1] : "/dev/null", reader};
  std::array<char, 4096> buffer;
  for (;;) {
    const auto count = ::read(0, buffer.data(), buffer.size());
    if (count <= 0) return 0;
    reader.feed({buffer.data(), static_cast<std::size_t>(count)});
    for (auto record = reader.next(); record && *record; record = reader.next()) {
      const auto job = relay::parse_job(**record);
      if (!job) return 65;
      sender.run(*job);
    }
  }
}
