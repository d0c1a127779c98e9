#include "dns/name.h"

#include <gtest/gtest.h>

namespace tubepost::dns {
namespace {

struct Case {
  std::string text;
  std::optional<std::string> expected;
  const char* why;
};

TEST(NormalName, IsLowerCaseWithoutATrailingDot) {
  const std::string label(63, 'a');
  const std::string longest = label + '.' + label + '.' + label + '.' + std::string(61, 'b');
  const Case cases[] = {
      {"Example.TEST", "example.test", "no case"},
      {"example.test.", "example.test", "the root's dot"},
      {"x", "x", "one label"},
      {"1.2", "1.2", "digits"},
      {"a-b", "a-b", "hyphen inside"},
      {"\xC3\xB6.test", "\xC3\xB6.test", "UTF-8"},
      {longest, longest, "253 octets"},
      {longest + 'b', {}, "254 octets"},
      {label + 'a', {}, "label of 64"},
      {"", {}, "nothing"},
      {".", {}, "the root"},
      {"a..b", {}, "empty label"},
      {".a", {}, "dot first"},
      {"a..", {}, "two dots last"},
      {"-a", {}, "hyphen first"},
      {"a-", {}, "hyphen last"},
      {"a_b", {}, "underscore"},
      {"a b", {}, "blank"},
      {std::string("a\0b", 3), {}, "NUL"},
      {"a\xff", {}, "not UTF-8"},
  };
  for (const auto& c : cases) EXPECT_EQ(normal_name(c.text), c.expected) << c.text << ": " << c.why;
}

TEST(ToAscii, MakesALabels) {
  EXPECT_EQ(to_ascii("b\xC3\xBC"
                     "cher.test"),
            "xn--bcher-kva.test");
  EXPECT_EQ(to_ascii("stra\xC3\x9F"
                     "e.test"),
            "xn--strae-oqa.test");
  EXPECT_EQ(to_ascii("Plain.test"), "Plain.test");
  EXPECT_EQ(to_ascii("\xff.test"), std::nullopt);
}

TEST(QueryName, TakesUnderscoresAndTheRoot) {
  EXPECT_EQ(query_name("_25._TCP.mx.test."), "_25._tcp.mx.test");
  EXPECT_EQ(query_name("."), ".");
  EXPECT_EQ(query_name("b\xC3\xBC"
                       "cher.test"),
            "xn--bcher-kva.test");
}

TEST(QueryName, IsNoneWhereNoServerCouldKnowIt) {
  for (const std::string name : {"", "a..b", ".a", "a b", "a\\b"})
    EXPECT_EQ(query_name(name), std::nullopt) << name;
  EXPECT_EQ(query_name(std::string(64, 'a')), std::nullopt);
}

}  // namespace
}  // namespace tubepost::dns
