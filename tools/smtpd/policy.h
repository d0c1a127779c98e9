// What the administrator decided about clients of one role (spec A1-A5, L7, S1), read once from the settings and asked by every
// session. Pure: an address and what is known of a login in, a verdict with the rule that made it out.
// Threading: immutable after make(), shared by all sessions.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/settings.h"
#include "net/address_set.h"
#include "policy/layers.h"
#include "policy/filter_pipeline.h"
#include "policy/policy_client.h"

namespace tubepost::smtpd {

enum class Role { mx, submission, lmtp, local };
std::string_view to_text(Role role);
std::string section_of(Role role);  // of its settings: "smtpd" for mx
std::optional<Role> parse_role(std::string_view text);

struct Verdict {
  bool yes = false;
  std::string_view rule;  // the setting or spec row that decided: "smtpd.trusted", "A1 no relay", …
};

// Who may relay, and what a client is told that may not (A1): 530 where logging in would help, 550 where it would not.
struct RelayVerdict : Verdict {
  bool authentication_would_help = false;
};

enum class SenderRule { own, domain, any };  // A11

class Policy {
 public:
  // Policy services that `previous` has, with the same settings, are taken over: their children live on.
  static Result<std::shared_ptr<const Policy>> make(const config::Settings& settings, Role role,
                                                    const Policy* previous = nullptr);

  // A4, A5: trusted addresses overrule every restriction. An unknown address is never trusted.
  Verdict is_trusted(const std::optional<net::IpAddress>& client) const;
  // S1, A5, A2: refused before the greeting.
  Verdict is_turned_away(const std::optional<net::IpAddress>& client) const;
  RelayVerdict may_relay(const std::optional<net::IpAddress>& client, bool authenticated) const;
  // A separate submission port serves nobody who may not relay (RFC 6409 4.3); a combined one is also the MX.
  bool submission_only() const { return role_ == Role::submission && !combined_; }
  bool offers_authentication() const { return offers_authentication_; }
  bool has_fixed_user() const { return has_fixed_user_; }  // A3: who logs in is nobody's account

  Role role() const { return role_; }
  const std::string& hostname() const { return hostname_; }
  SenderRule sender_rule() const { return sender_rule_; }
  bool cleartext_login() const { return cleartext_login_; }
  bool validates() const { return validates_; }
  bool requires_tls() const { return requires_tls_; }
  std::chrono::seconds idle_timeout() const { return idle_timeout_; }
  std::size_t messages_max() const { return messages_max_; }  // in one connection
  std::size_t errors_max() const { return errors_max_; }
  std::size_t recipients_max() const { return recipients_max_; }
  std::size_t data_line_max() const { return data_line_max_; }
  std::uint64_t message_size_max() const { return message_size_max_; }
  const policy::FilterCommands& filters() const { return filters_; }
  using PolicyServices = std::vector<std::shared_ptr<policy::Service>>;
  const policy::Layers::Options& layers() const { return layers_; }
  bool checks_helo() const { return checks_helo_; }
  bool is_secondary(const std::optional<net::IpAddress>& client) const {  // O10
    return client && secondaries_.contains(*client);
  }
  const PolicyServices& services() const { return services_; }  // in the order they are asked
  tubepost::policy::Service& quota_service() const { return *quota_service_; }
  // O10: who knows the recipients of the domains we are the secondary of; nullptr: nobody.
  tubepost::policy::Service* relay_recipients() const { return relay_recipients_.get(); }
  // A5: being trusted is no part of it. By the connection itself, not by what XCLIENT made of it.
  bool may_speak_for_others(const std::optional<net::IpAddress>& client) const {
    return client && xclient_hosts_.contains(*client);
  }

 private:
  bool is_own(const net::IpAddress& address) const;
  Result<void> read_ranges(const config::Settings& settings);
  Result<void> read_relay_recipients(const config::Settings& settings, const Policy* previous);
  Result<void> read_services(const config::Settings& settings, const Policy* previous);
  Result<void> read_layers(const config::Settings& settings);
  void read_limits(const config::Settings& settings);

  Role role_ = Role::mx;
  bool combined_ = false;  // L7: submission and MX share their port
  bool offers_authentication_ = false, has_fixed_user_ = false, ranges_on_ = false;
  bool block_own_ = false, trust_own_ = false;
  bool cleartext_login_ = false, validates_ = true, requires_tls_ = false;
  std::chrono::seconds idle_timeout_{300};
  std::size_t messages_max_ = 1000, errors_max_ = 20;
  net::AddressSet trusted_, blocked_, ranges_, xclient_hosts_, secondaries_;
  policy::Layers::Options layers_;
  bool checks_helo_ = false;
  std::vector<net::IpAddress> own_;
  SenderRule sender_rule_ = SenderRule::own;
  std::string hostname_;
  std::size_t recipients_max_ = 1000, data_line_max_ = 1024;
  std::uint64_t message_size_max_ = 50 << 20;
  policy::FilterCommands filters_;
  PolicyServices services_;
  std::shared_ptr<tubepost::policy::Service> quota_service_, relay_recipients_;
};

}  // namespace tubepost::smtpd
