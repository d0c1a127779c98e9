#include "auth/dovecot_protocol.h"

#include <algorithm>

#include "auth/sasl.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::auth::dovecot {
namespace {

constexpr char escape_mark = '\001';
constexpr std::string_view channel_binding_field = "channel_binding=";
constexpr std::size_t name_max = 64, value_max = 1024;

using Fields = std::vector<std::string_view>;

// The fields after the command; nullopt: the line is not one of the protocol.
std::optional<Fields> cut(std::string_view line) {
  if (line.size() > auth_line_max ||
      line.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos)
    return std::nullopt;
  auto fields = split(line, '\t');
  if (fields.size() > auth_fields_max || fields[0].empty()) return std::nullopt;
  return fields;
}

std::optional<std::uint32_t> id_of(const Fields& fields) {
  return fields.size() > 1 ? parse_number<std::uint32_t>(fields[1]) : std::nullopt;
}

// RFC 4422 3.1, in any case: what clients typed comes through.
bool is_mechanism_name(std::string_view name) {
  return !name.empty() && name.size() <= name_max && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
  });
}

bool take_value(std::string_view field, std::string_view name, std::string& into) {
  if (!field.starts_with(name)) return false;
  auto value = tab_unescape(field.substr(name.size()));
  if (value && value->size() <= value_max) into = std::move(*value);  // else as if it were not there
  return true;
}

std::optional<Version> version(const Fields& fields) {
  if (fields.size() < 3) return std::nullopt;
  const auto major = parse_number<unsigned>(fields[1]), minor = parse_number<unsigned>(fields[2]);
  if (!major || !minor) return std::nullopt;
  return Version{*major, *minor};
}

std::optional<Continue> continuation(const Fields& fields) {
  const auto id = id_of(fields);
  // An empty challenge or response may come without its field.
  auto data = base64_decode(fields.size() > 2 ? fields[2] : std::string_view());
  if (!id || !data || data->size() > sasl_response_max) return std::nullopt;
  Continue found{*id, std::move(*data)};
  if (fields.size() > 3 && fields[3].starts_with(channel_binding_field))
    found.channel_binding = fields[3].substr(channel_binding_field.size());
  return found;
}

// A client answers with octets.
std::optional<Continue> client_continuation(const Fields& fields) {
  auto found = continuation(fields);
  if (!found || !found->channel_binding) return found;
  found->channel_binding = base64_decode(*found->channel_binding);
  if (!found->channel_binding || found->channel_binding->size() > value_max) return std::nullopt;
  return found;
}

std::optional<AuthRequest> auth_request(const Fields& fields) {
  const auto id = id_of(fields);
  if (!id || fields.size() < 3 || !is_mechanism_name(fields[2])) return std::nullopt;
  AuthRequest request;
  request.id = *id, request.mechanism = fields[2];
  for (std::size_t i = 3; i < fields.size(); ++i) {
    const auto field = fields[i];
    if (field.starts_with("resp=")) {
      // "This must be the last parameter. Everything after it is ignored."
      auto response = base64_decode(field.substr(5));
      if (!response || response->size() > sasl_response_max) return std::nullopt;
      request.initial_response = std::move(*response);
      break;
    }
    take_value(field, "service=", request.service) || take_value(field, "lip=", request.local_address) ||
        take_value(field, "rip=", request.remote_address) ||
        take_value(field, "default-domain=", request.default_domain);
    // Dovecot 2.4 says "secured=tls".
    if (field == "secured" || field.starts_with("secured=")) request.secured = true;
    if (field == "no-penalty") request.no_penalty = true;
    if (field == "plus-offered") request.plus_offered = true;
  }
  if (request.service.empty()) return std::nullopt;
  return request;
}

std::optional<Mechanism> mechanism(const Fields& fields) {
  if (fields.size() < 2 || !is_mechanism_name(fields[1])) return std::nullopt;
  Mechanism found{to_upper(fields[1])};
  for (const auto field : fields) {
    if (field == "plaintext") found.plaintext = true;
    if (field == "private") found.internal = true;
    if (field == "channel-binding") found.channel_binding = true;
  }
  return found;
}

std::optional<Ok> success(const Fields& fields) {
  const auto id = id_of(fields);
  if (!id) return std::nullopt;
  Ok ok{*id, {}};
  for (const auto field : fields) take_value(field, "user=", ok.user);
  return ok;
}

std::optional<Fail> failure(const Fields& fields) {
  const auto id = id_of(fields);
  if (!id) return std::nullopt;
  Fail fail;
  fail.id = *id;
  for (std::size_t i = 2; i < fields.size(); ++i) {
    const auto field = fields[i];
    take_value(field, "user=", fail.user) || take_value(field, "reason=", fail.reason) ||
        take_value(field, "code=", fail.code);
    if (field == "temp") fail.temporary = true;  // Dovecot before 2.3
    if (field == "user_disabled" && fail.code.empty()) fail.code = field;
  }
  if (fail.code == "temp_fail") fail.temporary = true;
  return fail;
}

template <class Variant, class Value>
std::optional<Variant> as(std::optional<Value> value) {
  if (!value) return std::nullopt;
  return Variant(std::move(*value));
}

