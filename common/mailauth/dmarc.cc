#include "mailauth/dmarc.h"

#include <algorithm>

#include "base/text.h"
#include "dns/name.h"
#include "mailauth/tag_list.h"

namespace tubepost::mailauth {
namespace {

// At most, of the domains above the first; a label alone is not asked: seven questions in all.
constexpr std::size_t labels_asked = 7;
constexpr std::size_t uris_max = 20;

Failure bad_dmarc(std::string text) { return Failure::permanent(std::move(text), {5, 7, 0}); }

std::optional<DmarcRecord::Policy> parse_policy(std::string_view word) {
  const auto lower = to_lower(word);
  if (lower == "none") return DmarcRecord::Policy::none;
  if (lower == "quarantine") return DmarcRecord::Policy::quarantine;
  if (lower == "reject") return DmarcRecord::Policy::reject;
  return std::nullopt;
}

std::vector<std::string> uris_of(const TagList& tags, std::string_view name) {
  std::vector<std::string> uris;
  for (auto& uri : list_of(tags.value_or(name, ""), ','))
    if (uris.size() < uris_max) uris.push_back(uri.substr(0, uri.find('!')));
  return uris;
}

Result<bool> is_strict(const TagList& tags, std::string_view name) {
  const auto value = to_lower(tags.value_or(name, "r"));
  if (value == "s" || value == "r") return value == "s";
  return bad_dmarc(std::string(name) + "=" + printable(value, 40) + " instead of r or s");
}

// The next to ask, of many labels the last seven: whoever sends from below a deep tree must not be out of reach.
std::string domain_above(const std::string& domain) {
  auto labels = split(domain, '.');
  const auto most = std::min(labels.size() - 1, labels_asked);
  return join(std::vector<std::string>(labels.end() - static_cast<std::ptrdiff_t>(most), labels.end()), ".");
}

Result<void> read_policies(const TagList& tags, DmarcRecord& record) {
  const auto* const p = tags.find("p");
  const auto policy = p ? parse_policy(*p) : std::nullopt;
  const auto* const sp = tags.find("sp");
  const auto below = sp ? parse_policy(*sp) : policy;
  if (policy && below) {
    record.policy = *policy, record.subdomain_policy = *below;
    return {};
  }
  if (!record.aggregate_to.empty()) return {};  // RFC 7489 6.6.3, step 6: as p=none
  if (!p) return bad_dmarc("no p=");
  return bad_dmarc(policy ? "sp= is none of none, quarantine, reject" : "p= is none of none, quarantine, reject");
}

}  // namespace

std::string_view to_text(DmarcRecord::Policy policy) {
  switch (policy) {
    case DmarcRecord::Policy::none:
      return "none";
    case DmarcRecord::Policy::quarantine:
      return "quarantine";
    case DmarcRecord::Policy::reject:
      return "reject";
  }
  return "?";
}

// RFC 7489 6.4: the version stands first, and its value is case-sensitive.
bool is_dmarc(std::string_view text) {
  const auto first = split(text, ';').front();
  const auto equals = first.find('=');
  return equals != std::string_view::npos && trim(first.substr(0, equals)) == "v" &&
         trim(first.substr(equals + 1)) == "DMARC1";
}

Result<DmarcRecord> parse_dmarc(std::string_view text) {
  if (!is_dmarc(text)) return bad_dmarc("it does not begin with v=DMARC1");
  const auto tags = TagList::parse(text);
  if (!tags) return tags.error();
  DmarcRecord record;
  record.aggregate_to = uris_of(*tags, "rua"), record.failure_to = uris_of(*tags, "ruf");
  if (const auto policies = read_policies(*tags, record); !policies) return policies.error();
  const auto dkim = is_strict(*tags, "adkim"), spf = is_strict(*tags, "aspf");
  if (!dkim) return dkim.error();
  if (!spf) return spf.error();
  record.strict_dkim = *dkim, record.strict_spf = *spf;
  const auto percent = parse_number<unsigned>(tags->value_or("pct", "100"));
  if (!percent || *percent > 100) return bad_dmarc("pct= is no number from 0 to 100");
  record.percent = *percent;
  return record;
}

Result<std::optional<DmarcFound>> find_dmarc(dns::Resolver& resolver, const std::string& domain) {
  using Found = std::optional<DmarcFound>;
  std::string at = domain;
  while (at.find('.') != std::string::npos) {
    const auto answer = resolver.txt("_dmarc." + at);
    if (!answer.ok() && !answer.is_absent())
      return dns::to_failure(answer.kind, dns::Type::txt, "_dmarc." + at, answer.detail);
    std::vector<std::string> texts;
    for (const auto& text : answer.records)
      if (is_dmarc(text.text)) texts.push_back(text.text);
    if (texts.size() > 1) return bad_dmarc("several DMARC records at _dmarc." + at);
    if (texts.size() == 1) return Found(DmarcFound{at, texts.front()});
    at = domain_above(at);
  }
  return Found();
}

std::optional<std::string> report_domain(std::string_view uri) {
  if (!starts_with_ignoring_case(uri, "mailto:")) return std::nullopt;
  const auto address = uri.substr(0, uri.find_first_of("!?"));
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::nullopt : dns::normal_name(address.substr(at + 1));
}

Result<bool> takes_reports_of(dns::Resolver& resolver, const std::string& receiver,
                              const std::string& domain) {
  if (receiver == domain || receiver.ends_with('.' + domain) || domain.ends_with('.' + receiver)) return true;
  const auto name = domain + "._report._dmarc." + receiver;
  const auto answer = resolver.txt(name);
  if (!answer.ok() && !answer.is_absent())
    return dns::to_failure(answer.kind, dns::Type::txt, name, answer.detail);
  return std::any_of(answer.records.begin(), answer.records.end(),
                     [](const dns::Text& text) { return is_dmarc(text.text); });
}

}  // namespace tubepost::mailauth
