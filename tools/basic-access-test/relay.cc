// Tries to send through the server what it must not send. Every attempt ends at RCPT; where one is taken, RSET follows.
#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/relay_attempts.h"
#include "directory/directory.h"
#include "net/address_set.h"

namespace tubepost::basic_access_test {
namespace {

// {d} its domain, {h} its name, {l} its address as a literal. Elsewhere is RFC 2606's.
struct Trick {
  CheckId check;
  std::string_view sender, recipient;
};
constexpr Trick tricks[] = {
    {"relay-open", "stranger@example.net", "victim@example.org"},
    {"relay-open", "stranger@example.org", "victim@example.org"},
    {"relay-open", "stranger@example.net", "victim@example.org."},
    {"relay-null-sender", "", "victim@example.org"},
    {"relay-own-sender", "postmaster@{d}", "victim@example.org"},
    {"relay-own-sender", "victim@{d}", "victim@example.org"},
    {"relay-own-sender", "root@{h}", "victim@example.org"},
    {"relay-literal", "stranger@{l}", "victim@example.org"},
    {"relay-literal", "stranger@localhost", "victim@example.org"},
    {"relay-literal", "stranger", "victim@example.org"},
    {"relay-literal", "stranger@example.net", "victim@[192.0.2.1]"},
    {"relay-percent", "stranger@example.net", "victim%example.org@{d}"},
    {"relay-percent", "stranger@example.net", "victim%example.org@{l}"},
    {"relay-percent", "stranger@example.net", "victim%example.org@{h}"},
    {"relay-percent", "stranger@example.net", "victim%example.org"},
    {"relay-quoted", "stranger@example.net", "\"victim@example.org\"@{d}"},
    {"relay-quoted", "stranger@example.net", "\"victim%example.org\"@{d}"},
    {"relay-quoted", "stranger@example.net", "\"victim@example.org\"@{l}"},
    {"relay-quoted", "stranger@example.net", "\"victim@example.org\""},
    {"relay-route", "stranger@example.net", "@{d}:victim@example.org"},
    {"relay-route", "stranger@example.net", "@{h}:victim@example.org"},
    {"relay-route", "stranger@example.net", "@{l}:victim@example.org"},
    {"relay-route", "stranger@example.net", "victim@example.org@{d}"},
    {"relay-bang", "stranger@example.net", "example.org!victim@{d}"},
    {"relay-bang", "stranger@example.net", "example.org!victim"},
    {"relay-bang", "stranger@example.net", "{d}!example.org!victim"},
};

// A domain that the server has mailboxes in. Empty: none is known.
std::string domain_of(const Context& context) {
  const auto& options = context.options;
  if (options.account) return options.account->address.substr(options.account->address.find('@') + 1);
  if (!options.domain.empty()) return options.domain;
  if (!context.target.own) return {};
  const auto directory = directory::Directory::open(context.settings->path("directory"), {});
  const auto primary = directory ? directory->primary_domain() : Result<std::string>(Failure::temporary(""));
  return primary ? *primary : std::string();
}

std::string filled(std::string_view pattern, const RelayTarget& target) {
  std::string text;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const auto part = pattern.substr(at, 3);
    const std::string* value = part == "{d}"   ? &target.domain
                               : part == "{h}" ? &target.host
                               : part == "{l}" ? &target.literal
                                               : nullptr;
    if (!value) {
      text += pattern[at];
      continue;
    }
    text += *value;
    at += 2;
  }
  return text;
}

void check_tricks(const Context& context, const RelayTarget& target, CheckId check, Findings& findings) {
  RelayVerdict verdict(check, target);
  RelayAttempts attempts(context, target);
  for (const Trick& trick : tricks) {
    if (trick.check.row().id != check.row().id) continue;
    const bool needs_domain =
        (trick.sender.find("{d}") & trick.recipient.find("{d}")) != std::string_view::npos;
    if (needs_domain && target.domain.empty()) continue;
    const std::string recipient = filled(trick.recipient, target);
    const auto attempt = attempts.offer(filled(trick.sender, target), recipient);
    // A catch-all takes any local part: that is no relay, as long as it is at the domain's own name.
    const bool may_be_local = recipient.ends_with('@' + target.domain) ||
                              recipient.ends_with('@' + target.host) ||
                              recipient.ends_with('@' + target.literal);
    const bool harmless = attempt && attempt->taken && may_be_local && attempts.takes_anybody(recipient);
    verdict.count(attempt, harmless);
  }
  verdict.say(findings);
}

// Whoever trusts three networks of documents (RFC 5737), which have no hosts, trusts the world: that must not be passed over.
bool holds_everybody(const net::AddressSet& trusted) {
  constexpr std::string_view nobodies[] = {"192.0.2.1", "198.51.100.1", "203.0.113.1"};
  return std::all_of(std::begin(nobodies), std::end(nobodies),
                     [&](std::string_view nobody) { return trusted.contains(*net::IpAddress::parse(nobody)); });
}

std::optional<std::string> why_not(const Context& context, const Service* mx) {
  if (!mx) return "there is no MX listener";
  if (!context.target.own) return std::nullopt;
  const auto trusted = net::AddressSet::parse(join(context.settings->list("smtpd.trusted"), ","));
  if (trusted && !holds_everybody(*trusted) && trusted->contains(mx->endpoints.front().address))
    return "this machine is in smtpd.trusted, and may send; ask from outside (--peer, or --server elsewhere)";
  return std::nullopt;
}

void add_probe(const RelayTarget& target, CheckId check, std::function<void(Findings&)> run, Plan& plan) {
  Probe probe;
  probe.name = std::string(check.row().id) + ' ' + target.endpoint.to_text();
  probe.subject = target.subject;
  probe.checks = {check};
  probe.run = std::move(run);
  probe.lane = target.kind->name;
  plan.add(std::move(probe));
}

void add_submission(const Context& context, const std::string& domain, Plan& plan) {
  for (const auto name : {"submission", "submissions"}) {
    const Service* const service = context.target.find(name);
    if (!service) continue;
    const RelayTarget target =
        RelayTarget::of(*service->kind, service->endpoints.front(), context.target.host, domain);
    add_probe(
        target, "relay-submission",
        [&context, target](Findings& findings) { check_submission(context, target, findings); }, plan);
  }
}

}  // namespace