void add(std::string& line, std::string_view name, std::string_view value) {
  if (!value.empty()) line += '\t' + std::string(name) + tab_escape(value);
}

}  // namespace

std::optional<FromClient> parse_client_line(std::string_view line) {
  const auto fields = cut(line);
  if (!fields) return std::nullopt;
  const auto command = fields->front();
  if (command == "VERSION") return as<FromClient>(version(*fields));
  if (command == "AUTH") return as<FromClient>(auth_request(*fields));
  if (command == "CONT") return as<FromClient>(client_continuation(*fields));
  if (command != "CPID" && command != "CANCEL") return Ignored{};
  if (command == "CANCEL") {
    const auto id = id_of(*fields);
    return id ? std::optional<FromClient>(Cancel{*id}) : std::nullopt;
  }
  const auto pid = fields->size() > 1 ? parse_number<std::uint64_t>(fields->at(1)) : std::nullopt;
  return pid ? std::optional<FromClient>(ProcessId{*pid}) : std::nullopt;
}

std::optional<FromServer> parse_server_line(std::string_view line) {
  const auto fields = cut(line);
  if (!fields) return std::nullopt;
  const auto command = fields->front();
  if (command == "VERSION") return as<FromServer>(version(*fields));
  if (command == "MECH") return as<FromServer>(mechanism(*fields));
  if (command == "DONE") return Done{};
  if (command == "CONT") return as<FromServer>(continuation(*fields));
  if (command == "OK") return as<FromServer>(success(*fields));
  if (command == "FAIL") return as<FromServer>(failure(*fields));
  return Ignored{};  // SPID, CUID, COOKIE, and what later versions bring
}

std::string to_line(const AuthRequest& request) {
  std::string line = "AUTH\t" + std::to_string(request.id) + '\t' + tab_escape(request.mechanism);
  add(line, "service=", request.service);
  if (request.secured) line += "\tsecured";
  if (request.no_penalty) line += "\tno-penalty";
  if (request.plus_offered) line += "\tplus-offered";
  add(line, "lip=", request.local_address);
  add(line, "rip=", request.remote_address);
  add(line, "default-domain=", request.default_domain);
  if (request.initial_response) line += "\tresp=" + base64_encode(*request.initial_response);
  return line + '\n';
}

std::string to_line(const Continue& message) {
  std::string line = "CONT\t" + std::to_string(message.id) + '\t' + base64_encode(message.data);
  if (message.channel_binding) line += '\t' + std::string(channel_binding_field) + tab_escape(*message.channel_binding);
  return line + '\n';
}

std::string to_client_line(const Continue& message) {
  std::string line = "CONT\t" + std::to_string(message.id) + '\t' + base64_encode(message.data);
  if (message.channel_binding) line += '\t' + std::string(channel_binding_field) + base64_encode(*message.channel_binding);
  return line + '\n';
}

std::string to_line(const Cancel& message) { return "CANCEL\t" + std::to_string(message.id) + '\n'; }

std::string to_line(const Ok& message) {
  std::string line = "OK\t" + std::to_string(message.id);
  add(line, "user=", message.user);
  return line + '\n';
}

std::string to_line(const Fail& message) {
  std::string line = "FAIL\t" + std::to_string(message.id);
  add(line, "user=", message.user);
  add(line, "reason=", message.reason);
  if (message.temporary) line += "\ttemp";  // Postfix and Dovecot before 2.3 look for this
  add(line, "code=", message.temporary && message.code.empty() ? "temp_fail" : message.code);
  return line + '\n';
}

std::string client_greeting(std::uint64_t pid) {
  return "VERSION\t1\t" + std::to_string(version_minor) + "\nCPID\t" + std::to_string(pid) + '\n';
}

std::string server_greeting(std::uint64_t pid, std::uint64_t connection,
                            const std::vector<Mechanism>& mechanisms) {
  std::string text = "VERSION\t1\t" + std::to_string(version_minor) + '\n';
  for (const auto& each : mechanisms)
    text += "MECH\t" + each.name + (each.plaintext ? "\tplaintext" : "") + (each.internal ? "\tprivate" : "") +
            (each.channel_binding ? "\tchannel-binding\n" : "\n");
  text += "SPID\t" + std::to_string(pid) + "\nCUID\t" + std::to_string(connection);
  // The cookie lets a master of Dovecot ask for this connection's users; we have no masters, yet clients
  // expect it.
  return text + "\nCOOKIE\t" + to_hex(random_bytes(16)) + "\nDONE\n";
}

std::string tab_escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\0':
        escaped += {escape_mark, '0'};
        break;
      case escape_mark:
        escaped += {escape_mark, '1'};
        break;
      case '\t':
        escaped += {escape_mark, 't'};
        break;
      case '\r':
        escaped += {escape_mark, 'r'};
        break;
      case '\n':
        escaped += {escape_mark, 'n'};
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::optional<std::string> tab_unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != escape_mark) {
      plain += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    constexpr std::string_view marks = "01trn", meanings("\0\001\t\r\n", 5);
    const auto at = marks.find(text[i]);
    if (at == std::string_view::npos) return std::nullopt;
    plain += meanings[at];
  }
  return plain;
}

}  // namespace tubepost::auth::dovecot
