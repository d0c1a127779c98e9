// A stand-in for `deliver --worker`: reads jobs, answers, and misbehaves as the mailbox asks. What it
// delivers and what it is told to forget is appended to the file named by its first argument, a line each,
// before it answers.
//
//   crash@…  abort          kill@…  SIGKILL to itself     exit@…  exit 75         hang@…  silence for ever
//   defer@…  status=deferred     fail@…  status=failed      garbage@…  an answer that is none
//   anything else: status=delivered, and once only: a job delivered before is answered as then, and not
//   written again
//
// With a second argument `reverse` the jobs that are there at one time are answered last first.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "process/records.h"

namespace {

using tubepost::process::Record;

struct FakeWorker {
  std::string journal;
  bool reverse = false;
  std::vector<Record> jobs;

  void note(const std::string& line) const {
    const int fd = ::open(journal.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (!tubepost::write_all(fd, line + "\n")) std::abort();
    ::close(fd);
  }
  bool noted(const std::string& line) const {
    const auto all = tubepost::read_file(journal);
    return all && ("\n" + *all).find("\n" + line + "\n") != std::string::npos;
  }
  static void answer(const Record& job, const char* status, const char* code) {
    Record record;
    record.set("id", job.get_or("id", "")).set("recipient", job.get_or("recipient", ""));
    record.set("status", status).set("code", code).set("text", std::string("said ") + status);
    if (!tubepost::write_all(1, record.to_text())) std::exit(75);
  }
  void run(const Record& job) const {
    const std::string mailbox(job.get_or("mailbox", ""));
    const std::string name = mailbox.substr(0, mailbox.find('@'));
    if (name == "crash") std::abort();
    if (name == "kill") ::raise(SIGKILL);
    if (name == "exit") std::exit(75);
    if (name == "hang") ::pause();
    if (name == "defer") return answer(job, "deferred", "4.2.2");
    if (name == "fail") return answer(job, "failed", "5.2.2");
    if (name == "garbage") return answer({}, "delivered", "2.0.0");
    const std::string line = "delivered " + std::string(job.get_or("id", "")) + "/" +
                             std::string(job.get_or("recipient", "")) + " " + mailbox;
    if (!noted(line)) note(line);
    answer(job, "delivered", "2.1.5");
  }
  void take(const Record& record) {
    if (const auto forgotten = record.get("forget"))
      for (const auto& [name, value] : record.fields()) note("forget " + value);
    else
      jobs.push_back(record);
  }
  void run_all() {
    for (; !jobs.empty(); jobs.erase(reverse ? jobs.end() - 1 : jobs.begin()))
      run(reverse ? jobs.back() : jobs.front());
  }
};

}  // namespace

int main(int argc, char** argv) {
  FakeWorker worker{argc > 1 ? argv[1] : "/dev/null", argc > 2 && std::string(argv[2]) == "reverse", {}};
  tubepost::process::RecordReader reader;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto count = ::read(0, buffer.data(), buffer.size());
    if (count <= 0) return 0;
    reader.feed({buffer.data(), static_cast<std::size_t>(count)});
    for (auto record = reader.next(); record; record = reader.next()) {
      if (!*record) break;
      worker.take(**record);
    }
    worker.run_all();
  }
}
