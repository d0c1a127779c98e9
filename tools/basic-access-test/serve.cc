// serve: looks back at the instances that ask, and at no one else. What it does for a request is bounded: the address is
// that of whoever asks, the ports are among those of its own settings, and there are only so many requests.
#include <cstdio>

#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/peer_protocol.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "net/metered_stream.h"
#include "net/server.h"
#include "policy/rate_limit.h"
#include "tls/inspection.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::chrono::seconds request_limit{10}, connect_limit{5}, greeting_limit{8};
constexpr std::size_t request_bytes_max = 64 << 10;
constexpr std::uint32_t tries_max = 30, views_max = 12;  // of one address (IPv6: /64) in an hour
constexpr std::size_t connections_max = 10, greeting_max = 512, greeting_bytes_max = 64 << 10;

// nullopt: it says nothing, or no line.
std::optional<std::string> greeting_on(net::Stream& stream) {
  net::MeteredStream metered(stream);
  metered.allow(greeting_limit, greeting_bytes_max);
  net::LineStream lines(metered);
  const auto line = lines.read_line(greeting_max);
  if (line.kind != net::LineStream::Line::Kind::ok) return std::nullopt;
  return printable(line.text, 200);
}

PortView look_at(const net::Endpoint& endpoint, bool tls_first) {
  PortView view{endpoint.port, PortView::Kind::failed, ""};
  auto stream = net::connect_tcp(endpoint, connect_limit);
  if (!stream) return view.text = stream.error().text, view;
  try {
    (*stream)->set_time_limit(greeting_limit);
    std::optional<std::string> greeting;
    if (tls_first) {
      tls::InspectionWishes wishes;
      wishes.judge_chain = false;
      auto seen = tls::inspect(**stream, wishes);
      if (!seen) return view.text = "no TLS: " + seen.error().text, view;
      view.text = seen->seen.protocol;
      if (!seen->seen.chain.empty())
        view.text += ", certificate " + printable(seen->seen.chain.front().subject, 80);
      view.text += ", ";
      greeting = greeting_on(*seen->stream);
    } else {
      greeting = greeting_on(**stream);
    }
    view.kind = greeting ? PortView::Kind::ok : PortView::Kind::failed;
    view.text += greeting.value_or("it takes the connection, but does not greet");
  } catch (const net::StreamEnd&) {
    view.text = "connected, but it hangs up or says nothing";
  }
  return view;
}

class Desk {
public:
  Desk(const Context& context, std::string secret, std::vector<PeerPort> ports)
      : context_(context),
        secret_(std::move(secret)),
        ports_(std::move(ports)),
        limits_(context.clock, 4096) {}

  void serve(net::Connection connection) {
    if (!connection.peer) return;  // nobody to look back at
    const auto& client = connection.peer->address;
    // A whole request, however its bytes are spread: who holds a place does so for this long.
    net::MeteredStream metered(*connection.stream);
    metered.set_time_limit(request_limit);
    metered.allow(request_limit, request_bytes_max);
    net::LineStream lines(metered);
    if (const auto refusal = answer(lines, client); !refusal.empty()) {
      context_.logger.warning("peer-refused", {{"client", client.to_text()}, {"reason", refusal}});
      lines << "no " << refusal << "\r\n";
    }
    lines.flush();
    connection.stream->close();
  }

private:
  bool within(const char* kind, const net::IpAddress& client, std::uint32_t limit) {
    const auto key = client.is_v6() ? client.network(64).to_text() : client.to_text();
    return limits_.take(kind, key, 1, limit) == policy::RateLimits::Answer::within;
  }

  // Why not; empty: it was done.
  std::string answer(net::LineStream& lines, const net::IpAddress& client) {
    if (!within("tries", client, tries_max)) return "too many requests; come back in an hour";
    const auto nonce = make_nonce();
    lines << peer_greeting(nonce) << "\r\n";
    const auto line = lines.read_line(peer_line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) return "a line was expected";
    const auto request = parse_view_request(line.text);
    if (!request || !is_genuine(*request, secret_, nonce))
      return "that is no request of somebody who holds the secret";
    if (!within("views", client, views_max)) return "too many requests; come back in an hour";
    context_.logger.info("peer-asks",
                         {{"client", client.to_text()}, {"ports", std::to_string(request->ports.size())}});
    std::string said;
    for (const auto port : request->ports) said += to_line(view_of(client, port)) + '\n';
    for (const auto one : split(trim(said), '\n'))
      if (!one.empty()) lines << one << "\r\n";
    lines << "end " << answer_mac(secret_, nonce, request->nonce, said) << "\r\n";
    return {};
  }

  PortView view_of(const net::IpAddress& client, std::uint16_t port) const {
    for (const auto& allowed : ports_)
      if (allowed.port == port) return look_at({client, port}, allowed.tls_first);
    return {port, PortView::Kind::refused, "it is not among the ports that this peer looks at"};
  }

  const Context& context_;
  const std::string secret_;
  const std::vector<PeerPort> ports_;
  policy::RateLimits limits_;
};

net::ServerOptions server_options(const Options& options) {
  net::ServerOptions made;
  net::ListenerSpec spec;
  spec.addresses = options.listen;
  if (spec.addresses.empty()) spec.addresses = {"0.0.0.0:" + std::to_string(peer_port)};
  spec.default_port = peer_port;
  spec.name = "access-test";
  spec.connections = connections_max;
  made.listeners = {spec};
  made.connections = connections_max;
  made.connections_per_address = 2;
  made.ready_fd = options.ready_fd;
  made.too_many_text = made.too_many_from_address_text = "no too many connections\r\n";
  return made;
}

}  // namespace

ExitStatus serve(const Context& context) {
  auto secret = read_peer_secret(context.settings->text("access-test.peer-secret"));
  if (!secret) {
    std::fprintf(stderr, "basic-access-test: %s\n", secret.error().text.c_str());
    return ExitStatus::configuration;
  }
  std::vector<PeerPort> ports;
  for (const auto& text : context.settings->list("access-test.peer-ports")) {
    const auto port = parse_peer_port(text);
    if (!port) {
      std::fprintf(stderr, "basic-access-test: access-test.peer-ports: %s is no PORT or PORT/tls\n",
                   text.c_str());
      return ExitStatus::configuration;
    }
    ports.push_back(*port);
  }
  net::Server server(server_options(context.options), context.logger);
  return server.run([&]() -> Result<net::Handler> {
    // Shared with the sessions' threads, which std::function copies.
    const auto desk = std::make_shared<Desk>(context, *secret, ports);
    return net::Handler([desk](net::Connection connection) { desk->serve(std::move(connection)); });
  });
}

}  // namespace tubepost::basic_access_test
