// How two instances test each other, as lines (CRLF), over TCP:
//
//   S: tubepost-access-test/1 NONCE
//   C: view NONCE MAC [PORT]…          the ports of the client that are to be looked at
//   S: port PORT ok|failed|refused TEXT    for each; refused: it is not among those that the server looks at
//   S: end MAC                         or, instead of all that: no TEXT
//
// Nonces and MACs are hexadecimal. The MACs are HMAC-SHA-256 by the secret both hold, over a word, both nonces and the
// text they stand for: who does not hold it learns nothing, gets nothing done, and cannot answer in the other's
// place. TEXT is percent-escaped. The server connects back to the address that asked and to no other: there is no
// way to name one. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tubepost::basic_access_test {

inline constexpr std::size_t peer_line_max = 1024, peer_ports_max = 16, nonce_octets = 16, secret_least = 16;
inline constexpr std::uint16_t peer_port = 5525;

struct PeerPort {  // of access-test.peer-ports: "993/tls"
  std::uint16_t port = 0;
  bool tls_first = false;
};
std::optional<PeerPort> parse_peer_port(std::string_view text);

std::string make_nonce();
std::optional<std::string> parse_peer_greeting(std::string_view line);  // the server's nonce
std::string peer_greeting(const std::string& nonce);

struct ViewRequest {
  std::string nonce, mac;
  std::vector<std::uint16_t> ports;
};
std::optional<ViewRequest> parse_view_request(std::string_view line);
std::string view_request(const std::string& secret, const std::string& server_nonce, const std::string& nonce,
                         const std::vector<std::uint16_t>& ports);
bool is_genuine(const ViewRequest& request, const std::string& secret, const std::string& server_nonce);

struct PortView {
  std::uint16_t port = 0;
  enum class Kind { ok, failed, refused } kind = Kind::failed;
  std::string text;
};
std::string to_line(const PortView& view);
std::optional<PortView> parse_port_view(std::string_view line);
// Of the lines of an answer, each with LF behind it.
std::string answer_mac(const std::string& secret, const std::string& server_nonce, const std::string& nonce,
                       const std::string& lines);

// The first line of a file that nobody else may read.
Result<std::string> read_peer_secret(const std::string& path);

}  // namespace tubepost::basic_access_test
