#include "authd/throttle.h"

#include <algorithm>
#include <cmath>

#include "net/endpoint.h"

namespace tubepost::authd {
namespace {

constexpr Milliseconds known_for = std::chrono::hours(24);

std::string network_key(const Attempt& attempt) { return 'n' + attempt.network; }
std::string account_key(const Attempt& attempt) { return 'a' + attempt.account; }
std::string pair_key(const Attempt& attempt) { return 'p' + attempt.network + ' ' + attempt.account; }

Milliseconds delay_after(double failures, Milliseconds delay) {
  const double factor = std::min(std::exp2(std::max(failures, 1.0) - 1) / 4, 4.0);
  return Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(delay.count()) * factor));
}

}  // namespace

Throttle::Throttle(const Clock& clock, std::size_t entries_max)
    : clock_(clock), counts_(entries_max), pairs_(entries_max) {}

std::string Throttle::network_of(const std::string& address) {
  const auto parsed = net::IpAddress::parse(address);
  if (!parsed) return {};
  return parsed->is_v6() ? parsed->network(64).to_text() + "/64" : parsed->to_text();
}

bool Throttle::refuses(const ThrottleRules& rules, const Attempt& attempt) {
  const std::lock_guard lock(mutex_);
  const auto over = [&](const std::string& key) { return now_in(key, rules) > rules.failures_max - 1.0; };
  if (is_known(attempt)) return over(pair_key(attempt));
  return over(account_key(attempt)) || (!attempt.network.empty() && over(network_key(attempt)));
}

Milliseconds Throttle::failed(const ThrottleRules& rules, const Attempt& attempt, const std::string& guess) {
  const std::lock_guard lock(mutex_);
  const bool known = is_known(attempt);
  Pair& pair = pairs_.touch(pair_key(attempt));
  const double by = !guess.empty() && pair.last_guess == guess ? 0 : 1;
  pair.last_guess = guess;
  if (known) return delay_after(charge(pair_key(attempt), rules, by), rules.delay);
  double failures = charge(account_key(attempt), rules, by);
  if (!attempt.network.empty()) failures = std::max(failures, charge(network_key(attempt), rules, by));
  return delay_after(failures, rules.delay);
}

void Throttle::succeeded(const Attempt& attempt) {
  if (attempt.network.empty()) return;
  const std::lock_guard lock(mutex_);
  Pair& pair = pairs_.touch(pair_key(attempt));
  pair.known = true;
  pair.logged_in = clock_.since_boot();
}

bool Throttle::is_known(const Attempt& attempt) {
  const Pair* pair = attempt.network.empty() ? nullptr : pairs_.find(pair_key(attempt));
  return pair && pair->known && clock_.since_boot() - pair->logged_in < known_for;
}

double Throttle::now_in(const std::string& key, const ThrottleRules& rules) {
  const Count* count = counts_.find(key);
  if (!count) return 0;
  const auto elapsed = static_cast<double>((clock_.since_boot() - count->seen).count());
  const double sunk = elapsed * rules.failures_max /
                      static_cast<double>(std::max<Milliseconds::rep>(rules.window.count(), 1));
  return std::max(0.0, count->failures - sunk);
}

double Throttle::charge(const std::string& key, const ThrottleRules& rules, double by) {
  const double failures = now_in(key, rules) + by;
  Count& count = counts_.touch(key);
  count = {failures, clock_.since_boot()};
  return failures;
}

}  // namespace tubepost::authd
