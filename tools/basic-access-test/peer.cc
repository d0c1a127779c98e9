// The group peer: what another instance sees of this one's public ports.
#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/listener_checks.h"
#include "basic-access-test/mail_session.h"
#include "basic-access-test/peer_protocol.h"
#include "dns/host_port.h"
#include "dns/mx.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::chrono::seconds answer_limit{100};

// What the world should reach. Other services are asked for as well if the peer looks at their ports.
constexpr const char* public_services[] = {"submission", "submissions", "imaps", "pop3s"};

struct AskedPort {
  std::uint16_t port;
  const ServiceKind* kind;
};
std::vector<AskedPort> ports_to_ask(const Context& context) {
  std::vector<AskedPort> ports;
  if (const auto* const service = context.target.find("smtpd"))
    ports.push_back({context.options.external_port, service->kind});
  for (const char* const name : public_services)
    if (const auto* const service = context.target.find(name))
      ports.push_back({service->endpoints.front().port, service->kind});
  return ports;
}

Result<std::vector<PortView>> ask(net::Stream& stream, const std::string& secret,
                                  const std::vector<std::uint16_t>& ports) {
  stream.set_time_limit(answer_limit);
  net::LineStream lines(stream);
  const auto greeting = lines.read_line(peer_line_max);
  const auto server_nonce = parse_peer_greeting(greeting.text);
  if (!server_nonce) return Failure::permanent("it says: " + printable(greeting.text, 200));
  const auto nonce = make_nonce();
  lines << view_request(secret, *server_nonce, nonce, ports) << "\r\n";
  std::vector<PortView> views;
  std::string said;
  for (;;) {
    const auto line = lines.read_line(peer_line_max);
    if (line.kind != net::LineStream::Line::Kind::ok)
      return Failure::temporary("it hung up before the end of its answer");
    if (line.text.starts_with("end ")) {
      if (line.text.substr(4) != answer_mac(secret, *server_nonce, nonce, said))
        return Failure::permanent("its answer is not by somebody who holds the secret");
      return views;
    }
    const auto view = parse_port_view(line.text);
    if (!view || views.size() == peer_ports_max)
      return Failure::permanent("it says: " + printable(line.text, 200));
    said += std::string(line.text) + '\n';
    views.push_back(*view);
  }
}

Result<std::vector<PortView>> ask_peer(const Context& context, const dns::HostPort& host,
                                       const std::vector<std::uint16_t>& ports) {
  const auto secret = read_peer_secret(context.settings->text("access-test.peer-secret"));
  if (!secret) return secret.error();
  const auto addresses = dns::find_addresses(context.resolver, host.host);
  if (!addresses) return addresses.error();
  Failure last = Failure::temporary("no address");
  for (const auto& address : addresses->all) {
    auto asked = guarded<std::vector<PortView>>([&]() -> Result<std::vector<PortView>> {
      auto stream = net::connect_tcp({address, host.port}, connect_limit);
      if (!stream) return stream.error();
      return ask(**stream, *secret, ports);
    });
    if (asked) return asked;
    last = asked.error();
  }
  return last;
}

// Only SMTP's greeting names a host (RFC 5321 4.2). Where TLS comes first, what is said of that stands before it.
bool is_our_greeting(const ServiceKind& kind, std::string_view seen, std::string_view host) {
  if (kind.protocol != Protocol::smtp) return true;
  for (auto at = seen.find("220"); at != std::string_view::npos; at = seen.find("220", at + 1))
    if (seen.size() > at + 4 && names_host(seen.substr(at + 4), host)) return true;
  return false;
}

void report(const AskedPort& asked, const std::string& host, const std::vector<PortView>& views,
            const std::string& peer, Findings& findings) {
  const auto subject = std::string(asked.kind->name) + " port " + std::to_string(asked.port);
  for (const auto& view : views) {
    if (view.port != asked.port) continue;
    const auto seen = peer + " sees: " + view.text;
    if (view.kind == PortView::Kind::ok && !is_our_greeting(*asked.kind, view.text, host))
      return findings.fail(
          "peer-view", subject, seen + "\nthat is not " + host,
          "Another machine or program has the port: correct what the router forwards, and look "
          "who holds it here (preflight-ports).");
    if (view.kind == PortView::Kind::ok) return findings.ok("peer-view", subject, seen);
    if (view.kind == PortView::Kind::failed) return findings.fail("peer-view", subject, seen);
    return findings.skip("peer-view", subject, peer + ": " + view.text);
  }
  findings.skip("peer-view", subject, peer + " says nothing of it");
}

void ask_and_report(const Context& context, const dns::HostPort& host, Findings& findings) {
  const auto asked = ports_to_ask(context);
  std::vector<std::uint16_t> ports;
  for (const auto& one : asked) ports.push_back(one.port);
  const auto views = ask_peer(context, host, ports);
  if (!views) return findings.fail("peer-answer", host.to_text(), views.error().text);
  findings.ok("peer-answer", host.to_text(), "it looked at " + std::to_string(views->size()) + " ports");
  for (const auto& one : asked) report(one, context.target.host, *views, host.to_text(), findings);
}

}  // namespace

void add_peer(const Context& context, Plan& plan) {
  if (context.options.peer.empty())
    return plan.skip("peer-view", context.target.host,
                     "nobody outside was asked: --peer HOST names another instance");
  const auto host = dns::parse_host_port(context.options.peer, peer_port);
  if (!host) return;  // read_options() has seen to it
  Probe probe;
  probe.subject = host->to_text();
  probe.name = "peer " + probe.subject;
  probe.checks = {"peer-answer"};
  probe.run = [&context, host = *host](Findings& findings) { ask_and_report(context, host, findings); };
  probe.limit = answer_limit;
  plan.add(std::move(probe));
}

}  // namespace tubepost::basic_access_test
