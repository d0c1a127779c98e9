#include "frontend/login.h"

#include "base/base64.h"

namespace tubepost::frontend {
namespace {

bool may_bind(const Client& client) {
  return !client.tls_info.tls_exporter.empty() || !client.tls_info.server_end_point.empty();
}

}  // namespace

std::vector<std::string> usable_mechanisms(auth::Authenticator& authenticator, const Client& client, bool passwords,
                                           const log::Logger& logger) {
  auto known = authenticator.mechanisms();
  if (!known) {
    logger.warning("auth-unavailable", {{"reason", known.error().text}});
    return {};
  }
  std::vector<std::string> names;
  for (auto& mechanism : *known)
    if ((!mechanism.channel_binding || may_bind(client)) && (!mechanism.plaintext || passwords))
      names.push_back(std::move(mechanism.name));
  return names;
}

auth::Request login_request(std::string_view service, std::string mechanism, const Client& client,
                            const directory::Directory& directory) {
  auth::Request request;
  request.service = service;
  request.mechanism = std::move(mechanism);
  request.client_address = client.address_text();
  if (client.local) request.local_address = client.local->address.to_text();
  request.secured = client.tls;
  request.tls_exporter = client.tls_info.tls_exporter;
  request.tls_server_end_point = client.tls_info.server_end_point;
  // A10: the address that was connected to chooses the domain of a bare name.
  if (auto domain = directory.default_domain(request.local_address)) request.default_domain = std::move(*domain);
  return request;
}

std::string as_plain(std::string_view user, std::string_view password) {
  std::string response(1, '\0');
  response.append(user);
  response += '\0';
  return response.append(password);
}

std::optional<std::string> decode_initial(std::string_view text) {
  return text == "=" ? std::optional(std::string()) : base64_decode(text);
}

std::optional<auth::Step> converse_sasl(auth::Authenticator& authenticator, const auth::Request& request,
                                        net::LineStream& lines, std::size_t line_max) {
  auto [step, exchange] = authenticator.begin(request);
  while (step.kind == auth::Step::Kind::challenge) {
    if (!exchange) return auth::Step{auth::Step::Kind::failed, "a challenge without an exchange", {}, true, {}};
    lines << "+ " << base64_encode(step.text) << "\r\n";
    const auto line = lines.read_line(line_max);
    if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected{};
    const auto response = line.kind == net::LineStream::Line::Kind::ok ? base64_decode(line.text) : std::nullopt;
    if (!response) {  // "*" is no base64 either
      exchange->cancel();
      return std::nullopt;
    }
    step = exchange->step(*response);
  }
  return step;
}

}  // namespace tubepost::frontend
