#include "mailauth/tls_report.h"

#include "base/text.h"
#include "mailauth/tag_list.h"

namespace tubepost::mailauth {
namespace {

constexpr std::string_view report_version = "v=TLSRPTv1";
constexpr std::size_t report_uris_max = 20;

Failure bad_report(std::string text) { return Failure::permanent(std::move(text), {5, 7, 0}); }

}  // namespace

bool is_tls_report(std::string_view text) {
  const auto first = trim(split(text, ';').front());
  return first == report_version;
}

Result<std::vector<std::string>> parse_tls_report(std::string_view text) {
  if (!is_tls_report(text)) return bad_report("it does not begin with v=TLSRPTv1");
  const auto tags = TagList::parse(text);
  if (!tags) return tags.error();
  auto uris = list_of(tags->value_or("rua", ""), ',');
  if (uris.empty()) return bad_report("no rua=, which says where reports go");
  if (uris.size() > report_uris_max) return bad_report("too many addresses for reports");
  for (const auto& uri : uris)
    if (!starts_with_ignoring_case(uri, "mailto:") && !starts_with_ignoring_case(uri, "https:"))
      return bad_report("rua= takes mailto: and https:, not " + printable(uri, 60));
  return uris;
}

}  // namespace tubepost::mailauth
