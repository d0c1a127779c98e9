// XCLIENT (Postfix, XCLIENT_README): a host listed for that alone (A5) speaks for another client. The session begins anew, with the
// greeting.
#include "base/text.h"
#include "directory/login.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

constexpr std::size_t value_max = 255;  // Note 1

bool is_unavailable(std::string_view value) {
  return equal_ignoring_case(value, "[UNAVAILABLE]") || equal_ignoring_case(value, "[TEMPUNAVAIL]");
}

// An address, or [UNAVAILABLE]: nullopt inside. The outer nullopt: neither.
std::optional<std::optional<net::IpAddress>> parse_address(std::string_view value) {
  if (is_unavailable(value)) return std::optional<net::IpAddress>();
  if (starts_with_ignoring_case(value, "IPV6:")) value.remove_prefix(5);
  const auto address = net::IpAddress::parse(value);
  if (!address) return std::nullopt;
  return address;
}

bool set_address(std::optional<net::Endpoint>& endpoint, std::string_view value) {
  const auto address = parse_address(value);
  if (!address) return false;
  endpoint.reset();
  if (*address) endpoint = net::Endpoint{**address, 0};
  return true;
}

bool set_port(std::optional<net::Endpoint>& endpoint, std::string_view value) {
  const auto port = is_unavailable(value) ? 0 : parse_number<std::uint16_t>(value);
  if (port && endpoint) endpoint->port = *port;
  return port.has_value();
}

std::string text_of(std::string_view value) { return is_unavailable(value) ? std::string() : std::string(value); }

}  // namespace

// The client as the command describes it; ports count once the address is known, wherever they stand.
struct Session::Introduced {
  Client client;
  std::string helo, login, client_port, server_port;
  bool has_helo = false, has_login = false, extended = true;

  bool set(std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "ADDR")) return set_address(client.address, value);
    if (equal_ignoring_case(name, "DESTADDR")) return set_address(client.local, value);
    if (equal_ignoring_case(name, "PORT")) return client_port = value, true;
    if (equal_ignoring_case(name, "DESTPORT")) return server_port = value, true;
    if (equal_ignoring_case(name, "NAME")) return client.name = text_of(value), true;
    if (equal_ignoring_case(name, "REVERSE_NAME")) return client.reverse_name = text_of(value), true;
    if (equal_ignoring_case(name, "HELO")) return helo = text_of(value), has_helo = true;
    if (equal_ignoring_case(name, "LOGIN")) return login = text_of(value), has_login = true;
    extended = equal_ignoring_case(value, "ESMTP");
    return equal_ignoring_case(name, "PROTO") && (extended || equal_ignoring_case(value, "SMTP"));
  }
  bool set_ports() {
    return (client_port.empty() || set_port(client.address, client_port)) &&
           (server_port.empty() || set_port(client.local, server_port));
  }
};

Answer Session::xclient(std::string_view arguments) {
  if (!may_speak_for_others_) return refuse(refusals::not_for_you("XCLIENT"), "XCLIENT", "smtpd.xclient-hosts");
  if (transaction_) return refusals::nested_mail();
  Introduced introduced{client_, {}, {}, {}, {}};
  const auto words = split_words(arguments);
  if (words.empty()) return refusals::bad_arguments("XCLIENT NAME=VALUE ...");
  for (const auto word : words) {
    const auto equals = word.find('=');
    if (equals == word.npos) return refusals::bad_arguments("XCLIENT NAME=VALUE ...");
    const auto raw = word.substr(equals + 1);
    const auto value = smtp::decode_xtext(raw).value_or(std::string(raw));  // Note 3: old ones do not encode
    if (value.empty() || value.size() > value_max || printable(value) != value ||
        !introduced.set(word.substr(0, equals), value))
      return refusals::bad_arguments("XCLIENT: bad attribute " + printable(word.substr(0, equals), 40));
  }
  if (!introduced.set_ports()) return refusals::bad_arguments("XCLIENT: bad port");
  return become(introduced);
}

// A front server hands on what its client typed: a bare name too (A8).
std::string Session::full_name(const std::string& login) const {
  if (login.find('@') != std::string::npos) return login;
  const auto domain = services_.directory.default_domain(client_.local ? client_.local->address.to_text() : std::string());
  const auto account = directory::find_login(services_.directory, login, domain ? *domain : std::string());
  return account && *account ? (*account)->address.to_text() : login;
}

Answer Session::become(const Introduced& introduced) {
  services_.logger.info("xclient", {{"by", client_.address_text()}, {"client", introduced.client.address_text()}});
  client_ = introduced.client;
  client_.trusted = false;
  client_.unix_user.clear();
  forget_session();
  if (introduced.has_helo) helo_ = introduced.helo, extended_ = introduced.extended;
  if (introduced.has_login && !introduced.login.empty())
    if (auto refused = become_user(full_name(introduced.login))) return std::move(*refused);
  return greeting();
}

}  // namespace tubepost::smtpd
