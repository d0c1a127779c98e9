// Whether a domain lets an address send mail in its name: check_host() of RFC 7208 4, and a survey of a record
// for those who publish it. Blocking, by the resolver; bounded in look-ups (4.6.4) and time. Threading: any
// thread.
#pragma once

#include <chrono>
#include <string>

#include "dns/resolver.h"
#include "mailauth/spf_record.h"

namespace tubepost::mailauth {

inline constexpr int spf_lookups_max = 10, spf_void_lookups_max = 2;  // RFC 7208 4.6.4
inline constexpr std::size_t spf_hosts_max = 10;                      // of one mx or ptr
inline constexpr std::chrono::seconds spf_time_max{20};

enum class SpfResult { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view to_text(SpfResult result);  // the words of RFC 7208 2.6: "softfail"

struct SpfQuestion {
  net::IpAddress client;
  std::string domain;  // of MAIL FROM, or HELO where that is null
  std::string sender;  // the whole address; without a local part: postmaster is taken (4.3)
  std::string helo;
  std::string receiver = "unknown";  // our name, for %{r}
  std::string time = {};             // for %{t}
};

struct SpfVerdict {
  SpfResult result = SpfResult::none;
  std::string why;          // the mechanism that decided, or what is wrong; one line
  std::string explanation;  // of a fail (6.2), printable ASCII; empty: none
  int lookups = 0, void_lookups = 0;
};
SpfVerdict check_host(dns::Resolver& resolver, const SpfQuestion& question);

// All that a record leads to, as a client sees it whom nothing covers: how many look-ups that takes - counted far
// beyond ten - and what is wrong on the way. `client` only chooses between A and AAAA.
struct SpfSurvey {
  bool exists = false;
  std::string text;  // the record
  int lookups = 0, void_lookups = 0;
  SpfResult result = SpfResult::none;  // permerror, temperror: `why` says what
  std::string why;
  char all = 0;  // the qualifier of the "all" that ends it; 0: there is none
};
SpfSurvey survey_spf(dns::Resolver& resolver, const std::string& domain, const net::IpAddress& client);

}  // namespace tubepost::mailauth
