#include "smtpd/policy.h"

#include <algorithm>

#include "base/text.h"
#include "process/child.h"

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
    case Role::lmtp: return "lmtp";
    case Role::local: return "local";
  }
  return "mx";
}

std::string section_of(Role role) { return role == Role::mx ? "smtpd" : std::string(to_text(role)); }

std::optional<Role> parse_role(std::string_view text) {
  for (const Role role : {Role::mx, Role::submission, Role::lmtp, Role::local})
    if (to_text(role) == text) return role;
  return std::nullopt;
}

Result<std::shared_ptr<const Policy>> Policy::make(const config::Settings& settings, Role role, const Policy* previous) {
  auto made = std::make_shared<Policy>();
  made->role_ = role;
  made->hostname_ = settings.text("server.hostname");
  made->combined_ = role == Role::mx && (share_a_listener(settings) || settings.flag("smtpd.offer-auth"));
  if (role == Role::submission || made->combined_)
    made->offers_authentication_ = settings.text("submission.authentication") != "off";
  // As authd sees it: of other roles it asks for accounts.
  made->has_fixed_user_ = role == Role::submission && settings.text("submission.authentication").starts_with("fixed:");
  if (auto read = made->read_ranges(settings); !read) return std::move(read).error();
  if (auto read = made->read_services(settings, previous); !read) return std::move(read).error();
  if (auto read = made->read_layers(settings); !read) return std::move(read).error();
  made->read_limits(settings);
  return std::shared_ptr<const Policy>(std::move(made));
}

Result<void> Policy::read_ranges(const config::Settings& settings) {
  const std::pair<std::string_view, net::AddressSet*> sets[] = {{"submission.ranges", &ranges_},
                                                                {"smtpd.trusted", &trusted_},
                                                                {"smtpd.blocked", &blocked_},
                                                                {"smtpd.xclient-hosts", &xclient_hosts_},
                                                                {"smtpd.secondaries", &secondaries_}};
  for (const auto& [name, set] : sets) {
    if (set == &ranges_ && role_ != Role::submission && !combined_) continue;
    auto read = ranges(settings, name);
    if (!read) return std::move(read).error();
    *set = std::move(*read);
  }
  ranges_on_ = !ranges_.empty();
  block_own_ = settings.flag("submission.block-own-addresses");
  trust_own_ = settings.flag("submission.trust-own-addresses");
  if (block_own_ || trust_own_) own_ = net::own_addresses();
  return {};
}

Result<void> Policy::read_services(const config::Settings& settings, const Policy* previous) {
  auto filters = tubepost::policy::parse_filter_commands(settings.list("smtpd.filter"));
  if (!filters) return std::move(filters).error().while_doing("smtpd.filter");
  filters_ = std::move(*filters);
  auto quota = tubepost::policy::parse_service("unix:" + settings.text("smtpd.quota-socket") + ";default=dunno;timeout=5s");
  if (!quota) return std::move(quota).error().while_doing("smtpd.quota-socket");
  quota_service_ = previous != nullptr && previous->quota_service_->settings().text == quota->text
                       ? previous->quota_service_
                       : std::make_shared<tubepost::policy::Service>(std::move(*quota));
  if (auto read = read_relay_recipients(settings, previous); !read) return read;
  for (const auto& text : settings.list("smtpd.policy")) {
    auto service = tubepost::policy::parse_service(text);
    if (!service) return std::move(service).error().while_doing("smtpd.policy");
    const auto same = [&](const auto& each) { return each->settings().text == text; };
    if (previous != nullptr)
      if (const auto found = std::find_if(previous->services_.begin(), previous->services_.end(), same);
          found != previous->services_.end()) {
        services_.push_back(*found);
        continue;
      }
    services_.push_back(std::make_shared<tubepost::policy::Service>(std::move(*service)));
  }
  return {};
}

