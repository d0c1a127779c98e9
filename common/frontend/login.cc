#include "frontend/login.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"

namespace tubepost::frontend {
namespace {

// Of the connection, as the service will be told of it.
auth::Request request_of(const Client& client) {
  auth::Request request;
  request.client_address = client.address_text();
  if (client.local) request.local_address = client.local->address.to_text();
  request.secured = client.tls;
  request.tls_exporter = client.tls_info.tls_exporter;
  request.tls_server_end_point = client.tls_info.server_end_point;
  return request;
}

}  // namespace

std::vector<auth::MechanismInfo> known_mechanisms(auth::Authenticator& authenticator, const Client& client,
                                                  const log::Logger& logger) {
  auto known = authenticator.mechanisms();
  if (!known) {
    logger.warning("auth-unavailable", {{"reason", known.error().text}});
    return {};
  }
  if (!request_of(client).has_channel_binding())
    std::erase_if(*known, [](const auth::MechanismInfo& mechanism) { return mechanism.channel_binding; });
  return std::move(*known);
}

const auth::MechanismInfo* find_mechanism(const std::vector<auth::MechanismInfo>& known,
                                          std::string_view name) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const auth::MechanismInfo& each) {
    return equal_ignoring_case(each.name, name);
  });
  return found == known.end() ? nullptr : &*found;
}

auth::Request login_request(std::string_view service, std::string mechanism, const Client& client,
                            const directory::Directory& directory) {
  auto request = request_of(client);
  request.service = service;
  request.mechanism = std::move(mechanism);
  // A10: the address that was connected to chooses the domain of a bare name.
  if (auto domain = directory.default_domain(request.local_address))
    request.default_domain = std::move(*domain);
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

std::variant<auth::Step, GaveUp> converse_sasl(auth::Authenticator& authenticator,
                                               const auth::Request& request, net::LineStream& lines,
                                               std::string_view prompt) {
  auto [step, exchange] = authenticator.begin(request);
  while (step.kind == auth::Step::Kind::challenge) {
    if (!exchange)
      return auth::Step{auth::Step::Kind::failed, "a challenge without an exchange", {}, true, {}};
    lines << prompt << base64_encode(step.text) << "\r\n";
    const auto line = lines.read_line(sasl_line_max);
    if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected{};
    const auto response =
        line.kind == net::LineStream::Line::Kind::ok ? base64_decode(line.text) : std::nullopt;
    if (!response) {  // "*" is no base64
      exchange->cancel();
      return GaveUp{std::string(line.text)};
    }
    step = exchange->step(*response);
  }
  return step;
}

void log_failed_login(const log::Logger& logger, const Client& client, std::string_view mechanism,
                      const auth::Step& step) {
  logger.warning("login-failed", {{"client", client.address_text()},
                                  {"mechanism", mechanism},
                                  {"temporary", step.temporary},
                                  {"code", step.code},
                                  {"reason", step.text}});
}

}  // namespace tubepost::frontend
