#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "base/text.h"

namespace tubepost::net {
namespace {

constexpr std::string_view signature_v2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view signature_v1 = "PROXY ";
constexpr std::size_t fixed_v2 = 16;
constexpr std::size_t longest_v1 = 107;      // 2.1: with CRLF
constexpr std::size_t longest_taken = 4096;  // a version 2 header with TLVs; more is nobody's honest header

bool agree(std::string_view bytes, std::string_view signature) {
  const auto common = std::min(bytes.size(), signature.size());
  return bytes.substr(0, common) == signature.substr(0, common);
}

std::size_t length_v2(std::string_view header) {
  return static_cast<std::size_t>(static_cast<unsigned char>(header[14]) << 8 |
                                  static_cast<unsigned char>(header[15]));
}

std::optional<Endpoint> parse_v1_endpoint(std::string_view address, std::string_view port, bool v6) {
  const auto ip = IpAddress::parse(address);
  const auto number = parse_number<std::uint16_t>(port);
  const bool right_family = (address.find(':') != address.npos) == v6;
  // 2.1: no leading zeroes in the port.
  if (!ip || !number || !right_family || (port.size() > 1 && port.front() == '0')) return std::nullopt;
  return Endpoint{*ip, *number};
}

// 2.1: "PROXY TCP4 source destination port port CRLF", "PROXY UNKNOWN anything CRLF".
std::optional<ProxyHeader> parse_v1(std::string_view header) {
  if (header.size() > longest_v1 || !header.ends_with("\r\n")) return std::nullopt;
  const std::string_view line = header.substr(0, header.size() - 2);
  if (line == "PROXY UNKNOWN" || line.starts_with("PROXY UNKNOWN ")) return ProxyHeader{};
  const auto words = split(line, ' ');
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return std::nullopt;
  const bool v6 = words[1] == "TCP6";
  const auto client = parse_v1_endpoint(words[2], words[4], v6);
  const auto server = parse_v1_endpoint(words[3], words[5], v6);
  if (!client || !server) return std::nullopt;
  return ProxyHeader{client, server};
}

Endpoint take_v2_endpoint(std::string_view addresses, std::size_t address_at, std::size_t port_at, bool v6) {
  sockaddr_in6 six{};
  sockaddr_in four{};
  six.sin6_family = AF_INET6;
  four.sin_family = AF_INET;
  if (v6)
    std::memcpy(&six.sin6_addr, addresses.data() + address_at, 16);
  else
    std::memcpy(&four.sin_addr, addresses.data() + address_at, 4);
  std::uint16_t port = 0;
  std::memcpy(&port, addresses.data() + port_at, 2);
  const auto* raw = v6 ? reinterpret_cast<const sockaddr*>(&six) : reinterpret_cast<const sockaddr*>(&four);
  return {*IpAddress::from_sockaddr(raw), ntohs(port)};
}

// 2.2: signature, version and command, family and protocol, length, addresses, TLVs (which we pass over).
std::optional<ProxyHeader> parse_v2(std::string_view header) {
  if (header.size() < fixed_v2 || header.size() != fixed_v2 + length_v2(header)) return std::nullopt;
  const auto command = static_cast<unsigned char>(header[12]);
  if (command == 0x20) return ProxyHeader{};  // LOCAL: "the receiver must accept this connection as valid"
  if (command != 0x21) return std::nullopt;
  const auto family = static_cast<unsigned char>(header[13]);
  const std::string_view addresses = header.substr(fixed_v2);
  if (family == 0x11 && addresses.size() >= 12)
    return ProxyHeader{take_v2_endpoint(addresses, 0, 8, false), take_v2_endpoint(addresses, 4, 10, false)};
  if (family == 0x21 && addresses.size() >= 36)
    return ProxyHeader{take_v2_endpoint(addresses, 0, 32, true), take_v2_endpoint(addresses, 16, 34, true)};
  if (family == 0x11 || family == 0x21) return std::nullopt;
  return ProxyHeader{};  // AF_UNSPEC, datagrams, Unix: nothing we could use
}

}  // namespace

std::size_t proxy_header_size(std::string_view bytes) {
  if (agree(bytes, signature_v2)) {
    if (bytes.size() < fixed_v2) return fixed_v2;
    return fixed_v2 + length_v2(bytes);
  }
  if (!agree(bytes, signature_v1)) return 0;
  const auto end = bytes.substr(0, longest_v1).find('\n');
  if (end != bytes.npos) return end + 1;
  return bytes.size() >= longest_v1 ? 0 : bytes.size() + 1;
}

std::optional<ProxyHeader> parse_proxy_header(std::string_view header) {
  if (header.starts_with(signature_v2)) return parse_v2(header);
  if (header.starts_with(signature_v1)) return parse_v1(header);
  return std::nullopt;
}

Result<ProxyHeader> read_proxy_header(Stream& stream) {
  // Twelve bytes tell the versions apart, and no header is shorter; then never more than is known to belong
  // to it.
  std::string header;
  std::size_t wanted = signature_v2.size();
  while (header.size() < wanted) {
    const std::size_t had = header.size();
    header.resize(wanted);
    const std::size_t count = stream.read({header.data() + had, wanted - had});
    if (count == 0) return Failure::permanent("the connection ended inside the PROXY header");
    header.resize(had + count);
    if (header.size() < wanted) continue;
    wanted = proxy_header_size(header);
    if (wanted == 0 || wanted > longest_taken) return Failure::permanent("no PROXY header");
  }
  if (auto parsed = parse_proxy_header(header)) return *parsed;
  return Failure::permanent("a PROXY header that is wrong");
}

}  // namespace tubepost::net
