// Where MTA-STS policies come from: HTTPS (RFC 8461 3.3), or a test. Threading: one thread a source.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "dns/resolver.h"
#include "mailauth/sts_policy.h"

namespace tubepost::mailauth {

// Of a Failure of fetch(): no authority vouches for the certificate, or it is another host's.
inline constexpr EnhancedStatus sts_untrusted{4, 7, 5};

class StsSource {
public:
  virtual ~StsSource() = default;
  // https://mta-sts.DOMAIN/.well-known/mta-sts.txt, at most sts_policy_max bytes of it, or one more where it is longer.
  virtual Result<std::string> fetch(const std::string& domain) = 0;
};

// In the library mailauth_https, which alone brings POCO's TLS.
class HttpsStsSource final : public StsSource {
public:
  struct Options {
    std::uint16_t port = 443;
    std::string ca_file;                     // empty: the system's
    std::chrono::milliseconds time{60'000};  // RFC 8461 3.3: for the whole, whatever comes byte by byte
  };
  HttpsStsSource(Options options, dns::Resolver& resolver)
      : options_(std::move(options)), resolver_(resolver) {}
  Result<std::string> fetch(const std::string& domain) override;

private:
  Options options_;
  dns::Resolver& resolver_;
};

}  // namespace tubepost::mailauth
