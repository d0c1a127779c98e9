// What guessing costs. Failed logins are counted per client network (an IPv6 client is its /64) and per
// account; each one's answer is held back longer than the last, and beyond a number of them further tries are
// refused unseen, for a while.
//
// Who has logged in to an account from a network within a day is no stranger to it: such a pair has a count
// of its own, so that strangers who guess cannot lock an owner out, nor one forgetful telephone its whole
// office. The same wrong password again (a mail program with an old one) is held back but not counted anew.
// A count sinks steadily, from `failures_max` to nothing in `window`. All tables are bounded. Threading: any
// thread.
#pragma once

#include <mutex>
#include <string>

#include "base/bounded_map.h"
#include "base/clock.h"

namespace tubepost::authd {

struct ThrottleRules {
  unsigned failures_max = 10;
  Milliseconds window{600'000};
  // The first failed login is answered after a quarter of this, each further one after twice the time, up to
  // four times this.
  Milliseconds delay{2'000};
};

struct Attempt {
  std::string network;  // empty: not known, or exempt: only the account counts
  std::string account;
};

class Throttle {
public:
  explicit Throttle(const Clock& clock, std::size_t entries_max = 10'000);

  bool refuses(const ThrottleRules& rules, const Attempt& attempt);
  // Counts it; says how long its answer should be held back. `guess`: a digest of what was tried; empty: not
  // known.
  Milliseconds failed(const ThrottleRules& rules, const Attempt& attempt, const std::string& guess);
  void succeeded(const Attempt& attempt);

  static std::string network_of(
      const std::string& address);  // "192.0.2.7", "2001:db8::/64"; empty: not an address

private:
  struct Count {
    double failures = 0;
    Milliseconds seen{0};
  };
  struct Pair {
    bool known = false;
    Milliseconds logged_in{0};
    std::string last_guess;
  };
  bool is_known(const Attempt& attempt);
  double now_in(const std::string& key, const ThrottleRules& rules);
  double charge(const std::string& key, const ThrottleRules& rules, double by);

  const Clock& clock_;
  std::mutex mutex_;
  BoundedMap<Count> counts_;  // keys: "n" network, "a" account, "p" network and account
  BoundedMap<Pair> pairs_;
};

}  // namespace tubepost::authd
