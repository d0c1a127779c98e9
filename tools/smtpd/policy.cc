#include "smtpd/policy.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::smtpd {
namespace {

// L7: "its port may equal the MX port". Compared as written: the same address and port in both settings.
bool share_a_listener(const config::Settings& settings) {
  const auto mx = settings.list("smtpd.listen");
  const auto submission = settings.list("submission.listen");
  return std::any_of(mx.begin(), mx.end(), [&](const std::string& address) {
    return std::find(submission.begin(), submission.end(), address) != submission.end();
  });
}

Result<net::AddressSet> ranges(const config::Settings& settings, std::string_view name) {
  auto set = net::AddressSet::parse(join(settings.list(name), ","));
  if (!set) return std::move(set).error().while_doing(std::string(name));
  return set;
}

SenderRule parse_sender_rule(const std::string& text) {
  if (text == "any") return SenderRule::any;
  return text == "domain" ? SenderRule::domain : SenderRule::own;
}

}  // namespace

std::string_view to_text(Role role) {
  switch (role) {
    case Role::mx: return "mx";
    case Role::submission: return "submission";
    case Role::local: return "local";
  }
  return "mx";
}

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::mx, Role::submission, Role::local})
    if (to_text(role) == text) return role;
  return std::nullopt;
}

Result<std::shared_ptr<const Policy>> Policy::make(const config::Settings& settings, Role role) {
  auto policy = std::make_shared<Policy>();
  policy->role_ = role;
  policy->hostname_ = settings.text("server.hostname");
  policy->combined_ = role == Role::mx && (share_a_listener(settings) || settings.flag("smtpd.offer-auth"));
  if (role == Role::submission || policy->combined_) {
    policy->offers_authentication_ = settings.text("submission.authentication") != "off";
    auto allowed = ranges(settings, "submission.ranges");
    if (!allowed) return std::move(allowed).error();
    policy->ranges_ = std::move(*allowed);
    policy->ranges_on_ = !policy->ranges_.empty();
  }
  auto trusted = ranges(settings, "smtpd.trusted"), blocked = ranges(settings, "smtpd.blocked");
  if (!trusted) return std::move(trusted).error();
  if (!blocked) return std::move(blocked).error();
  policy->trusted_ = std::move(*trusted);
  policy->blocked_ = std::move(*blocked);
  policy->block_own_ = settings.flag("submission.block-own-addresses");
  policy->trust_own_ = settings.flag("submission.trust-own-addresses");
  if (policy->block_own_ || policy->trust_own_) policy->own_ = net::own_addresses();
  policy->sender_rule_ = parse_sender_rule(settings.text("submission.sender"));
  const std::string section = role == Role::mx ? "smtpd" : std::string(to_text(role));
  policy->idle_timeout_ = settings.duration(section + ".idle-timeout");
  if (role != Role::local) {
    policy->cleartext_login_ = settings.flag(section + ".cleartext-login");
    policy->requires_tls_ = settings.flag(section + ".require-tls");
  }
  policy->messages_max_ = settings.number("smtpd.messages-max");
  policy->errors_max_ = settings.number("smtpd.errors-max");
  policy->validates_ = settings.flag("smtpd.validate");
  policy->recipients_max_ = settings.number("smtpd.recipients-max");
  policy->data_line_max_ = settings.number("smtpd.data-line-max");
  policy->message_size_max_ = settings.number("smtpd.message-size-max");
  auto filters = tubepost::policy::parse_filter_commands(settings.list("smtpd.filter"));
  if (!filters) return std::move(filters).error().while_doing("smtpd.filter");
  policy->filters_ = std::move(*filters);
  return std::shared_ptr<const Policy>(std::move(policy));
}

bool Policy::is_own(const net::IpAddress& address) const {
  return address.is_loopback() || std::find(own_.begin(), own_.end(), address) != own_.end();
}

Verdict Policy::is_trusted(const std::optional<net::IpAddress>& client) const {
  if (role_ == Role::local) return {true, "role local"};
  if (!client) return {false, "client unknown"};
  if (trusted_.contains(*client)) return {true, "smtpd.trusted"};
  if (trust_own_ && is_own(*client)) return {true, "submission.trust-own-addresses"};
  return {false, "not in smtpd.trusted"};
}

Verdict Policy::is_turned_away(const std::optional<net::IpAddress>& client) const {
  // A5: safe > blocked ranges (S1) > block own > ranges and authentication.
  if (!client || is_trusted(client).yes) return {false, "trusted or unknown"};
  if (blocked_.contains(*client)) return {true, "smtpd.blocked"};
  const bool submits = role_ == Role::submission || combined_;
  if (submits && block_own_ && is_own(*client)) return {true, "submission.block-own-addresses"};
  if (submission_only() && ranges_on_ && !ranges_.contains(*client)) return {true, "submission.ranges"};
  return {false, "no range"};
}

RelayVerdict Policy::may_relay(const std::optional<net::IpAddress>& client, bool authenticated) const {
  if (const auto trusted = is_trusted(client); trusted.yes) return {{true, trusted.rule}, false};
  if (role_ == Role::mx && !combined_) return {{false, "A1 no relay"}, false};
  // A2: if both controls are on, both must hold; if one is on, it alone admits; if none is, only trusted clients.
  const bool in_ranges = client && ranges_.contains(*client);
  if (ranges_on_ && !in_ranges) return {{false, "submission.ranges"}, false};
  if (offers_authentication_)
    return {{authenticated, "submission.authentication"}, !authenticated};
  return {{ranges_on_, ranges_on_ ? "submission.ranges" : "A2 no control set"}, false};
}

}  // namespace tubepost::smtpd
