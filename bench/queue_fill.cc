// Fills a spool and times what must stay quick in it, for bench/run queue and bench/run destinations:
//
//   queue-fill SPOOL fill MESSAGES RECIPIENTS DOMAINS [deferred|parked|live]
//       so many messages of so many recipients each, of the domains d0.test, d1.test, … in turn; as they were accepted,
//       or as an attempt left them; live: without those of one recipient in every tenth domain, d0.test, d10.test, …
//   queue-fill SPOOL measure
//       milliseconds, a line each: head, totals, lanes, next-job (a claim of one recipient from a lane, given back)
//   queue-fill peak PROGRAM [ARG…]
//       runs it, and says on standard error how many MB it had at most. (A program's peak begins with that of the process that
//       starts it, which for bench/run is Python's.)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "spool/spool.h"

namespace {

using namespace tubepost;

constexpr std::size_t threads = 32, claims_a_turn = 2'000;
constexpr Milliseconds later{3'600'000};

[[noreturn]] void die(const std::string& text) {
  std::fprintf(stderr, "queue-fill: %s\n", text.c_str());
  std::exit(75);
}

template <class T>
T must(Result<T> result) {
  if (!result) die(result.error().text);
  return std::move(*result);
}

struct Shape {
  std::size_t messages, recipients, domains;
  std::string state;
  bool has(std::size_t message) const { return state != "live" || message % domains % 10 != 0; }
};

void accept_one(spool::Spool& spool, const Shape& shape, std::size_t number, const Clock& clock) {
  spool::BodyWriter writer = spool.new_body();
  writer.append("From: <sender@source.test>\r\nSubject: " + std::to_string(number) + "\r\n\r\n" +
                std::string(500, 'x') + "\r\n");
  spool::Message message{spool::SpoolId::make(clock), {}, {}, must(writer.finish())};
  message.envelope.reverse_path = "sender" + std::to_string(number % 7) + "@source.test";
  message.envelope.origin.role = "mx";
  for (std::size_t i = 0; i < shape.recipients; ++i) {
    const std::size_t domain = (number * shape.recipients + i) % shape.domains;
    message.recipients.push_back(
        {"user" + std::to_string(number) + "@d" + std::to_string(domain) + ".test", "", "", ""});
  }
  if (auto done = spool.accept(std::move(message)); !done) die(done.error().text);
}

// As attempts leave them: in the lanes of their domains, or each at a time of its own.
void attempt_all(spool::Spool& spool, const std::string& state, const Clock& clock) {
  std::vector<spool::Outcome> outcomes;
  for (;;) {
    const auto turn = must(spool.turn(outcomes, clock.now(), claims_a_turn));
    outcomes.clear();
    if (turn.claims.empty()) return;
    for (const spool::Claim& claim : turn.claims) {
      spool::Outcome outcome;
      outcome.kind = state == "parked" ? spool::Outcome::Kind::postponed : spool::Outcome::Kind::deferred;
      outcome.id = claim.id;
      outcome.recipient = claim.recipient.number;
      outcome.next = clock.now() + later;
      outcome.status = {4, 4, 1};
      outcome.lane = claim.recipient.address.substr(claim.recipient.address.rfind('@') + 1);
      outcome.parked = state == "parked";
      outcome.text = "mx." + outcome.lane + "[192.0.2.1]:25: connect to 192.0.2.1:25: Connection timed out";
      outcomes.push_back(std::move(outcome));
    }
  }
}

void fill(spool::Spool& spool, const Shape& shape, const Clock& clock) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      for (std::size_t number = next++; number < shape.messages; number = next++)
        if (shape.has(number)) accept_one(spool, shape, number, clock);
    });
  for (std::thread& worker : workers) worker.join();
  if (shape.state == "deferred" || shape.state == "parked") attempt_all(spool, shape.state, clock);
}

template <class What>
void timed(const char* name, const What& what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  std::printf("%s\t%.3f\n", name, took.count());
}

void measure(spool::Spool& spool, const Clock& clock) {
  timed("head", [&] {
    const auto listed = spool.list({}, [](const spool::Queued&) { return false; });
    if (!listed) die(listed.error().text);
  });
  timed("totals", [&] { must(spool.totals()); });
  timed("lanes", [&] { must(spool.lanes()); });
  spool::LaneWork work;
  work.wishes.push_back({"d7.test", 1, 0});
  spool::Turn turn;
  timed("next-job", [&] { turn = must(spool.turn({}, clock.now(), 0, work)); });
  timed("give-back", [&] { must(spool.recover_claims()); });
}

int peak(char** program) {
  if (const pid_t child = ::fork(); child == 0) {
    ::execv(program[0], program);
    ::_exit(127);
  }
  int status = 0;
  rusage used{};
  ::wait3(&status, 0, &used);
  std::fprintf(stderr, "%.1f\n", static_cast<double>(used.ru_maxrss) / 1024);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;  // one that is told to stop reading ends by SIGPIPE
}

std::size_t number_of(const char* text) { return static_cast<std::size_t>(std::strtoull(text, nullptr, 10)); }

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 2 && words[0] == "peak") return peak(argv + 2);
  const bool fills = words.size() >= 5 && words[1] == "fill";
  if (!fills && !(words.size() == 2 && words[1] == "measure")) die("see the head of bench/queue_fill.cc");
  const SystemClock clock;
  spool::Spool::Options options;
  options.create = true;
  options.disk_reserve = 0;
  auto spool = must(spool::Spool::open(words[0], options, clock));
  if (fills)
    fill(spool,
         {number_of(argv[3]), number_of(argv[4]), number_of(argv[5]), words.size() > 5 ? words[5] : ""},
         clock);
  else
    measure(spool, clock);
  return 0;
}
