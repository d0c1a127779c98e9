// What domains publish about their mail: the records as text, and SPF evaluated over a zone in which every name has
// the record that is fuzzed. It ends, within its bounds.
#include <cstdint>
#include <cstdlib>

#include "mailauth/caa.h"
#include "mailauth/dkim_key.h"
#include "mailauth/dmarc.h"
#include "mailauth/spf.h"
#include "mailauth/spf_macro.h"
#include "mailauth/tls_report.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

class Zone final : public dns::Resolver {
public:
  explicit Zone(std::string text) : text_(std::move(text)) {}
  dns::AnyAnswer query(const std::string& name, dns::Type type) override {
    demand(++queries_ < 3000);
    dns::AnyAnswer answer;
    answer.kind = dns::Kind::ok, answer.name = name;
    if (type == dns::Type::txt)
      answer.records.push_back({name, type, 1, dns::Text{text_}});
    else if (type == dns::Type::mx)
      for (int i = 0; i < 3; ++i) answer.records.push_back({name, type, 1, dns::Mx{10, "mx.test"}});
    else if (type == dns::Type::a)
      answer.records.push_back({name, type, 1, *net::IpAddress::parse("192.0.2.1")});
    else
      answer.kind = name.size() % 2 ? dns::Kind::nodata : dns::Kind::nxdomain;
    return answer;
  }

private:
  std::string text_;
  int queries_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto key = mailauth::parse_dkim_key(text)) demand(key->is_revoked() || key->bits > 0);
  if (const auto record = mailauth::parse_dmarc(text)) demand(record->percent <= 100);
  if (const auto report = mailauth::parse_tls_report(text)) demand(!report->uris.empty());
  (void)mailauth::report_domain(text);
  mailauth::read_caa("a.test", {{128, text.substr(0, 5), text}, {0, "issue", text}});
  if (const auto record = mailauth::parse_spf(text))
    for (const auto& mechanism : record->mechanisms)
      demand(mechanism.domain.empty() || mailauth::is_domain_spec(mechanism.domain));
  for (const char* client : {"192.0.2.9", "2001:db8::9"}) {
    Zone zone(text);
    const auto address = *net::IpAddress::parse(client);
    const auto verdict = mailauth::check_host(zone, {address, "a.test", "x@a.test", "h.test"});
    demand(verdict.lookups <= mailauth::spf_lookups_max + 1);
    Zone again(text);
    mailauth::survey_spf(again, "a.test", address);
  }
  mailauth::MacroValues values;
  values.local_part = text.substr(0, 30), values.domain = "example.net";
  demand(mailauth::expand_macros(text, values).size() <= mailauth::expanded_max);
  demand(mailauth::expand_domain(text, values).size() <= 253);
  return 0;
}
