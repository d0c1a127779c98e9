#include "mailauth/spf_record.h"

#include <gtest/gtest.h>

#include "mailauth/spf_macro.h"

namespace tubepost::mailauth {
namespace {

TEST(SpfRecord, ReadsMechanismsAndModifiers) {
  const auto record = parse_spf(
      "V=SPF1  ip4:192.0.2.0/24 ?a:%{d2}.example.net/28//64 ~mx redirect=_spf.example.net exp=e.%{d} x-y=z ");
  ASSERT_TRUE(record);
  ASSERT_EQ(record->mechanisms.size(), 3u);
  EXPECT_EQ(record->mechanisms[0].bits_v4, 24u);
  EXPECT_EQ(record->mechanisms[1].qualifier, '?');
  EXPECT_EQ(record->mechanisms[1].domain, "%{d2}.example.net");
  EXPECT_EQ(record->mechanisms[1].bits_v4, 28u);
  EXPECT_EQ(record->mechanisms[1].bits_v6, 64u);
  EXPECT_EQ(record->redirect, "_spf.example.net");
  EXPECT_EQ(record->explanation, "e.%{d}");
}

struct Case {
  const char* text;
  bool taken;
  const char* why;
};
class SpfRecordTakes : public testing::TestWithParam<Case> {};
TEST_P(SpfRecordTakes, Text) {
  EXPECT_EQ(parse_spf(GetParam().text).has_value(), GetParam().taken)
      << GetParam().text << ": " << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(
    All, SpfRecordTakes,
    testing::Values(
        Case{"v=spf1", true, "empty"}, Case{"v=spf10 -all", false, "another version"},
        Case{"v=spf1 -all.", false, "all takes nothing"},
        Case{"v=spf1 all:a.test", false, "all takes nothing"},
        Case{"v=spf1 -all\t", false, "a tab is no blank here"},
        Case{"v=spf1 include", false, "include needs a name"},
        Case{"v=spf1 include:a.test/24", false, "include takes no prefix: the last label is \"test/24\""},
        Case{"v=spf1 a/33", false, "more bits than IPv4 has"}, Case{"v=spf1 a/032", false, "a leading zero"},
        Case{"v=spf1 a//129", false, "more bits than IPv6 has"}, Case{"v=spf1 a/0//0", true, "all of them"},
        Case{"v=spf1 a:", false, "an empty name"}, Case{"v=spf1 a:museum", false, "one label"},
        Case{"v=spf1 a:a.b.111", false, "a number as the last label"},
        Case{"v=spf1 a:a.test.", true, "a trailing dot"}, Case{"v=spf1 a:%{d", false, "an open brace"},
        Case{"v=spf1 a:%{x}", false, "no such macro"}, Case{"v=spf1 a:%{d0}", false, "no parts at all"},
        Case{"v=spf1 a:%{c}.test", false, "c is for explanations"},
        Case{"v=spf1 exists:%{L2r+-/}", true, "everything a macro can have"},
        Case{"v=spf1 a:%a.test", false, "no macro"}, Case{"v=spf1 ip4:192.0.2", false, "no address"},
        Case{"v=spf1 ip4:2001:db8::1", false, "not IPv4"}, Case{"v=spf1 ip6:192.0.2.1", false, "not IPv6"},
        Case{"v=spf1 ip6:2001:db8::/48", true, "a network"}, Case{"v=spf1 ip4:192.0.2.1/", false, "no bits"},
        Case{"v=spf1 ip4", false, "no address"},
        Case{"v=spf1 redirect=a.test redirect=b.test", false, "twice"}, Case{"v=spf1 exp=", false, "empty"},
        Case{"v=spf1 moo=%{d}", true, "unknown modifiers do not matter"},
        Case{"v=spf1 moo=%%%", false, "but their syntax does"},
        Case{"v=spf1 moo", false, "an unknown mechanism"}, Case{"v=spf1 --all", false, "two qualifiers"},
        Case{"v=spf1 \xc3\xa4ll", false, "not ASCII"}, Case{"v=spf1 PTR -ALL", true, "capitals"}));

TEST(SpfRecord, TakesAsManyTermsAsItsLimitAndNotOneMore) {
  std::string text = "v=spf1";
  for (std::size_t i = 0; i < spf_terms_max; ++i) text += " a";
  EXPECT_TRUE(parse_spf(text));
  EXPECT_FALSE(parse_spf(text + " a"));
}

struct Expansion {
  const char *text, *expanded;
};
class SpfMacro : public testing::TestWithParam<Expansion> {};
TEST_P(SpfMacro, IsExpandedAsInTheRfc) {  // RFC 7208 7.4
  MacroValues values;
  values.local_part = "strong-bad", values.sender_domain = values.domain = "email.example.com";
  values.client = *net::IpAddress::parse("192.0.2.3");
  EXPECT_EQ(expand_macros(GetParam().text, values), GetParam().expanded);
}
INSTANTIATE_TEST_SUITE_P(
    All, SpfMacro,
    testing::Values(Expansion{"%{s}", "strong-bad@email.example.com"}, Expansion{"%{o}", "email.example.com"},
                    Expansion{"%{d4}", "email.example.com"}, Expansion{"%{d2}", "example.com"},
                    Expansion{"%{d1}", "com"}, Expansion{"%{dr}", "com.example.email"},
                    Expansion{"%{d2r}", "example.email"}, Expansion{"%{l-}", "strong.bad"},
                    Expansion{"%{lr-}", "bad.strong"}, Expansion{"%{l1r-}", "strong"},
                    Expansion{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
                    Expansion{"%{S}%%%_%-", "strong-bad%40email.example.com% %20"}));

TEST(SpfMacro, WritesIpv6DigitByDigit) {
  MacroValues values;
  values.client = *net::IpAddress::parse("2001:db8::cb01");
  EXPECT_EQ(expand_macros("%{i}", values), "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1");
}

TEST(SpfMacro, DropsLabelsAtTheLeftOfANameThatIsTooLong) {
  MacroValues values;
  values.domain = "example.com";
  std::string text;
  for (int i = 0; i < 30; ++i) text += "abcdefghij.";
  const auto name = expand_domain(text + "%{d}", values);
  EXPECT_LE(name.size(), 253u);
  EXPECT_GT(name.size(), 240u);
  EXPECT_TRUE(name.ends_with(".example.com") && name.starts_with("abcdefghij."));
}

}  // namespace
}  // namespace tubepost::mailauth
