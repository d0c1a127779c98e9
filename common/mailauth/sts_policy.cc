#include "mailauth/sts_policy.h"

#include <algorithm>

#include "base/text.h"
#include "dns/name.h"

namespace tubepost::mailauth {
namespace {

constexpr std::string_view sts_version = "STSv1";
constexpr std::size_t sts_id_max = 32;

bool is_sts_id(std::string_view id) {
  return !id.empty() && id.size() <= sts_id_max &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_alpha(c) || is_digit(c); });
}

std::optional<std::string> id_of(std::string_view text) {
  const auto fields = split(text, ';');
  if (trim(fields.front()) != "v=STSv1") return std::nullopt;
  for (const auto field : fields) {
    const auto equals = field.find('=');
    if (equals == std::string_view::npos || trim(field.substr(0, equals)) != "id") continue;
    const auto id = trim(field.substr(equals + 1));
    if (is_sts_id(id)) return std::string(id);
  }
  return std::nullopt;
}

Failure bad_sts_policy(std::string_view line) {
  return Failure::temporary("MTA-STS policy: not understood: " + printable(line, 80), {4, 7, 0});
}

std::optional<StsPolicy::Mode> parse_mode(std::string_view value) {
  if (value == "enforce") return StsPolicy::Mode::enforce;
  if (value == "testing") return StsPolicy::Mode::testing;
  if (value == "none") return StsPolicy::Mode::none;
  return std::nullopt;
}

bool is_pattern(std::string_view pattern) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  return dns::normal_name(pattern).has_value();
}

struct Reading {
  StsPolicy policy;
  bool version_seen = false, mode_seen = false, age_seen = false;
  bool take(std::string_view key, std::string_view value);
};

// Of a key that stands twice the first counts (RFC 8461 3.2), but mx; unknown keys are for later versions.
bool Reading::take(std::string_view key, std::string_view value) {
  if (key == "version") return std::exchange(version_seen, true) || value == sts_version;
  if (key == "mode" && !std::exchange(mode_seen, true)) {
    const auto mode = parse_mode(value);
    if (mode) policy.mode = *mode;
    return mode.has_value();
  }
  if (key == "max_age" && !std::exchange(age_seen, true)) {
    const auto seconds = parse_number<std::uint32_t>(value);
    if (seconds) policy.max_age = std::min(std::chrono::seconds(*seconds), sts_age_max);
    return seconds.has_value();
  }
  if (key != "mx") return true;
  if (!is_pattern(value) || policy.mx.size() == sts_patterns_max) return false;
  policy.mx.push_back(to_lower(value));
  return true;
}

}  // namespace

bool StsPolicy::allows(std::string_view host) const {
  const auto name = to_lower(host);
  return std::any_of(mx.begin(), mx.end(), [&](const std::string& pattern) {
    if (!pattern.starts_with("*.")) return pattern == name;
    const auto dot = name.find('.');  // RFC 8461 4.1: the wildcard is the left-most label, and one only
    return dot != std::string::npos && dot > 0 &&
           std::string_view(name).substr(dot) == std::string_view(pattern).substr(1);
  });
}

std::optional<std::string> parse_sts_record(const std::vector<dns::Text>& records) {
  std::optional<std::string> id;
  int found = 0;
  for (const auto& record : records) {
    if (!record.text.starts_with("v=STSv1")) continue;
    ++found;
    id = id_of(record.text);
  }
  return found == 1 ? id : std::nullopt;
}

Result<StsPolicy> parse_sts_policy(std::string_view text) {
  if (text.size() > sts_policy_max) return bad_sts_policy("more than 64 KiB");
  Reading reading;
  for (auto line : split(text, '\n')) {
    line = trim(line);
    if (line.empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos ||
        !reading.take(trim(line.substr(0, colon)), trim(line.substr(colon + 1))))
      return bad_sts_policy(line);
    if (reading.policy.lines.size() < sts_patterns_max) reading.policy.lines.emplace_back(line);
  }
  if (!reading.version_seen || !reading.mode_seen || !reading.age_seen)
    return bad_sts_policy("version, mode or max_age is missing");
  if (reading.policy.mode != StsPolicy::Mode::none && reading.policy.mx.empty())
    return bad_sts_policy("no mx");
  return reading.policy;
}

}  // namespace tubepost::mailauth
