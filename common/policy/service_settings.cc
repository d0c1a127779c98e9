#include <algorithm>

#include "base/text.h"
#include "policy/policy_client.h"

namespace tubepost::policy {
namespace {

struct StateName {
  std::string_view setting, attribute;
  ProtocolState state;
};
constexpr StateName states[] = {
    {"connect", "CONNECT", ProtocolState::connect}, {"mail", "MAIL", ProtocolState::mail},
    {"rcpt", "RCPT", ProtocolState::rcpt},          {"data", "DATA", ProtocolState::data},
    {"end", "END-OF-MESSAGE", ProtocolState::end},
};

Failure wrong(std::string_view option, std::string_view needs) {
  return Failure::permanent(printable(option, 80) + ": needs " + std::string(needs), {5, 3, 5});
}

Result<void> set_states(ServiceSettings& settings, std::string_view value) {
  settings.at.clear();
  for (const auto word : split(value, ',')) {
    const auto* found = std::find_if(std::begin(states), std::end(states),
                                     [&](const StateName& each) { return each.setting == trim(word); });
    if (found == std::end(states)) return wrong(word, "one of connect, mail, rcpt, data, end");
    settings.at.insert(found->state);
  }
  return {};
}

Result<void> set_option(ServiceSettings& settings, std::string_view option) {
  const auto equals = option.find('=');
  const auto name = trim(option.substr(0, equals));
  const auto value = equals == option.npos ? std::string_view() : trim(option.substr(equals + 1));
  if (name == "at") return set_states(settings, value);
  if (name == "timeout") {
    const auto time = parse_duration(value);
    if (!time || time->count() == 0) return wrong(option, "a time");
    settings.timeout = *time;
    return {};
  }
  if (name == "default") {
    settings.otherwise = parse_action(value);
    return settings.otherwise.kind == ActionKind::unknown ? wrong(option, "an action of access(5)")
                                                          : Result<void>();
  }
  if (name == "for" && (value == "all" || value == "strangers")) {
    settings.for_all = value == "all";
    return {};
  }
  return wrong(option, "to be at=, timeout=, default= or for=strangers|all");
}

Result<void> set_address(ServiceSettings& settings, std::string_view address) {
  if (address.starts_with("unix:")) {
    settings.unix_path = address.substr(5);
    return settings.unix_path.empty() ? wrong(address, "a path") : Result<void>();
  }
  if (address.starts_with("inet:")) {
    settings.endpoint = net::parse_endpoint(address.substr(5), 0);
    return settings.endpoint && settings.endpoint->port != 0 ? Result<void>() : wrong(address, "ADDR:PORT");
  }
  auto command = split_command(address);
  if (!command || command->empty()) return wrong(address, "a command, unix:PATH or inet:ADDR:PORT");
  settings.command = std::move(*command);
  return {};
}

// At semicolons that do not stand between quotes: a command may have some.
std::vector<std::string_view> split_options(std::string_view text) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == ';' && !quoted)
      parts.push_back(text.substr(begin, i - begin)), begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

}  // namespace

std::string_view to_attribute(ProtocolState state) {
  return std::find_if(std::begin(states), std::end(states),
                      [&](const StateName& each) { return each.state == state; })
      ->attribute;
}

Result<ServiceSettings> parse_service(std::string_view text) {
  ServiceSettings settings;
  settings.text = text;
  const auto parts = split_options(text);
  if (auto set = set_address(settings, trim(parts[0])); !set) return std::move(set).error();
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (auto set = set_option(settings, trim(parts[i])); !set) return std::move(set).error();
  return settings;
}

std::string ServiceSettings::name() const {
  if (!command.empty()) return command.front();
  return endpoint ? "inet:" + endpoint->to_text() : "unix:" + unix_path;
}

}  // namespace tubepost::policy
