// Answers of DNS servers: whatever comes, counts and sizes are bounded, names are names, and only records of
// the type asked for stand in the answer.
#include <cstdint>
#include <cstdlib>

#include "dns/message.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

void check(std::span<const std::uint8_t> bytes, dns::Type type) {
  const auto answer = dns::parse_message(bytes, "x.test", type);
  demand(answer.records.size() <= dns::records_max);
  demand((answer.kind == dns::Kind::ok) == !answer.records.empty());
  for (const auto& record : answer.records) {
    demand(record.type == type && record.name == answer.name);
    if (const auto* text = std::get_if<dns::Text>(&record.data)) demand(text->text.size() <= dns::text_max);
    if (const auto* mx = std::get_if<dns::Mx>(&record.data))
      demand(!mx->host.empty() && mx->host.size() < 1025);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto type : {dns::Type::a, dns::Type::aaaa, dns::Type::mx, dns::Type::txt, dns::Type::tlsa,
                          dns::Type::ptr, dns::Type::cname, dns::Type::srv, dns::Type::caa, dns::Type::soa})
    check({data, size}, type);
  return 0;
}
