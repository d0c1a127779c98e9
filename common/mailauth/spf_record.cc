#include "mailauth/spf_record.h"

#include <algorithm>

#include "base/text.h"
#include "mailauth/spf_macro.h"

namespace tubepost::mailauth {
namespace {

using Kind = SpfMechanism::Kind;
constexpr std::string_view spf_version = "v=spf1";

Failure bad_spf(const char* why, std::string_view term) {
  return Failure::permanent(std::string(why) + ": " + printable(term, 80), {5, 7, 24});
}

struct Name {
  std::string_view name;
  Kind kind;
};
constexpr Name names[] = {{"all", Kind::all}, {"include", Kind::include}, {"a", Kind::a},
                          {"mx", Kind::mx},   {"ptr", Kind::ptr},         {"ip4", Kind::ip4},
                          {"ip6", Kind::ip6}, {"exists", Kind::exists}};

std::optional<Kind> kind_of(std::string_view word) {
  for (const Name& row : names)
    if (equal_ignoring_case(word, row.name)) return row.kind;
  return std::nullopt;
}

// "24" without a leading zero, at most `most`.
std::optional<unsigned> prefix_length(std::string_view digits, unsigned most) {
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const auto bits = parse_number<unsigned>(digits);
  return bits && *bits <= most ? bits : std::nullopt;
}

// Takes "SLASHES digits" from the end of `rest`. False: what stands there is no prefix length.
bool take_prefix(std::string_view& rest, std::string_view slashes, unsigned most, unsigned& bits) {
  const auto at = rest.rfind(slashes);
  if (at == std::string_view::npos) return true;
  const auto digits = rest.substr(at + slashes.size());
  if (!std::all_of(digits.begin(), digits.end(), is_digit))
    return true;  // a part of a macro string, or an error there
  const auto length = prefix_length(digits, most);
  if (!length) return false;
  bits = *length;
  rest = rest.substr(0, at);
  return true;
}

// ":domain-spec", or nothing where `optional`.
bool take_domain(std::string_view rest, bool optional, std::string& domain) {
  if (rest.empty()) return optional;
  if (rest.front() != ':' || !is_domain_spec(rest.substr(1))) return false;
  domain = rest.substr(1);
  return true;
}

bool take_network(std::string_view rest, bool v6, SpfMechanism& mechanism) {
  if (rest.empty() || rest.front() != ':') return false;
  rest.remove_prefix(1);
  if (!take_prefix(rest, "/", v6 ? 128 : 32, v6 ? mechanism.bits_v6 : mechanism.bits_v4)) return false;
  // A mapped address would become IPv4 on the way in; as text it is IPv6 all the same (RFC 7208 5.6).
  const bool is_written_v6 = rest.find(':') != std::string_view::npos;
  mechanism.network = net::IpAddress::parse(rest);
  return mechanism.network && is_written_v6 == v6;
}

bool take_arguments(std::string_view rest, SpfMechanism& mechanism) {
  switch (mechanism.kind) {
    case Kind::all:
      return rest.empty();
    case Kind::include:
    case Kind::exists:
      return take_domain(rest, false, mechanism.domain);
    case Kind::ptr:
      return take_domain(rest, true, mechanism.domain);
    case Kind::ip4:
    case Kind::ip6:
      return take_network(rest, mechanism.kind == Kind::ip6, mechanism);
    case Kind::a:
    case Kind::mx:
      return take_prefix(rest, "//", 128, mechanism.bits_v6) &&
             take_prefix(rest, "/", 32, mechanism.bits_v4) && take_domain(rest, true, mechanism.domain);
  }
  return false;
}

Result<SpfMechanism> parse_mechanism(std::string_view term) {
  SpfMechanism mechanism;
  mechanism.text = term;
  auto rest = term;
  if (std::string_view("+-~?").find(rest.front()) != std::string_view::npos) {
    mechanism.qualifier = rest.front();
    rest.remove_prefix(1);
  }
  const auto word = rest.substr(0, rest.find_first_of(":/"));
  const auto kind = kind_of(word);
  if (!kind) return bad_spf("unknown mechanism", term);
  mechanism.kind = *kind;
  if (!take_arguments(rest.substr(word.size()), mechanism)) return bad_spf("malformed", term);
  return mechanism;
}

// The name of a modifier, which "=" ends; empty: this is none.
std::string_view modifier_name(std::string_view term) {
  const auto end =
      term.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
  if (end == std::string_view::npos || term[end] != '=' || !is_alpha(term.front())) return {};
  return term.substr(0, end);
}

Result<void> take_modifier(std::string_view name, std::string_view term, SpfRecord& record) {
  const auto value = term.substr(name.size() + 1);
  const bool is_redirect = equal_ignoring_case(name, "redirect");
  if (!is_redirect && !equal_ignoring_case(name, "exp")) {
    if (!is_macro_string(value, MacroUse::name)) return bad_spf("malformed", term);
    return {};  // RFC 7208 6: unknown ones do not matter
  }
  auto& place = is_redirect ? record.redirect : record.explanation;
  if (place) return bad_spf("a modifier stands twice", term);
  if (!is_domain_spec(value)) return bad_spf("malformed", term);
  place = std::string(value);
  return {};
}

}  // namespace

bool is_spf(std::string_view text) {
  return starts_with_ignoring_case(text, spf_version) &&
         (text.size() == spf_version.size() || text[spf_version.size()] == ' ');
}

Result<SpfRecord> parse_spf(std::string_view text) {
  if (!is_spf(text)) return bad_spf("it does not begin with v=spf1", text);
  SpfRecord record;
  std::size_t terms = 0;
  for (const auto term : split(text.substr(spf_version.size()), ' ')) {
    if (term.empty()) continue;
    if (++terms > spf_terms_max) return bad_spf("too many terms", term);
    if (const auto name = modifier_name(term); !name.empty()) {
      const auto taken = take_modifier(name, term, record);
      if (!taken) return taken.error();
      continue;
    }
    auto mechanism = parse_mechanism(term);
    if (!mechanism) return mechanism.error();
    record.mechanisms.push_back(std::move(*mechanism));
  }
  return record;
}

}  // namespace tubepost::mailauth
