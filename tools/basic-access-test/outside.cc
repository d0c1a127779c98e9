// The group outside: the way out - port 25, the smarthost - and what others hold of our addresses.
#include "auth/smarthost_account.h"
#include "base/text.h"
#include "basic-access-test/dns_checks.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/own_addresses.h"
#include "dns/host_port.h"
#include "dns/mx.h"
#include "net/fd_stream.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::chrono::seconds greeting_limit{15};
constexpr std::uint16_t smtp_port = 25, submissions_port = 465;

// The last two labels: the greeting of a big provider names one of its machines, not the name it is asked by.
std::string_view organisation(std::string_view name) {
  const auto last = name.rfind('.');
  if (last == std::string_view::npos || last == 0) return name;
  const auto before = name.rfind('.', last - 1);
  return before == std::string_view::npos ? name : name.substr(before + 1);
}

Result<std::string> greeting_of(const net::Endpoint& endpoint, const std::string& hello) {
  return guarded<std::string>([&]() -> Result<std::string> {
    auto stream = net::connect_tcp(endpoint, connect_limit);
    if (!stream) return stream.error();
    smtp::ClientTimeouts times;
    times.greeting = times.command = greeting_limit;
    smtp::Client client(**stream, {hello, false, times});
    const auto reply = client.greeting();
    if (!reply) return reply.error();
    client.quit();
    return std::to_string(reply->code) + ' ' + reply->first_line();
  });
}

void probe_host(const Context& context, const dns::HostPort& host, Findings& findings) {
  const auto subject = host.to_text();
  const auto addresses = dns::find_addresses(context.resolver, host.host);
  if (!addresses) return findings.skip("outside-port-25", subject, addresses.error().text);
  std::string seen;
  for (const auto& address : addresses->all) {
    const net::Endpoint endpoint{address, host.port};
    const auto greeting = greeting_of(endpoint, context.target.host);
    if (!greeting) {
      seen += endpoint.to_text() + ": " + greeting.error().text + '\n';
      continue;
    }
    seen += endpoint.to_text() + ": " + *greeting + '\n';
    const auto words = split_words(*greeting);
    const auto name = words.size() > 1 ? to_lower(words[1]) : std::string();
    if (!greeting->starts_with("2"))
      return findings.warn("outside-port-25", subject, seen + "it is reached, and refuses",
                           "Read what it says; basic-access-test explain tells more.");
    if (organisation(name) != organisation(to_lower(host.host)))
      return findings.fail("outside-port-25", subject, seen + "somebody else answers in its place",
                           "A router, firewall or scanner of yours or of the provider takes the connections: "
                           "switch that off, or send through a smarthost.");
    return findings.ok("outside-port-25", subject, seen);
  }
  findings.fail("outside-port-25", subject, seen + "no address of it can be reached");
}

void add_probe_hosts(const Context& context, Plan& plan) {
  for (const auto& text : context.settings->list("access-test.probe-hosts")) {
    const auto host = dns::parse_host_port(text, smtp_port);
    if (!host) {
      plan.skip("outside-port-25", text, "it is no HOST[:PORT]");
      continue;
    }
    Probe probe;
    probe.subject = host->to_text();
    probe.name = "outside " + probe.subject;
    probe.checks = {"outside-port-25"};
    probe.run = [&context, host = *host](Findings& findings) { probe_host(context, host, findings); };
    plan.add(std::move(probe));
  }
}

// ---- the smarthost

// What mxsend demands before it logs in (O4).
Result<void> is_trusted(const MailSession& session, const auth::SmarthostAccount& account) {
  using Tls = auth::SmarthostAccount::Tls;
  if (account.tls == Tls::may) return {};
  if (!session.is_secure()) return Failure::permanent("it offers no TLS, and the account demands it");
  if (account.tls == Tls::encrypt) return {};
  if (!session.inspection()->distrust.empty())
    return Failure::permanent("its certificate: " + session.inspection()->distrust);
  if (!session.inspection()->name_matches) return Failure::permanent("its certificate is for another name");
  return {};
}

Result<std::string> talk_to_smarthost(MailSession& session, const auth::SmarthostAccount* account) {
  if (const auto offer = session.open(WithTls::where_offered); !offer) return offer.error();
  if (!account) return std::string("reached; no login is set, and none was tried");
  if (auto trusted = is_trusted(session, *account); !trusted) return std::move(trusted).error();
  if (auto done = session.login({account->user, std::string(account->password.view())}, account->mechanism);
      !done)
    return done.error();
  return account->user + " logged in by " + session.mechanism();
}

