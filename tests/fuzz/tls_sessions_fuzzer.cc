// The counted sessions of TLS-RPT, and the records that say where reports go: what is read again is what was written, and
// nothing in them leaves the JSON string or the header it is put into.
#include <cstdlib>

#include "tls-report/report.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tubepost;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto session = relay::parse_tls_session(text)) {
    const std::string line = relay::to_line(*session);
    const auto again = relay::parse_tls_session(std::string_view(line).substr(0, line.size() - 1));
    if (!again || relay::to_line(*again) != line) std::abort();
  }
  const tls_report::Reporter reporter{"mx.example.test", "2026-11-25"};
  for (const auto& [domain, summary] : tls_report::add_up(text))
    if (tls_report::to_json(domain, summary, reporter).find('\n') != std::string::npos) std::abort();
  for (const auto& uri : tls_report::destinations_of({{text}}))
    if (const auto address = tls_report::address_of(uri);
        address && address->find_first_of("\r\n<>") != std::string::npos)
      std::abort();
  return 0;
}
