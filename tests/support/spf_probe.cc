// For the test suite of RFC 7208 (scenarios): check_host() over a zone that is read from stdin, fields parted by
// tabs: "a|aaaa|mx|txt|ptr|cname NAME DATA" (mx: "10 host"; txt in hexadecimal), "timeout NAME TYPE", then
// "check IP HELO SENDER". A line "RESULT<tab>EXPLANATION" for each check, and the zone is then empty again.
#include <cstdio>
#include <iostream>
#include <memory>

#include "base/text.h"
#include "dns/name.h"
#include "mailauth/spf.h"
#include "support/fake_resolver.h"

namespace {

using namespace tubepost;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

dns::Type type_of(std::string_view word) {
  for (const auto type : {dns::Type::a, dns::Type::aaaa, dns::Type::mx, dns::Type::txt, dns::Type::ptr})
    if (equal_ignoring_case(word, to_text(type))) return type;
  return dns::Type::cname;
}

// The resolver's contract (dns/resolver.h): any case, a trailing dot or none, and what no server could know is
// nxdomain.
class Zone final : public dns::Resolver {
public:
  test_support::FakeResolver records;
  dns::AnyAnswer query(const std::string& name, dns::Type type) override {
    if (const auto normal = dns::query_name(name)) return records.query(*normal, type);
    dns::AnyAnswer none;
    none.kind = dns::Kind::nxdomain;
    return none;
  }
};

void add(test_support::FakeResolver& zone, std::string_view type, const std::string& name,
         const std::string& data) {
  if (type == "timeout") {
    if (data == "*")
      zone.fail(name, dns::Kind::timeout);
    else
      zone.fail(name, type_of(data), dns::Kind::timeout);
  } else if (type == "mx") {
    const auto words = split_words(data);
    zone.add(name, dns::Mx{parse_number<std::uint16_t>(words[0]).value(),
                           words.size() > 1 ? std::string(words[1]) : "."});
  } else if (type == "txt") {
    zone.add(name, dns::Text{from_hex(data)});
  } else if (type == "ptr") {
    zone.add_ptr(name, data);
  } else if (type == "cname") {
    zone.alias(name, data);
  } else {
    zone.add(name, data.c_str());
  }
}

void check(dns::Resolver& zone, const std::vector<std::string_view>& fields) {
  mailauth::SpfQuestion question;
  question.client = net::IpAddress::parse(fields[1]).value();
  question.helo = fields[2], question.sender = fields[3];
  const auto at = question.sender.rfind('@');
  question.domain = at == std::string::npos ? question.helo : question.sender.substr(at + 1);
  if (question.sender.empty()) question.sender = "postmaster@" + question.helo;
  const auto verdict = mailauth::check_host(zone, question);
  std::printf("%s\t%s\t%s\n", std::string(to_text(verdict.result)).c_str(), verdict.explanation.c_str(),
              verdict.why.c_str());
}

}  // namespace

int main() {
  auto zone = std::make_unique<Zone>();
  for (std::string line; std::getline(std::cin, line);) {
    const auto fields = split(line, '\t');
    if (fields.front() == "check" && fields.size() == 4) {
      check(*zone, fields);
      zone = std::make_unique<Zone>();
    } else if (fields.size() == 3) {
      add(zone->records, fields[0], std::string(fields[1]), std::string(fields[2]));
    }
  }
}