void check_smarthost(const Context& context, const dns::HostPort& host, Findings& findings) {
  const auto subject = host.to_text();
  const auto file = context.settings->text("mxsend.smarthost-auth");
  auto account = file.empty() ? Result<auth::SmarthostAccount>(auth::SmarthostAccount())
                              : auth::read_smarthost_account(file);
  if (!account) return findings.fail("outside-smarthost", subject, account.error().text);
  const auto addresses = dns::find_addresses(context.resolver, host.host);
  if (!addresses) return findings.fail("outside-smarthost", subject, addresses.error().text);
  auto wishes = wishes_for(context);
  wishes.host = host.host;
  wishes.clear_passwords = account->clear_text;
  const auto* const kind = find_service(host.port == submissions_port ? "submissions" : "submission");
  std::string seen;
  for (const auto& address : addresses->all) {
    const net::Endpoint endpoint{address, host.port};
    MailSession session(*kind, endpoint, wishes);
    const auto done = talk_to_smarthost(session, file.empty() ? nullptr : &*account);
    session.bye();
    if (done) return findings.ok("outside-smarthost", subject, seen + endpoint.to_text() + ": " + *done);
    seen += session.record() + endpoint.to_text() + ": " + done.error().text + '\n';
  }
  findings.fail("outside-smarthost", subject, seen);
}

void add_smarthosts(const Context& context, Plan& plan) {
  for (const auto& text : context.settings->list("mxsend.smarthost")) {
    const auto host = dns::parse_host_port(text, smtp_port);
    if (!host) {
      plan.skip("outside-smarthost", text, "it is no HOST[:PORT]");
      continue;
    }
    Probe probe;
    probe.subject = host->to_text();
    probe.name = "smarthost " + probe.subject;
    probe.checks = {"outside-smarthost"};
    probe.run = [&context, host = *host](Findings& findings) { check_smarthost(context, host, findings); };
    plan.add(std::move(probe));
  }
}

// ---- our addresses

void check_list(const Context& context, const net::IpAddress& address, const std::string& zone,
                Findings& findings) {
  const auto subject = address.to_text() + " on " + zone;
  const auto question = dns::reversed_labels(address) + '.' + zone;
  const auto answer = context.resolver.a(question);
  if (answer.is_absent()) return findings.ok("outside-block-list", subject, question + ": not listed");
  if (!answer.ok())
    return findings.skip("outside-block-list", subject, question + ": " + std::string(to_text(answer.kind)));
  const auto& reply = answer.records.front();
  // RFC 5782 2.1: 127.0.0.0/8; 127.255.255.x says that the list does not answer this resolver.
  if (reply.network(24) == net::IpAddress::parse("127.255.255.0"))
    return findings.skip("outside-block-list", subject,
                         question + " A " + reply.to_text() + ": the list refuses this resolver");
  // Of 127.0.0.1 itself that would be the same question.
  if (question != world_question(zone) && lists_the_world(context.resolver, zone))
    return findings.skip("outside-block-list", subject,
                         question + " A " + reply.to_text() + '\n' + world_question(zone) + " has one too: it lists everybody");
  std::string why;
  for (const auto& text : context.resolver.txt(question).records) why += "\n" + printable(text.text, 300);
  findings.fail("outside-block-list", subject, question + " A " + reply.to_text() + why);
}

void check_our_addresses(const Context& context, Findings& findings) {
  const auto own = find_own_addresses(context);
  if (own.all.empty()) {
    findings.skip("outside-ptr", context.target.host, own.why_none);
    return findings.skip("outside-block-list", context.target.host, own.why_none);
  }
  for (const auto& address : own.all) {
    check_reverse_name(context, "outside-ptr", address, findings);
    for (const auto& zone : context.settings->list("access-test.block-lists"))
      check_list(context, address, zone, findings);
  }
}

}  // namespace

void add_outside(const Context& context, Plan& plan) {
  add_probe_hosts(context, plan);
  add_smarthosts(context, plan);
  Probe probe;
  probe.subject = context.target.host;
  probe.name = "outside: our addresses";
  probe.checks = {"outside-ptr", "outside-block-list"};
  probe.run = [&context](Findings& findings) { check_our_addresses(context, findings); };
  probe.skipped_when_late = true;
  plan.add(std::move(probe));
}

}  // namespace tubepost::basic_access_test
