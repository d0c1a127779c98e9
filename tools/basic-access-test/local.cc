#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/mail_session.h"
#include "dns/mx.h"
#include "net/fd_stream.h"

namespace tubepost::basic_access_test {
namespace {

std::string subject_of(const Service& service, const net::Endpoint& endpoint) {
  return std::string(service.kind->name) + ' ' + endpoint.to_text();
}

std::vector<CheckId> checks_of_listener(const Context& context, const ServiceKind& kind) {
  std::vector<CheckId> checks{"local-connect", "local-greeting"};
  if (kind.protocol == Protocol::smtp) checks.push_back("local-greeting-name");
  for (const CheckId check :
       {CheckId("local-tls"), CheckId("local-certificate-chain"), CheckId("local-certificate-name"),
        CheckId("local-certificate-time"), CheckId("local-certificate-key")})
    checks.push_back(check);
  if (!kind.tls_first) checks.push_back("local-auth-clear");
  if (kind.for_users) {
    checks.push_back("local-auth");
    if (context.options.account) checks.push_back("local-login");
  }
  return checks;
}

void add_listeners(const Context& context, const Service& service, Plan& plan) {
  const ServiceKind& kind = *service.kind;
  for (const std::string& problem : service.problems) {
    plan.add({"local " + std::string(kind.name),
              std::string(kind.name),
              {"local-address"},
              [problem, name = std::string(kind.name)](Findings& findings) {
                findings.fail("local-address", name, problem);
              }});
  }
  for (const net::Endpoint& endpoint : service.endpoints) {
    const std::string subject = subject_of(service, endpoint);
    Probe probe;
    probe.name = "local " + subject;
    probe.subject = subject;
    probe.checks = checks_of_listener(context, kind);
    probe.lane = kind.name;
    probe.run = [&context, &kind, endpoint, subject](Findings& findings) {
      check_listener(context, kind, endpoint, subject, findings);
    };
    plan.add(std::move(probe));
  }
  if (service.endpoints.empty()) return;
  // What TLS the service takes is the same on each of its addresses.
  const net::Endpoint endpoint = service.endpoints.front();
  const std::string subject = subject_of(service, endpoint);
  Probe probe;
  probe.name = "local TLS versions of " + subject;
  probe.subject = subject;
  probe.checks = {"local-tls-versions", "local-tls-ciphers"};
  if (!kind.tls_first) probe.checks.push_back("local-tls-injection");
  probe.lane = kind.name;
  probe.run = [&context, &kind, endpoint, subject](Findings& findings) {
    check_tls(context, kind, endpoint, subject, findings);
  };
  plan.add(std::move(probe));
}

// One line for each address and service; where the world reaches the MX listener is local-external-port's to see.
void check_name(const Context& context, Findings& findings) {
  const Target& target = context.target;
  const auto found = dns::find_addresses(context.resolver, target.host);
  if (!found) return findings.fail("local-name", target.host, found.error().text);
  std::string lines;
  bool all = true;
  for (const Service& service : target.services) {
    if (service.endpoints.empty() || service.kind->name == "smtpd") continue;
    const std::uint16_t port = service.endpoints.front().port;
    for (const net::IpAddress& address : found->all) {
      const net::Endpoint endpoint{address, port};
      const auto socket = net::connect_tcp(endpoint, connect_limit);
      all = all && socket;
      lines += std::string(service.kind->name) + ' ' + endpoint.to_text() + ": " +
               (socket ? "connected" : socket.error().text) + '\n';
    }
  }
  if (lines.empty())
    return findings.skip("local-name", target.host, "there is no service but the MX listener");
  if (all) return findings.ok("local-name", target.host, lines);
  findings.fail("local-name", target.host, lines);
}

void add_name(const Context& context, Plan& plan) {
  if (context.target.only_loopback())
    return plan.skip("local-name", context.target.host, "the instance listens on loopback addresses alone");
  plan.add({"local name", context.target.host, {"local-name"}, [&context](Findings& findings) {
              check_name(context, findings);
            }});
}

void check_external_port(const Context& context, Findings& findings) {
  const std::string& host = context.target.host;
  const std::string subject = host + ':' + std::to_string(context.options.external_port);
  const auto found = dns::find_addresses(context.resolver, host);
  if (!found) return findings.skip("local-external-port", subject, "the name has no address; see local-name");
  for (const net::IpAddress& address : found->all) {
    MailSession session(*find_service("smtpd"), {address, context.options.external_port},
                        wishes_for(context));
    const auto connected = session.connect();
    auto greeting = connected ? session.greet() : Result<std::string>(connected.error());
    if (!greeting) {
      findings.fail("local-external-port", subject, address.to_text() + ": " + greeting.error().text);
      continue;
    }
    session.bye();
    if (names_host(*greeting, host))
      findings.ok("local-external-port", subject, session.record());
    else
      findings.warn("local-external-port", subject, "it answers with another name\n" + session.record());
  }
}

void add_external_port(const Context& context, Plan& plan) {
  const std::string subject = context.target.host + ':' + std::to_string(context.options.external_port);
  if (!context.target.find("smtpd"))
    return plan.skip("local-external-port", subject, "there is no MX listener");
  // Who names a port has something that forwards it.
  if (context.target.only_loopback() && !context.options.external_port_named)
    return plan.skip("local-external-port", subject, "the instance listens on loopback addresses alone");
  plan.add({"local external port",
            subject,
            {"local-external-port"},
            [&context](Findings& findings) { check_external_port(context, findings); },
            "smtpd"});
}

}  // namespace

void add_local(const Context& context, Plan& plan) {
  for (const Service& service : context.target.services) add_listeners(context, service, plan);
  if (!context.options.account)
    plan.skip("local-login", context.target.host, "no --account was given to log in as");
  else if (context.options.account->password.empty())
    plan.skip("local-login", context.options.account->address, "no password was given");
  if (!context.target.own) return;
  add_name(context, plan);
  add_external_port(context, plan);
}

}  // namespace tubepost::basic_access_test
