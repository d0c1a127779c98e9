#include "message/address_list.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

// "Name <local@domain>, Group: <a@b>;" and a '!' at the end of a broken list.
std::string described(const AddressList& list) {
  std::string out;
  const auto add = [&](const std::string& text) {
    out += (out.empty() || out.ends_with(": ") ? "" : ", ") + text;
  };
  for (const auto& group : list.groups) {
    if (group.name) add(*group.name + ": ");
    for (const auto& address : group.members)
      add((address.display_name.empty() ? "" : address.display_name + ' ') + '<' + address.to_text() + '>');
    if (group.name) out += ';';
  }
  return out + (list.broken ? "!" : "");
}

struct AddressListCase {
  std::string text, expected;
  const char* why;
};

TEST(AddressList, IsReadAsMailWritesIt) {
  const AddressListCase cases[] = {
      {"joe@x", "<joe@x>", "an address"},
      {"Joe <joe@x>", "Joe <joe@x>", "with a name"},
      {"\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public <john.q.public@example.com>",
       "RFC 5322 A.1.2"},
      {"Joe Q. Public <joe@x>", "Joe Q. Public <joe@x>", "RFC 5322 A.6.1: dots in a phrase"},
      {"Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
       "Mary Smith <mary@x.test>, <jdoe@example.org>, Who? <one@y.test>", "RFC 5322 A.1.2"},
      {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
       "<boss@nil.test>, Giant; \"Big\" Box <sysservices@example.net>", "RFC 5322 A.1.2: quotes"},
      {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
       "A Group: Ed Jones <c@a.test>, <joe@where.test>, John <jdoe@one.test>;", "RFC 5322 A.1.3"},
      {"Undisclosed recipients:;", "Undisclosed recipients: ;", "an empty group"},
      {"a@b, Group: c@d;, e@f", "<a@b>, Group: <c@d>;, <e@f>", "around a group"},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete <pete@silly.test>",
       "RFC 5322 A.5"},
      {"joe@x (Joe)", "Joe <joe@x>", "the comment is the name"},
      {"Mary Smith <@node.test:mary@example.net>, , jdoe@test . example",
       "Mary Smith <mary@example.net>, <jdoe@test.example>", "RFC 5322 A.6.1: route, empty element, blanks"},
      {"<@a,@b:joe@x>", "<joe@x>", "a longer route"},
      {"\"a b\"@x", "<\"a b\"@x>", "quoted local part"},
      {"joe . doe@x", "<joe.doe@x>", "RFC 5322 4.4: blanks in a local part"},
      {"joe@[192.0.2.7]", "<joe@[192.0.2.7]>", "literal"},
      {"=?utf-8?q?J=C3=B6?= <joe@x>", "=?utf-8?q?J=C3=B6?= <joe@x>", "encoded words as they came"},
      {"J\xC3\xB6 <j\xC3\xB6@x>", "J\xC3\xB6 <j\xC3\xB6@x>", "RFC 6532"},
      {"Joe\r\n Doe <joe@x>", "Joe Doe <joe@x>", "folded"},
      {"joe@x <joe@x>", "joe@x <joe@x>", "wrong and often seen"},
      {"joe", "<joe>", "a bare name"},
      {"joe.doe, jane", "<joe.doe>, <jane>", "bare names"},
      {",,,", "", "nothing but commas"},
      {"", "", "nothing"},
      {"(only a comment)", "", "a comment"},
      {"Joe Doe", "!", "a phrase is no address"},
      {"Joe <>", "!", "no address in it"},
      {"Joe <joe@x", "!", "open bracket"},
      {"joe@", "!", "no domain"},
      {"@x", "!", "no local part"},
      {"a@b c@d, e@f", "<e@f>!", "two without a comma; the rest is kept"},
      {"a@b> , c@d", "<c@d>!", "a bracket too many"},
      {"Joe <joe@x> trailing, c@d", "Joe <joe@x>, <c@d>!", "text behind the bracket"},
      {"\"open <joe@x>", "<\"open <joe@x>\">!", "open quote takes the rest"},
      {"Group: a@b", "Group: <a@b>;!", "open group"},
      {"a@b; c@d", "<a@b>, <c@d>!", "end of a group that was not open"},
      {"a: b: c@d;", "a: ;, b: <c@d>;!", "groups do not nest"},
      {"a@[b", "!", "open literal"},
      {std::string("a\0b@x", 5), "!", "NUL"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(described(parse_address_list(c.text)), c.expected) << c.text << ": " << c.why;
}

TEST(AddressList, StopsAtItsLimit) {
  std::string text;
  for (std::size_t i = 0; i < address_list_max; ++i) text += "a@b,";
  EXPECT_EQ(parse_address_list(text).addresses().size(), address_list_max);
  EXPECT_FALSE(parse_address_list(text).broken);
  EXPECT_EQ(parse_address_list(text + "c@d").addresses().size(), address_list_max);
  EXPECT_TRUE(parse_address_list(text + "c@d").broken);
}

TEST(AddressList, SkipsPhrasesWithoutEnd) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "word ";
  EXPECT_EQ(described(parse_address_list(text + "<a@b>, c@d")), "<c@d>!");
}

TEST(AddressList, IsNotSlowOnHostileText) {  // linear: a quadratic reader would take minutes here
  for (const char* piece : {"(", "<", "\"", "@", "a ", ":", "\\", "(a)", "a@", "<@a,", "[", ".", "a.\r\n"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    parse_address_list(text);
  }
}

}  // namespace
}  // namespace tubepost::message
