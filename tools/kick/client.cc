#include "kick/client.h"

#include "base/text.h"
#include "dns/mx.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "smtp/client.h"

namespace tubepost::kick {
namespace {

constexpr std::chrono::seconds connect_limit{30}, answer_limit{60};
constexpr std::size_t line_max = 1000, text_max = 400;

std::string text_of(const smtp::Reply& reply) {
  std::string text = std::to_string(reply.code);
  for (const std::string& line : reply.lines) text += ' ' + line;
  return printable(text, text_max);
}

Result<std::unique_ptr<net::Stream>> connect_to_any(const std::vector<net::Endpoint>& endpoints,
                                                    const std::string& host) {
  Result<std::unique_ptr<net::Stream>> stream = Failure::temporary(host + " has no address");
  for (const net::Endpoint& endpoint : endpoints) {
    stream = net::connect_tcp(endpoint, connect_limit);
    if (stream) return stream;
  }
  return stream;
}

}  // namespace

Result<Answer> ask_by_etrn(net::Stream& stream, const std::string& hostname, const std::string& domain) {
  smtp::Client client(stream, {hostname});
  const auto greeting = client.greeting();
  if (!greeting) return Failure(greeting.error());
  if (greeting->code != 220) return Answer{false, true, text_of(*greeting)};
  const auto hello = client.hello();
  if (!hello) return Failure(hello.error());
  // Asked for even where it is not announced: a server that has it says so by its reply.
  const auto reply = client.command("ETRN " + domain);
  if (!reply) return Failure(reply.error());
  client.quit();
  const bool unknown = reply->code == 500 || reply->code == 502;  // RFC 5321 4.2.4
  return Answer{reply->code / 100 == 2, !unknown, text_of(*reply)};
}

Result<Answer> ask_trigger(net::Stream& stream, const std::string& domain) {
  net::LineStream lines(stream);
  stream.set_time_limit(answer_limit);
  lines << domain << "\r\n";
  lines.flush();
  lines.set_accept_lf(true);
  // To be connected to is enough for some of these services; they say nothing.
  try {
    const auto line = lines.read_line(line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) return Answer{true, true, "it said nothing"};
    return Answer{!line.text.starts_with('4') && !line.text.starts_with('5'), true,
                  printable(line.text, text_max)};
  } catch (const net::Disconnected&) {
    return Answer{true, true, "it said nothing"};
  }
}

Result<std::unique_ptr<net::Stream>> connect(const std::string& host, std::uint16_t default_port) {
  const auto endpoints = net::resolve_endpoint(host, default_port);
  // It is run as the network comes up: a name that is not found then may be in a moment.
  if (!endpoints) return Failure::temporary(endpoints.error().text);
  return connect_to_any(*endpoints, host);
}

Result<std::unique_ptr<net::Stream>> connect(const dns::HostPort& host, dns::Resolver& resolver) {
  const auto addresses = dns::find_addresses(resolver, host.host);
  if (!addresses) return Failure::temporary(addresses.error().text);
  std::vector<net::Endpoint> endpoints;
  for (const auto& address : addresses->all) endpoints.push_back({address, host.port});
  return connect_to_any(endpoints, host.host);
}

}  // namespace tubepost::kick