// A command without a slash is a program beside this one, which is told the instance.
Result<void> Policy::read_relay_recipients(const config::Settings& settings, const Policy* previous) {
  const auto text = settings.text("smtpd.relay-recipients");
  if (text.empty()) return {};
  const bool has_options = text.find(';') != std::string::npos;
  auto service = tubepost::policy::parse_service(has_options ? text : text + ";default=dunno;timeout=20s");
  if (!service) return std::move(service).error().while_doing("smtpd.relay-recipients");
  if (previous != nullptr && previous->relay_recipients_ && previous->relay_recipients_->settings().text == service->text) {
    relay_recipients_ = previous->relay_recipients_;
    return {};
  }
  auto& command = service->command;
  if (!command.empty() && command.front().find('/') == std::string::npos) {
    command.front() = process::sibling_program(command.front());
    command.insert(command.end(), {"--home", settings.home()});
  }
  relay_recipients_ = std::make_shared<tubepost::policy::Service>(std::move(*service));
  return {};
}

// S2, S3, and the limits by the hour.
Result<void> Policy::read_layers(const config::Settings& settings) {
  const auto hourly = [&](const char* name) { return static_cast<std::uint32_t>(settings.number(name)); };
  layers_.hourly = {hourly("smtpd.hourly-address-messages"),
                    hourly("smtpd.hourly-address-recipients"),
                    hourly("smtpd.hourly-network-messages"),
                    hourly("smtpd.hourly-network-recipients"),
                    hourly("smtpd.hourly-account-messages"),
                    hourly("smtpd.hourly-account-recipients"),
                    hourly("smtpd.hourly-recipient-messages")};
  layers_.reverse = tubepost::policy::parse_reverse_need(settings.text("smtpd.require-reverse-dns"))
                        .value_or(tubepost::policy::ReverseNeed::off);
  for (const auto& text : settings.list("smtpd.dnsbl")) {
    auto list = tubepost::policy::BlockList::parse(text);
    if (!list) return std::move(list).error().while_doing("smtpd.dnsbl");
    layers_.block_lists.lists.push_back(std::move(*list));
  }
  layers_.block_lists.reject_score = static_cast<int>(settings.number("smtpd.dnsbl-reject-score"));
  layers_.block_lists.deadline = settings.duration("smtpd.dnsbl-timeout");
  checks_helo_ = settings.flag("smtpd.helo-check");
  return {};
}

void Policy::read_limits(const config::Settings& settings) {
  sender_rule_ = parse_sender_rule(settings.text("submission.sender"));
  const std::string section = section_of(role_);
  idle_timeout_ = settings.duration(section + ".idle-timeout");
  if (role_ != Role::local) {
    cleartext_login_ = settings.flag(section + ".cleartext-login");
    requires_tls_ = settings.flag(section + ".require-tls");
  }
  messages_max_ = settings.number("smtpd.messages-max");
  errors_max_ = settings.number("smtpd.errors-max");
  validates_ = settings.flag("smtpd.validate");
  recipients_max_ = settings.number("smtpd.recipients-max");
  data_line_max_ = settings.number("smtpd.data-line-max");
  message_size_max_ = settings.number("smtpd.message-size-max");
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
  if (const auto trusted = is_trusted(client); trusted.yes) return {false, trusted.rule};
  if (!client) return {false, "client unknown"};
  if (blocked_.contains(*client)) return {true, "smtpd.blocked"};
  const bool submits = role_ == Role::submission || combined_;
  if (submits && block_own_ && is_own(*client)) return {true, "submission.block-own-addresses"};
  if (submission_only() && ranges_on_ && !ranges_.contains(*client)) return {true, "submission.ranges"};
  return {false, "no range"};
}

RelayVerdict Policy::may_relay(const std::optional<net::IpAddress>& client, bool authenticated) const {
  if (const auto trusted = is_trusted(client); trusted.yes) return {{true, trusted.rule}, false};
  if ((role_ == Role::mx && !combined_) || role_ == Role::lmtp) return {{false, "A1 no relay"}, false};
  // A2: if both controls are on, both must hold; if one is on, it alone admits; if none is, only trusted clients.
  const bool in_ranges = client && ranges_.contains(*client);
  if (ranges_on_ && !in_ranges) return {{false, "submission.ranges"}, false};
  if (offers_authentication_)
    return {{authenticated, "submission.authentication"}, !authenticated};
  return {{ranges_on_, ranges_on_ ? "submission.ranges" : "A2 no control set"}, false};
}

}  // namespace tubepost::smtpd
