#include "dns/message.h"

#include <gtest/gtest.h>

#include "support/dns_message.h"

namespace tubepost::dns {
namespace {

using test_support::DnsMessage;

const std::string address("\xc0\x00\x02\x01", 4);

AnyAnswer parse(const DnsMessage& message, const std::string& name, Type type) {
  return parse_message(message.bytes(), name, type);
}

TEST(DnsMessage, GivesTheAddressesOfTheNameAskedFor) {
  const auto answer =
      parse(DnsMessage("x.test", Type::a, 0x20).record("X.Test", Type::a, address), "x.test", Type::a);
  ASSERT_EQ(answer.kind, Kind::ok);
  EXPECT_TRUE(answer.authenticated);
  EXPECT_EQ(std::get<net::IpAddress>(answer.records.at(0).data).to_text(), "192.0.2.1");
}

TEST(DnsMessage, IsNotAuthenticatedWithoutTheBit) {
  EXPECT_FALSE(parse(DnsMessage("x.test", Type::a).record("x.test", Type::a, address), "x.test", Type::a)
                   .authenticated);
}

TEST(DnsMessage, FollowsAliases) {
  const auto answer = parse(DnsMessage("x.test", Type::a)
                                .record("x.test", Type::cname, DnsMessage::name_of("y.test"))
                                .record("y.test", Type::a, address),
                            "x.test", Type::a);
  EXPECT_EQ(answer.kind, Kind::ok);
  EXPECT_EQ(answer.name, "y.test");
}

TEST(DnsMessage, IgnoresRecordsOfOtherNames) {
  const auto answer =
      parse(DnsMessage("x.test", Type::a).record("evil.test", Type::a, address), "x.test", Type::a);
  EXPECT_EQ(answer.kind, Kind::nodata);
}

TEST(DnsMessage, LeavesBrokenRecordsOut) {
  const auto answer =
      parse(DnsMessage("x.test", Type::a).record("x.test", Type::a, "abc").record("x.test", Type::a, address),
            "x.test", Type::a);
  EXPECT_EQ(answer.kind, Kind::ok);
  EXPECT_EQ(answer.records.size(), 1U);
}

TEST(DnsMessage, EndsALoopOfAliases) {
  const auto answer = parse(DnsMessage("x.test", Type::a)
                                .record("x.test", Type::cname, DnsMessage::name_of("y.test"))
                                .record("y.test", Type::cname, DnsMessage::name_of("x.test")),
                            "x.test", Type::a);
  EXPECT_EQ(answer.kind, Kind::nodata);
}

TEST(DnsMessage, TellsErrorsApart) {
  EXPECT_EQ(parse(DnsMessage("x.test", Type::a, 3), "x.test", Type::a).kind, Kind::nxdomain);
  EXPECT_EQ(parse(DnsMessage("x.test", Type::a, 2), "x.test", Type::a).kind, Kind::servfail);
  EXPECT_EQ(parse(DnsMessage("x.test", Type::a, 5), "x.test", Type::a).kind, Kind::servfail);
  EXPECT_EQ(parse(DnsMessage("x.test", Type::a), "x.test", Type::a).kind, Kind::nodata);
}

TEST(DnsMessage, ReadsEachType) {
  const auto data_of = [](Type type, const std::string& data) {
    const auto answer = parse(DnsMessage("x.test", type).record("x.test", type, data), "x.test", type);
    return answer.records.empty() ? Data(Host{"none"}) : answer.records.front().data;
  };
  const auto mx = std::get<Mx>(data_of(Type::mx, DnsMessage::number(10) + DnsMessage::name_of("MX.x.test")));
  EXPECT_EQ(mx.preference, 10);
  EXPECT_EQ(mx.host, "mx.x.test");
  EXPECT_EQ(std::get<Mx>(data_of(Type::mx, DnsMessage::number(0) + DnsMessage::name_of("."))).host, ".");
  EXPECT_EQ(std::get<Text>(data_of(Type::txt, "\3v=a\2bc")).text, "v=abc");
  const auto tlsa = std::get<Tlsa>(data_of(Type::tlsa, std::string("\3\1\1", 3) + std::string(32, 'h')));
  EXPECT_EQ(tlsa.usage, 3);
  EXPECT_EQ(tlsa.selector, 1);
  EXPECT_EQ(tlsa.matching, 1);
  EXPECT_EQ(tlsa.data, std::string(32, 'h'));
  const auto caa = std::get<Caa>(data_of(Type::caa, std::string("\0\5issueca.test", 14)));
  EXPECT_EQ(caa.tag, "issue");
  EXPECT_EQ(caa.value, "ca.test");
  const auto srv =
      std::get<Srv>(data_of(Type::srv, DnsMessage::number(1) + DnsMessage::number(2) +
                                           DnsMessage::number(587) + DnsMessage::name_of("s.test")));
  EXPECT_EQ(srv.port, 587);
  EXPECT_EQ(srv.host, "s.test");
  const auto soa = std::get<Soa>(data_of(
      Type::soa, DnsMessage::name_of("ns.test") + DnsMessage::name_of("h.test") + std::string("\0\0\0\7", 4) +
                     std::string(12, '\0') + std::string("\0\0\0\x3c", 4)));
  EXPECT_EQ(soa.serial, 7u);
  EXPECT_EQ(soa.minimum, 60u);
}

// Not "no such record": mail would go elsewhere, or back.
TEST(DnsMessage, WithNothingButRecordsThatCannotBeReadSaysNothing) {
  struct Case {
    Type type;
    std::string data;
    const char* why;
  };
  const Case cases[] = {
      {Type::a, "abc", "an address of three octets"},
      {Type::aaaa, "abcd", "an IPv6 address of four"},
      {Type::mx, "\1", "half a preference"},
      {Type::mx, DnsMessage::number(1), "no host"},
      {Type::mx, DnsMessage::number(1) + "\5ab", "a label beyond the end"},
      {Type::txt, "\5ab", "a string beyond the end"},
      {Type::tlsa, "\3\1", "no matching type"},
      {Type::srv, "\0\0\0", "half a record"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(parse(DnsMessage("x.test", c.type).record("x.test", c.type, c.data), "x.test", c.type).kind,
              Kind::servfail)
        << c.why;
}

TEST(DnsMessage, TakesNoMoreRecordsThanItsLimit) {
  DnsMessage message("x.test", Type::a);
  for (std::size_t i = 0; i < records_max + 50; ++i) message.record("x.test", Type::a, address);
  EXPECT_EQ(parse(message, "x.test", Type::a).records.size(), records_max);
}

TEST(DnsMessage, BoundsATextRecord) {
  std::string data;
  for (int i = 0; i < 60; ++i) data += '\xff' + std::string(255, 'x');
  const auto answer =
      parse(DnsMessage("x.test", Type::txt).record("x.test", Type::txt, data), "x.test", Type::txt);
  EXPECT_EQ(std::get<Text>(answer.records.at(0).data).text.size(), text_max);
}

TEST(DnsMessage, CutAnywhereIsNoAnswerAndNoCrash) {
  const auto whole = DnsMessage("x.test", Type::mx)
                         .record("x.test", Type::mx, DnsMessage::number(1) + DnsMessage::name_of("a.test"))
                         .bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(parse_message(cut, "x.test", Type::mx).kind, Kind::ok) << size;
  }
}

}  // namespace
}  // namespace tubepost::dns
