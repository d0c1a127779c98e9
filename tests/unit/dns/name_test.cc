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

}  // namespace
}  // namespace tubepost::dns
