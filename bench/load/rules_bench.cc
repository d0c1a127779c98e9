// What a look-up in the allow and deny lists costs (S4), and a change of them.
//
//   rules-bench FOLDER [ENTRIES]
//
// FOLDER must not exist; it is left behind. Half of the entries are domains, a quarter addresses, a quarter blocks of the network of
// eight lengths; all stand in the server's list, and as many again in that of one account. Not a test: figures depend on the machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "directory/directory.h"

namespace {

using namespace tubepost;
using namespace tubepost::directory;
using Time = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "rules-bench: %s\n", result.error().text.c_str());
  std::exit(70);
}
void must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "rules-bench: %s\n", result.error().text.c_str());
  std::exit(70);
}

std::string ip_of(unsigned n) {
  return std::to_string(11 + n / 65'536 % 200) + '.' + std::to_string(n / 256 % 256) + '.' +
         std::to_string(n % 256) + ".0";
}

std::vector<std::string> entries(unsigned count) {
  std::vector<std::string> all;
  for (unsigned n = 0; n < count; ++n) {
    const auto text = std::to_string(n);
    if (n % 2 == 0)
      all.push_back("spam" + text + ".example");
    else if (n % 4 == 1)
      all.push_back("joe" + text + "@mail" + std::to_string(n % 1000) + ".example");
    else
      all.push_back(ip_of(n) + '/' + std::to_string(24 + n / 4 % 8));
  }
  return all;
}

RuleFacts facts(unsigned n, bool hit) {
  RuleFacts facts;
  facts.client = net::IpAddress::parse("203.0." + std::to_string(n % 256) + ".7");
  facts.sender = smtp::Mailbox{
      "user",
      "mx." + std::string(hit ? "spam" + std::to_string(n * 2) : "good" + std::to_string(n)) + ".example"};
  facts.recipient = smtp::Mailbox{"bob", "example.test"};
  return facts;
}

void look_up(const Directory& directory, unsigned count, bool hit) {
  std::vector<double> times;
  unsigned denied = 0;
  for (unsigned i = 0; i < 50'000; ++i) {
    const auto question = facts(i * 7919 % (count / 2), hit);
    const auto begin = Time::now();
    const auto decision = must(directory.decide(question));
    times.push_back(std::chrono::duration<double, std::micro>(Time::now() - begin).count());
    denied += decision.action == RuleAction::deny;
  }
  std::sort(times.begin(), times.end());
  std::printf("look-up, %s, %u entries twice: median %.2f, 99 %% %.2f us (%u denied)\n",
              hit ? "a rule holds" : "no rule holds", count, times[times.size() / 2],
              times[times.size() * 99 / 100], denied);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  const unsigned count = argc > 2 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : 100'000;
  std::filesystem::create_directories(argv[1]);
  Directory::Options options;
  options.create = true;
  options.read_only = false;
  auto directory = must(Directory::open(argv[1], options));
  must(directory.add_domain("example.test", {{"primary", "yes"}}));
  must(directory.add_account("bob@example.test", {}));
  const auto all = entries(count);
  const auto begin = Time::now();
  must(directory.add_rules("server", RuleAction::deny, all));
  must(directory.add_rules("bob@example.test", RuleAction::deny, all));
  std::printf("adding %u entries twice: %.2f s\n", count,
              std::chrono::duration<double>(Time::now() - begin).count());
  look_up(directory, count, false);
  look_up(directory, count, true);
  const auto change = Time::now();
  must(directory.add_rules("server", RuleAction::allow, {"one@more.example"}));
  std::printf("one entry more, until it holds: %.2f ms\n",
              std::chrono::duration<double, std::milli>(Time::now() - change).count());
}
