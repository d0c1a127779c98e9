// How much TLS a host must show before mail is given to it, and who vouches for it: DANE (RFC 7672) before
// MTA-STS (RFC 8461) before what comes (opportunistic, RFC 7435). Pure but for the resolver.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/mx.h"
#include "mailauth/sts_policy.h"
#include "tls/context.h"

namespace tubepost::mailauth {

// What the domain has published of its TLS, as reports name it (RFC 8460 4.4).
struct Published {
  std::string type;               // "tlsa", "sts"; empty: nothing
  std::vector<std::string> text;  // the policy's own lines
  std::string problem;            // result-type, where one is announced that cannot be had
};

struct TlsPolicy {
  enum class Level {
    may,       // TLS where it is offered, clear text else; no certificate is asked
    encrypt,   // TLS, whoever it is
    dane,      // a certificate that TLSA records name
    authority  // one that an authority vouches for, with one of the names
  } level = Level::may;
  tls::PeerDemands demands;
  std::string why;  // for people: "DANE: 2 TLSA records of _25._tcp.mx.example.net"
  // MTA-STS in the mode "testing" (RFC 8461 5): the certificate is held against these for the report, and nothing comes
  // of it. Empty: no such policy, or it does not name the host (published->problem).
  std::vector<std::string> tested_names;
  std::optional<Published>
      published;  // nullopt: sessions are not counted: not by MX, or by the sender's own word

  bool is_required() const { return level != Level::may; }
  bool is_verified() const { return level == Level::dane || level == Level::authority; }
};
std::string_view to_text(TlsPolicy::Level level);

inline constexpr EnhancedStatus not_in_sts_policy{4, 7, 5};

struct TlsWishes {
  bool require_tls = false;   // RFC 8689 4: the sender would rather have it back than sent without
  bool tls_optional = false;  // RFC 8689 5: "TLS-Required: No": the sender would rather have it sent
};

// A host of `domain` (the next hop as mail has it). Failures are of this host: temporary where TLSA records
// cannot be looked up (RFC 7672 2.1: then it is not connected to), temporary 4.7.5 where the domain's MTA-STS policy does not
// name it, permanent 5.7.30 where REQUIRETLS cannot be had.
Result<TlsPolicy> policy_for(dns::Resolver& resolver, const std::string& domain, const dns::MailHosts& hosts,
                             const dns::MailHost& host, std::uint16_t port,
                             const std::optional<StsPolicy>& sts, const TlsWishes& wishes);

// "TLS-Required: No" stands in the header (RFC 8689 5).
bool says_tls_optional(std::string_view message);

}  // namespace tubepost::mailauth
