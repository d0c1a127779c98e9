#include "smtp/mailbox.h"

#include <gtest/gtest.h>

namespace tubepost::smtp {
namespace {

struct MailboxCase {
  std::string text;
  std::optional<std::string> expected;  // to_text() of what was read
  const char* why;
};

std::string times(std::size_t count, char c) { return std::string(count, c); }
// A domain of exactly `size` octets, of legal labels.
std::string domain_of(std::size_t size) {
  std::string domain;
  while (domain.size() + 63 < size) domain += times(62, 'd') + '.';
  return domain + times(size - domain.size(), 'd');
}

const std::vector<MailboxCase>& mailbox_cases() {
  static const std::vector<MailboxCase> table = {
      {"joe@example.test", "joe@example.test", "the usual"},
      {"Joe@Example.TEST", "Joe@example.test", "the domain has no case, the local part may have"},
      {"a.b+c@example.test", "a.b+c@example.test", "dot-string with a tag"},
      {"!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x", "all of atext"},
      {"\"a b\"@x", "\"a b\"@x", "quoted string that needs its quotes"},
      {"\"joe\"@x", "joe@x", "RFC 5321 4.1.2: the least quoting"},
      {"\"a\\\"b\\\\\"@x", "\"a\\\"b\\\\\"@x", "quoted pairs"},
      {"\"a@b\"@x", "\"a@b\"@x", "an @ in quotes"},
      {"joe@[192.0.2.7]", "joe@[192.0.2.7]", "address literal"},
      {"joe@[IPV6:2001:DB8::0:1]", "joe@[IPv6:2001:db8::1]", "one spelling of an IPv6 literal"},
      {"j\xC3\xB6@\xC3\xB6.test", "j\xC3\xB6@\xC3\xB6.test", "RFC 6531"},
      {times(64, 'l') + "@x", times(64, 'l') + "@x", "RFC 5321 4.5.3.1.1: 64"},
      {times(65, 'l') + "@x", {}, "65"},
      {"j@" + domain_of(253), "j@" + domain_of(253), "the longest name of the DNS"},
      {"j@" + domain_of(254), {}, "one more"},
      {"j@" + times(63, 'd') + ".x", "j@" + times(63, 'd') + ".x", "label of 63"},
      {"j@" + times(64, 'd') + ".x", {}, "label of 64"},
      {"", {}, "nothing"},
      {"joe", {}, "no domain"},
      {"joe@", {}, "empty domain"},
      {"@x", {}, "empty local part"},
      {"\"\"@x", {}, "nobody is called so"},
      {"a..b@x", {}, "two dots"},
      {".a@x", {}, "dot first"},
      {"a.@x", {}, "dot last"},
      {"a b@x", {}, "blank without quotes"},
      {"a@b@x", {}, "two @"},
      {"\"a@x", {}, "open quote"},
      {"\"a\"b@x", {}, "text behind a quoted string"},
      {"\"a\r\nb\"@x", {}, "line end in quotes"},
      {std::string("a\0b@x", 5), {}, "NUL"},
      {"a@x.", {}, "trailing dot"},
      {"a@.x", {}, "empty label"},
      {"a@-x", {}, "hyphen first"},
      {"a@x-.y", {}, "hyphen last"},
      {"a@x_y", {}, "RFC 5321 4.1.2: no underscore"},
      {"a@x y", {}, "blank"},
      {"a@[192.0.2]", {}, "not four numbers"},
      {"a@[192.0.2.256]", {}, "256"},
      {"a@[192.0.2.07]", {}, "octal to some"},
      {"a@[2001:db8::1]", {}, "IPv6 without its tag"},
      {"a@[IPv6:192.0.2.7]", {}, "tag without IPv6"},
      {"a@[IPv6:::1%lo]", {}, "zone"},
      {"a@[TAG:x]", {}, "no other tag is registered"},
      {"a@[192.0.2.7", {}, "open bracket"},
      {"a@[192.0.2.7]x", {}, "text behind a literal"},
      {"a@\xff", {}, "not UTF-8"},
      {"joe@example.test ", {}, "the whole text is the address"},
  };
  return table;
}

TEST(Mailbox, IsReadAsTheGrammarSays) {
  for (const auto& c : mailbox_cases()) {
    const auto mailbox = parse_mailbox(c.text);
    EXPECT_EQ(mailbox ? std::optional(mailbox->to_text()) : std::nullopt, c.expected)
        << c.text << ": " << c.why;
  }
}

TEST(Mailbox, ReadsItsOwnText) {
  for (const auto& c : mailbox_cases()) {
    const auto mailbox = parse_mailbox(c.text);
    if (!mailbox) continue;
    EXPECT_EQ(parse_mailbox(mailbox->to_text()), mailbox) << c.text;
  }
}

TEST(Mailbox, BeyondAsciiOnlyWhereAllowed) {
  EXPECT_FALSE(parse_mailbox("j\xC3\xB6@x", false));
  EXPECT_FALSE(parse_mailbox("\"j\xC3\xB6\"@x", false));
  EXPECT_FALSE(parse_mailbox("j@\xC3\xB6", false));
  EXPECT_FALSE(parse_mailbox("j\xC3\xB6@x")->is_ascii());
  EXPECT_TRUE(parse_mailbox("j@x")->is_ascii());
}

TEST(Mailbox, WithoutDomainIsItsLocalPartAlone) {
  EXPECT_EQ((Mailbox{"postmaster", ""}).to_text(), "postmaster");
}

}  // namespace
}  // namespace tubepost::smtp
