// Routes: patterns, destinations, and which one holds for a message (O5).
#include "base/text.h"
#include "directory/reader.h"
#include "directory/refusals.h"
#include "directory/state.h"
#include "dns/name.h"

namespace tubepost::directory {
namespace {

struct Named {
  RouteKind kind;
  std::string_view name;
};
constexpr Named kinds[] = {{RouteKind::direct, "direct"},   {RouteKind::smarthost, "smarthost"},
                           {RouteKind::discard, "discard"}, {RouteKind::host, "host"},
                           {RouteKind::lmtp, "lmtp"},       {RouteKind::refuse, "refuse"},
                           {RouteKind::hold, "hold"}};

Result<std::string> check_pattern(std::string_view pattern) {
  if (pattern == ".") return std::string(pattern);
  const auto refusal = [&] {
    return bad_data(printable(pattern) +
                    ": not a pattern (an address, a domain, *.domain, or \".\" for everything)");
  };
  if (pattern.find('@') != std::string_view::npos) {
    const auto mailbox = smtp::parse_mailbox(pattern);
    return mailbox ? Result<std::string>(to_lower(mailbox->to_text())) : refusal();
  }
  const bool below = pattern.starts_with("*.");
  const auto name = dns::normal_name(below ? pattern.substr(2) : pattern);
  if (!name) return refusal();
  return (below ? "*." : "") + *name;
}

// HOST, HOST:PORT, [v6], [v6]:PORT.
bool is_host_and_port(std::string_view text, bool needs_port) {
  std::string_view host = text, port;
  const auto after = text.starts_with('[') ? text.find(']') : 0;
  if (after == std::string_view::npos) return false;
  if (const auto colon = text.find(':', after); colon != std::string_view::npos)
    host = text.substr(0, colon), port = text.substr(colon + 1);
  else if (needs_port)
    return false;
  const auto number = parse_number<std::uint16_t>(port);
  if (host.size() != text.size() && (!number || *number == 0)) return false;
  if (!host.starts_with('[')) return dns::normal_name(host).has_value();
  return host.ends_with(']') && host.find(':') != std::string_view::npos &&
         host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
             std::string_view::npos;
}

bool is_lmtp_target(std::string_view text) {
  if (text.starts_with("unix:")) return text.size() > 6 && text[5] == '/' && text.size() <= 5 + 107;
  return is_host_and_port(text, true);
}

// The patterns that may hold for an address, the most specific first; "." is not among them.
std::optional<Route> most_specific(const Reader& reader, const std::string& address, bool by_sender) {
  if (auto route = reader.route(address, by_sender)) return route;
  const auto at = address.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  const auto domain = std::string_view(address).substr(at + 1);
  if (domain.empty()) return std::nullopt;
  if (auto route = reader.route(domain, by_sender)) return route;
  for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1))
    if (auto route = reader.route("*" + std::string(domain.substr(dot)), by_sender)) return route;
  return std::nullopt;
}

}  // namespace

std::string_view kind_name(RouteKind kind) {
  for (const auto& known : kinds)
    if (known.kind == kind) return known.name;
  return "direct";
}

std::optional<RouteKind> parse_kind(std::string_view name) {
  for (const auto& known : kinds)
    if (known.name == name) return known.kind;
  return std::nullopt;
}

std::string destination_text(const Route& route) {
  return std::string(kind_name(route.kind)) + (route.target.empty() ? "" : ":" + route.target);
}

Result<Route> parse_route(std::string_view pattern, std::string_view destination, bool by_sender) {
  auto checked = check_pattern(pattern);
  if (!checked) return std::move(checked).error();
  const auto colon = destination.find(':');
  const auto kind = parse_kind(destination.substr(0, colon));
  const auto target = colon == std::string_view::npos ? std::string_view() : destination.substr(colon + 1);
  const bool right = kind && (*kind == RouteKind::host   ? is_host_and_port(target, false)
                              : *kind == RouteKind::lmtp ? is_lmtp_target(target)
                                                         : colon == std::string_view::npos);
  if (!right)
    return bad_data(printable(destination) +
                    ": not a destination (direct, smarthost, discard, refuse, hold, host:HOST[:PORT], "
                    "lmtp:HOST:PORT, lmtp:unix:PATH)");
  return Route{std::move(*checked), by_sender, *kind, std::string(target)};
}

Route choose_route(const Reader& reader, const smtp::Mailbox& recipient, std::string_view sender) {
  if (!reader.has_routes()) return {};
  const auto from = to_lower(sender);
  if (auto route = most_specific(reader, to_lower(recipient.to_text()), false)) return *route;
  if (auto route = from.empty() ? std::nullopt : most_specific(reader, from, true)) return *route;
  if (auto route = reader.route(".", false)) return *route;
  if (auto route = reader.route(".", true)) return *route;
  return {};
}

Result<Route> Directory::route_for(const smtp::Mailbox& recipient, std::string_view sender) const {
  return state_->read([&](const Reader& reader) { return choose_route(reader, recipient, sender); });
}

Result<std::vector<Route>> Directory::routes() const {
  return state_->read([](const Reader& reader) { return reader.routes(); });
}

}  // namespace tubepost::directory
