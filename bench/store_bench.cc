// What the store alone costs, without a protocol in front of it: one mailbox, many messages.
//
//   store-bench FOLDER [MESSAGES [BODY-SIZE]]
//
// FOLDER must not exist; it is left behind. Prints a line for each operation. Not a test: figures depend on
// the machine and its disk; docs/adr/0003 has those that decided the format.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/file.h"
#include "mailstore/mailstore.h"

namespace {

using namespace tubepost;
using namespace tubepost::mailstore;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "store-bench: %s\n", result.error().text.c_str());
  std::exit(70);
}
void must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "store-bench: %s\n", result.error().text.c_str());
  std::exit(70);
}

double cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// The best of `runs`, in milliseconds of time and of this process's CPU.
template <class Work>
void measure(const char* what, int runs, Work work) {
  double best = 1e300, best_cpu = 1e300;
  for (int run = 0; run < runs; ++run) {
    const auto began = std::chrono::steady_clock::now();
    const double cpu = cpu_ms();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    best = std::min(best, took.count());
    best_cpu = std::min(best_cpu, cpu_ms() - cpu);
  }
  std::printf("%-34s %9.2f ms  cpu %9.2f ms\n", what, best, best_cpu);
  std::fflush(stdout);
}

class Bench {
public:
  Bench(const std::string& folder, std::size_t messages, std::size_t size)
      : messages_(messages), body_(size, 'x'), store_(open(folder)) {
    box_ = make("crowd");
    other_ = make("other");
  }

  void run() {
    measure("APPEND of all, 100 at a time", 1, [&] { fill(); });
    read();
    write();
    appends(1, 1, 300);
    appends(10, 1, 300);
    appends(10, 10, 300);
  }

private:
  static MailStore open(const std::string& folder) {
    MailStore::Options options;
    options.create = true;
    must(make_directory(folder, 0700));
    return must(MailStore::open(folder, options, clock_));
  }
  MailboxRef make(const std::string& name) { return {1, must(store_.create(1, name)).id}; }

  Append message() {
    auto body = store_.new_body();
    must(body.write(body_));
    must(body.finish());
    return {std::move(body), {}, clock_.now(), std::string(1200, 's'), std::string(body_.size(), 't')};
  }
  void fill() {
    for (std::size_t done = 0; done < messages_; done += 100) {
      std::vector<Append> some;
      for (int i = 0; i < 100; ++i) some.push_back(message());
      must(store_.append(box_, some));
    }
  }

  void read() {
    std::uint64_t sum = 0;
    measure("SELECT (view)", 20, [&] { sum += must(store_.view(box_)).uids.size(); });
    measure("scan of all records", 10, [&] { scan(With::records, sum); });
    measure("scan of all structures", 3, [&] { scan(With::structures, sum); });
    measure("scan of all texts, memmem", 3, [&] { scan(With::texts, sum); });
    measure("changes since the last", 20, [&] {
      sum += must(store_.changes_since(box_, must(store_.status(box_)).highest_modseq - 1)).uids.size();
    });
    measure("fetch of all bodies", 1, [&] {
      for (Uid uid = 1; uid <= messages_; ++uid) sum += must(store_.fetch(box_, uid))->body().size();
    });
    if (sum == 0) std::puts("nothing was read");
  }
  void scan(With with, std::uint64_t& sum) {
    must(store_.scan(box_, UidSet::all(), with, [&](const Scanned& scanned) {
      sum += scanned.message.flags + scanned.structure.size() + 1;
      if (!scanned.text.empty())
        sum += ::memmem(scanned.text.data(), scanned.text.size(), "needle", 6) != nullptr;
      return true;
    }));
  }

  void write() {
    const auto all = UidSet::all();
    const FlagChange add{FlagChange::How::add, {seen, {}}, {}},
        remove{FlagChange::How::remove, {seen, {}}, {}};
    bool is_set = false;
    measure("STORE 1:* +FLAGS, -FLAGS", 6, [&] {
      must(store_.store_flags(box_, all, is_set ? remove : add));
      is_set = !is_set;
    });
    measure("COPY 1:*", 1, [&] { must(store_.copy(box_, all, other_)); });
    measure("EXPUNGE of all the copies", 1, [&] { must(store_.expunge(other_, all)); });
    measure("MOVE 1:*", 1, [&] { must(store_.move(box_, all, other_)); });
    measure("EXPUNGE of all", 1, [&] { must(store_.expunge(other_, all)); });
    measure("sweep (references, bodies)", 1, [&] { must(store_.sweep(clock_.now(), 10)); });
  }

  void appends(int clients, int mailboxes, int each) {
    std::vector<MailboxRef> boxes;
    for (int i = 0; i < mailboxes; ++i) boxes.push_back(make("append" + std::to_string(++made_)));
    const auto began = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client)
      threads.emplace_back([&, client] {
        for (int i = 0; i < each; ++i) {
          std::vector<Append> one;
          one.push_back(message());
          must(store_.append(boxes[static_cast<std::size_t>(client % mailboxes)], one));
        }
      });
    for (auto& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("APPEND, %2d clients, %2d mailboxes %12.0f/s\n", clients, mailboxes,
                clients * each / took.count());
  }

  inline static const SystemClock clock_;
  std::size_t messages_;
  std::string body_;
  MailStore store_;
  MailboxRef box_, other_;
  int made_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: store-bench FOLDER [MESSAGES [BODY-SIZE]]\n", stderr);
    return 64;
  }
  const std::size_t messages = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50'000;
  const std::size_t size = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 5'000;
  Bench(argv[1], messages, size).run();
}
