// DNS servers one by one (T8): alive, a resolver, one that validates, one that block lists answer.
#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/dns_checks.h"
#include "dns/system_resolver.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::chrono::seconds wait_for_server{3};
constexpr std::size_t resolv_conf_max = 64 << 10, servers_max = 8;
constexpr const char* resolv_conf = "/etc/resolv.conf";

// resolv.conf(5): "nameserver ADDRESS"; without any, the one of this machine.
std::vector<net::Endpoint> system_servers() {
  std::vector<net::Endpoint> servers;
  const auto text = read_file(resolv_conf, resolv_conf_max);
  if (text) {
    for (const auto line : split(*text, '\n')) {
      const auto words = split_words(line);
      if (words.size() < 2 || words[0] != "nameserver" || servers.size() == servers_max) continue;
      if (const auto server = net::parse_endpoint(words[1], dns_port)) servers.push_back(*server);
    }
  }
  if (servers.empty()) servers.push_back({*net::IpAddress::parse("127.0.0.1"), dns_port});
  return servers;
}

std::vector<net::Endpoint> configured_servers(const config::Settings& settings) {
  std::vector<net::Endpoint> servers;
  for (const auto& text : settings.list("dns.servers"))
    if (const auto server = net::parse_endpoint(text, dns_port); server && servers.size() < servers_max)
      servers.push_back(*server);
  return servers.empty() ? system_servers() : servers;
}

bool is_this_machine(const net::IpAddress& address) {
  if (address.is_loopback()) return true;
  const auto own = net::own_addresses();
  return std::find(own.begin(), own.end(), address) != own.end();
}

class ServerCheck {
public:
  ServerCheck(const Context& context, const net::Endpoint& server, Findings& findings)
      : context_(context),
        server_(server),
        subject_(server.to_text()),
        findings_(findings),
        resolver_({{server}, wait_for_server}) {}

  void run() {
    if (!resolves()) return;
    validates();
    for (const auto& zone : context_.settings->list("access-test.block-lists")) list_answers(zone);
  }

private:
  static bool is_dead(dns::Kind kind) { return kind == dns::Kind::timeout || kind == dns::Kind::unreachable; }

  std::string remedy_of_dead() const {
    return is_this_machine(server_.address) ? "It is this machine's own address, and no DNS server runs "
                                              "there: start one (unbound), or name the provider's."
                                            : "";
  }

  // The domains have nothing to do with one another: one of them may be out of order.
  bool resolves() {
    std::string seen;
    std::size_t good = 0, empty = 0, asked = 0;
    for (const auto& name : context_.settings->list("access-test.probe-names")) {
      const auto answer = resolver_.soa(name);
      seen += name + " SOA: " + std::string(to_text(answer.kind)) +
              (answer.detail.empty() ? "" : " (" + answer.detail + ")") + '\n';
      ++asked;
      if (is_dead(answer.kind)) return findings_.fail("dns-server", subject_, seen, remedy_of_dead()), false;
      good += answer.ok() ? 1U : 0U;
      empty += answer.is_absent() || answer.detail == "REFUSED" ? 1U : 0U;
      authenticated_ = authenticated_ || (answer.ok() && answer.authenticated);
    }
    if (asked == 0) return findings_.skip("dns-server", subject_, "access-test.probe-names is empty"), false;
    if (good == asked) return findings_.ok("dns-server", subject_, seen), true;
    if (good > 0)
      return findings_.warn("dns-server", subject_, seen, "Look whether the domains that are missing exist."),
             true;
    findings_.fail(
        "dns-server", subject_,
        seen + (empty == asked
                    ? "it answers, but looks nothing up for us: a root server, or one that only has zones "
                      "of its own, or one that does not serve this address"
                    : "it answers, but finds nothing"));
    return false;
  }

  void validates() {
    if (authenticated_)
      return findings_.ok("dns-server-validates", subject_, "AD is set in an answer about a signed name");
    findings_.warn(
        "dns-server-validates", subject_,
        "AD is set in no answer about " + join(context_.settings->list("access-test.probe-names"), ", "));
  }

  // RFC 5782 5: 127.0.0.2 is always listed. 127.255.255.x says that the list refuses this resolver.
  void list_answers(const std::string& zone) {
    const auto subject = subject_ + " for " + zone;
    const auto question = "2.0.0.127." + zone;
    const auto answer = resolver_.a(question);
    if (cannot_say("dns-server-block-lists", subject, question, answer, findings_)) return;
    if (answer.is_absent())
      return findings_.fail("dns-server-block-lists", subject,
                            question + ": " + std::string(to_text(answer.kind)));
    const auto text = question + " A " + answer.records.front().to_text();
    if (answer.records.front().network(24) == net::IpAddress::parse("127.255.255.0"))
      return findings_.fail("dns-server-block-lists", subject, text + ": the list refuses this resolver");
    if (lists_the_world(resolver_, zone))
      return findings_.fail("dns-server-block-lists", subject, text + '\n' + world_question(zone) + " has one too: it lists everybody",
                            "Take this list out of smtpd.dnsbl and access-test.block-lists: it is dead or in other hands.");
    findings_.ok("dns-server-block-lists", subject, text);
  }

  const Context& context_;
  const net::Endpoint server_;
  const std::string subject_;
  Findings& findings_;
  dns::SystemResolver resolver_;
  bool authenticated_ = false;
};

}  // namespace

std::string world_question(const std::string& zone) { return "1.0.0.127." + zone; }

bool lists_the_world(dns::Resolver& resolver, const std::string& zone) {
  return resolver.a(world_question(zone)).ok();
}

void add_dns_servers(const Context& context, Plan& plan) {
  for (const auto& server : configured_servers(*context.settings)) {
    Probe probe;
    probe.subject = server.to_text();
    probe.name = "dns server " + probe.subject;
    probe.checks = {"dns-server"};
    probe.run = [&context, server](Findings& findings) { ServerCheck(context, server, findings).run(); };
    plan.add(std::move(probe));
  }
}

}  // namespace tubepost::basic_access_test
