// Whether a client's address has a name (S3): off; exists (its value is not looked at); confirmed (it leads
// back to the address, "iprev" of RFC 8601 3). Who has none is refused (550 5.7.25, RFC 7372 3.3); where the
// servers cannot say, or not in time, it is 451 4.7.25. Answers are remembered for some minutes.
//
// Threading: any thread, a LookUp in one. Bounded by `deadline` and cache_max answers. The clock must outlive it, and it its LookUps.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "dns/mx.h"

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
  ReverseDns(Options options, const Clock& clock);
  ~ReverseDns();

  class LookUp;
  // Adds to the inquiry what is to be asked of the client; `off`: nothing.
  LookUp begin(const net::IpAddress& client, ReverseNeed need, dns::Inquiry& inquiry);

private:
  struct State;
  std::unique_ptr<State> state_;
};

// One client's part of an inquiry, which its owner lets ask() between one step and the next.
class ReverseDns::LookUp {
public:
  void follow_up(dns::Inquiry& inquiry);
  ReverseVerdict finish(dns::Inquiry& inquiry);

private:
  friend class ReverseDns;
  LookUp(State& state, const net::IpAddress& client, ReverseNeed need, dns::Inquiry& inquiry);

  State& state_;
  const net::IpAddress client_;
  const ReverseNeed need_;
  std::optional<dns::ReverseNames> remembered_;
  std::optional<dns::ReverseLookUp> asked_;  // where nothing is remembered
};

}  // namespace tubepost::policy
