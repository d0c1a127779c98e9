// Whether a client's address has a name (S3): off; exists (its value is not looked at); confirmed (it leads
// back to the address, "iprev" of RFC 8601 3). Who has none is refused (550 5.7.25, RFC 7372 3.3); where the
// servers cannot say, or not in time, it is 451 4.7.25. Answers are remembered for some minutes.
//
// Threading: any thread; who asks waits himself. Bounded by `deadline` and cache_max answers. Resolver and clock must
// outlive it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "dns/resolver.h"

namespace tubepost::policy {

enum class ReverseNeed { off, exists, confirmed };
std::optional<ReverseNeed> parse_reverse_need(std::string_view text);

struct ReverseVerdict {
  enum class Kind { passed, refused, deferred } kind = Kind::passed;
  // The confirmed name, for logs and policy services; empty: there is none, or it was not looked for.
  std::string name;
  std::string claimed;  // the first of its names, confirmed or not
  std::string text;     // for the reply: "192.0.2.7 has no reverse name"; empty when passed
  std::string inputs;   // for the trace: "PTR 7.2.0.192.in-addr.arpa: mx.example.net (confirmed)"
};

class ReverseDns {
public:
  struct Options {
    std::chrono::milliseconds deadline{10'000};
    std::size_t cache_max = 20'000;
  };
  ReverseDns(Options options, dns::Resolver& resolver, const Clock& clock);
  ~ReverseDns();
  // `off` passes without a look-up.
  ReverseVerdict check(const net::IpAddress& client, ReverseNeed need);

private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::policy