void add_relay(const Context& context, Plan& plan) {
  const std::string domain = domain_of(context);
  const Service* const mx = context.target.find("smtpd");
  if (const auto why = why_not(context, mx)) {
    for (const Check& row : relay_checks) plan.skip(CheckId(row), context.target.host, *why);
    return;
  }
  const RelayTarget target = RelayTarget::of(*mx->kind, mx->endpoints.front(), context.target.host, domain);
  add_probe(
      target, "relay-connect",
      [&context, target](Findings& findings) { check_relay_connect(context, target, findings); }, plan);
  for (const CheckId check : {CheckId("relay-open"), CheckId("relay-null-sender"),
                              CheckId("relay-own-sender"), CheckId("relay-literal"), CheckId("relay-percent"),
                              CheckId("relay-quoted"), CheckId("relay-route"), CheckId("relay-bang")})
    add_probe(
        target, check,
        [&context, target, check](Findings& findings) { check_tricks(context, target, check, findings); },
        plan);
  add_probe(
      target, "relay-trust",
      [&context, target](Findings& findings) { check_trust(context, target, findings); }, plan);
  add_submission(context, domain, plan);
  if (!context.options.account)
    return plan.skip("relay-smuggling", target.subject, "it needs an --account to send to");
  add_probe(
      target, "relay-smuggling",
      [&context, target](Findings& findings) { check_smuggling(context, target, findings); }, plan);
}

}  // namespace tubepost::basic_access_test
