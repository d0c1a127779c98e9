#include "message/parameters.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

std::string described_value(std::string_view value) {
  const auto parsed = parse_parameterized(value);
  std::string out = std::string(parsed.type) + "/" + std::string(parsed.subtype);
  for (const auto& parameter : parsed.parameters)
    out += "|" + std::string(parameter.name) + "=" + parameter.value;
  return out;
}

TEST(Parameters, AreReadAsMailWritesThem) {
  struct Case {
    const char* value;
    const char* expected;
    const char* why;
  };
  const Case cases[] = {
      {"text/plain", "text/plain", "none"},
      {"text/plain; charset=us-ascii (Plain text)", "text/plain|charset=us-ascii", "RFC 2045 5.1"},
      {"Text/Plain;CHARSET=\"us-ascii\"", "Text/Plain|CHARSET=us-ascii", "quotes, and case kept"},
      {"text / plain (comment) ; (c) a = b ; c=d", "text/plain|a=b|c=d", "blanks and comments anywhere"},
      {"text/plain;\r\n\tcharset=utf-8", "text/plain|charset=utf-8", "folded"},
      {"a/b; n=\"x\\\"y;z\"; m=1", "a/b|n=x\"y;z|m=1", "quoted pairs and ';' inside quotes"},
      {"a/b; n=\"open", "a/b|n=open", "quotes not closed"},
      {"a/b; n=my file.txt; m=1", "a/b|n=my file.txt|m=1", "quotes missing"},
      {"a/b; n=my file (1).pdf; m=1", "a/b|n=my file (1).pdf|m=1", "parentheses that are no comment"},
      {"a/b; boundary==_x/y", "a/b|boundary==_x/y", "specials without quotes"},
      {"a/b;;; n=1;", "a/b|n=1", "empty parameters"},
      {"a/b; n; m=1; =3", "a/b|m=1", "no value, no name"},
      {"a/b; n=", "a/b|n=", "an empty value"},
      {"attachment; filename=x", "attachment/|filename=x", "a disposition"},
      {"text", "text/", "no subtype"},
      {"/plain", "/plain", "no type"},
      {"", "/", "nothing"},
      {"a/b charset=x", "a/b", "no ';' before it"},
      {"a/b; n*0*=x; n*1=y", "a/b|n*0*=x|n*1=y", "RFC 2231 names as they are"},
  };
  for (const auto& c : cases) EXPECT_EQ(described_value(c.value), c.expected) << c.why;
}

TEST(Parameters, AreBoundedInNumber) {
  std::string value = "a/b";
  for (std::size_t i = 0; i <= parameters_max; ++i) value += ";a=b";
  EXPECT_EQ(parse_parameterized(value).parameters.size(), parameters_max);
}

TEST(Parameters, AreDecodedAsRfc2231HasIt) {
  struct Case {
    const char* value;
    const char* text;
    const char* why;
  };
  const Case cases[] = {
      {"x; t=plain", "plain", "nothing to do"},
      {"x; t*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "This is ***fun***", "RFC 2231 4"},
      {"x; t*0*=us-ascii'en'This%20is%20even%20more%20; t*1*=%2A%2A%2Afun%2A%2A%2A%20; t*2=\"isn't it!\"",
       "This is even more ***fun*** isn't it!", "RFC 2231 4.1"},
      {"x; t*1=b; t*0=a", "ab", "in any order"},
      {"x; t*0=a; t*2=c", "a", "one is missing"},
      {"x; t*1=b; t=plain", "plain", "no beginning"},
      {"x; t*=%41%zz%", "A%zz%", "no charset, broken escapes"},
      {"x; t*=x-nowhere''%fc", "ü", "an unknown charset"},
      {"x; t*0*=utf-8''%C3; t*1*=%BC", "ü", "a character cut in two"},
      {"x; t*99999999999999999999=a; t=b", "b", "no number"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_parameterized(c.value);
    EXPECT_EQ(decoded_parameter(parsed.parameters, "T"), c.text) << c.why;
  }
  EXPECT_EQ(decoded_parameter({}, "t"), std::nullopt);
}

}  // namespace
}  // namespace tubepost::message
