#include "basic-access-test/peer_protocol.h"

#include <sys/stat.h>

#include <algorithm>

#include "auth/crypto.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::string_view greeting_word = "tubepost-access-test/1";
constexpr std::size_t mac_digits = 64, text_max = 300, secret_file_max = 4096;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string mac_of(const std::string& secret, std::string_view what, const std::string& server_nonce,
                   const std::string& nonce, const std::string& text) {
  const auto all = std::string(what) + ' ' + server_nonce + ' ' + nonce + '\n' + text;
  return to_hex(auth::hmac_sha256(secret, all));
}

std::string ports_text(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (const auto port : ports) text += ' ' + std::to_string(port);
  return text;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  return port && *port != 0 ? port : std::nullopt;
}

constexpr std::string_view kind_words[] = {"ok", "failed", "refused"};

}  // namespace

std::optional<PeerPort> parse_peer_port(std::string_view text) {
  const bool tls = text.ends_with("/tls");
  if (tls) text.remove_suffix(4);
  const auto port = parse_port(text);
  return port ? std::optional<PeerPort>(PeerPort{*port, tls}) : std::nullopt;
}

std::string make_nonce() { return to_hex(random_bytes(nonce_octets)); }

std::string peer_greeting(const std::string& nonce) { return std::string(greeting_word) + ' ' + nonce; }

std::optional<std::string> parse_peer_greeting(std::string_view line) {
  const auto words = split_words(line);
  if (words.size() != 2 || words[0] != greeting_word || !is_hex(words[1], 2 * nonce_octets))
    return std::nullopt;
  return std::string(words[1]);
}

std::optional<ViewRequest> parse_view_request(std::string_view line) {
  const auto words = split_words(line);
  if (words.size() < 3 || words.size() > 3 + peer_ports_max || words[0] != "view") return std::nullopt;
  if (!is_hex(words[1], 2 * nonce_octets) || !is_hex(words[2], mac_digits)) return std::nullopt;
  ViewRequest request{std::string(words[1]), std::string(words[2]), {}};
  for (std::size_t i = 3; i < words.size(); ++i) {
    const auto port = parse_port(words[i]);
    if (!port) return std::nullopt;
    request.ports.push_back(*port);
  }
  return request;
}

std::string view_request(const std::string& secret, const std::string& server_nonce, const std::string& nonce,
                         const std::vector<std::uint16_t>& ports) {
  const auto text = ports_text(ports);
  return "view " + nonce + ' ' + mac_of(secret, "view", server_nonce, nonce, text) + text;
}

bool is_genuine(const ViewRequest& request, const std::string& secret, const std::string& server_nonce) {
  return auth::equal_in_constant_time(
      request.mac, mac_of(secret, "view", server_nonce, request.nonce, ports_text(request.ports)));
}

std::string to_line(const PortView& view) {
  return "port " + std::to_string(view.port) + ' ' + std::string(kind_words[static_cast<std::size_t>(view.kind)]) +
         ' ' + percent_escape(printable(view.text, text_max), " ");
}

std::optional<PortView> parse_port_view(std::string_view line) {
  const auto words = split_words(line);
  if (words.size() < 3 || words.size() > 4 || words[0] != "port") return std::nullopt;
  const auto port = parse_port(words[1]);
  const auto* const kind = std::find(std::begin(kind_words), std::end(kind_words), words[2]);
  const auto text = words.size() == 4 ? percent_unescape(words[3]) : std::optional<std::string>("");
  if (!port || kind == std::end(kind_words) || !text) return std::nullopt;
  return PortView{*port, static_cast<PortView::Kind>(kind - std::begin(kind_words)), printable(*text, text_max)};
}

std::string answer_mac(const std::string& secret, const std::string& server_nonce, const std::string& nonce,
                       const std::string& lines) {
  return mac_of(secret, "seen", server_nonce, nonce, lines);
}

Result<std::string> read_peer_secret(const std::string& path) {
  if (path.empty()) return Failure::permanent("access-test.peer-secret is not set");
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    return Failure::permanent(path + ": others may read it; its mode should be 0600");
  const auto text = read_file(path, secret_file_max);
  if (!text) return text.error();
  const auto line = std::string(trim(text->substr(0, text->find('\n'))));
  if (line.size() < secret_least)
    return Failure::permanent(path + ": the secret has less than 16 characters");
  return line;
}

}  // namespace tubepost::basic_access_test
