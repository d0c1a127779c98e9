#include "mailauth/tls_report.h"

#include "base/text.h"
#include "mailauth/tag_list.h"

namespace tubepost::mailauth {
namespace {

constexpr std::string_view report_version = "v=TLSRPTv1";
constexpr std::size_t report_uris_max = 20;

Failure bad_report(std::string text) { return Failure::permanent(std::move(text), {5, 7, 0}); }

bool is_tls_report(std::string_view text) { return trim(split(text, ';').front()) == report_version; }

bool is_report_uri(std::string_view uri) {
  for (const char c : uri)
    if (!is_printable_ascii(c) || c == ' ' || c == '<' || c == '>' || c == '"') return false;
  return starts_with_ignoring_case(uri, "mailto:") || starts_with_ignoring_case(uri, "https://");
}

}  // namespace

Result<std::optional<std::string>> find_tls_report(const std::vector<dns::Text>& records) {
  std::optional<std::string> found;
  for (const dns::Text& record : records) {
    if (!is_tls_report(record.text)) continue;
    if (found) return bad_report("several records, which count as none (RFC 8460 3)");
    found = record.text;
  }
  return found;
}

Result<TlsReport> parse_tls_report(std::string_view text) {
  if (!is_tls_report(text)) return bad_report("it does not begin with v=TLSRPTv1");
  const auto tags = TagList::parse(text);
  if (!tags) return tags.error();
  TlsReport report;
  for (auto& uri : list_of(tags->value_or("rua", ""), ','))
    (is_report_uri(uri) ? report.uris : report.strange).push_back(std::move(uri));
  if (report.uris.size() + report.strange.size() > report_uris_max)
    return bad_report("too many addresses for reports");
  if (report.uris.empty() && !report.strange.empty())
    return bad_report("rua= takes mailto: and https:, not " + printable(report.strange.front(), 60));
  if (report.uris.empty()) return bad_report("no rua=, which says where reports go");
  return report;
}

}  // namespace tubepost::mailauth
