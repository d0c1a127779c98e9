#include "smtp/path.h"

#include <gtest/gtest.h>

namespace tubepost::smtp {
namespace {

// "joe@x SIZE=1 FLAG", "<> …" for the null path, "~" in front of what is sloppy; "! 5.1.3" for a refusal.
std::string described(const Result<PathCommand>& command) {
  if (!command) return "! " + to_string(command.error().status);
  std::string out = command->sloppy ? "~" : "";
  out += command->mailbox ? command->mailbox->to_text() : "<>";
  for (const auto& parameter : command->parameters)
    out += ' ' + parameter.keyword + (parameter.value ? '=' + *parameter.value : "");
  return out;
}

struct PathCase {
  std::string text, expected;
  const char* why;
};

TEST(MailCommand, IsReadAsTheGrammarSays) {
  const std::string local(64, 'l');
  const std::string route =
      "@" + std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(56, 'c');
  const PathCase cases[] = {
      {"FROM:<joe@x>", "joe@x", "the usual"},
      {"from:<joe@x>", "joe@x", "no case"},
      {"FROM:<>", "<>", "null reverse-path"},
      {"FROM:<> SIZE=10", "<> SIZE=10", "with a parameter"},
      {"FROM: <joe@x>", "~joe@x", "a blank that should not be there"},
      {"FROM:<joe@x>  BODY=8BITMIME", "~joe@x BODY=8BITMIME", "two blanks"},
      {"FROM:<joe@x> ", "joe@x", "RFC 5321 4.1.1: trailing blank"},
      {"FROM:<joe@x> SIZE=10 BODY=8BITMIME AUTH=<>", "joe@x SIZE=10 BODY=8BITMIME AUTH=<>", "several"},
      {"FROM:<joe@x> X-FLAG", "joe@x X-FLAG", "without a value"},
      {"FROM:<@a,@b.c:joe@x>", "joe@x", "RFC 5321 appendix C: route ignored"},
      {"FROM:<\"a>b\"@x>", "\"a>b\"@x", "a bracket in quotes"},
      {"FROM:<\"a\\\">b\"@x>", "\"a\\\">b\"@x", "an escaped quote before it"},
      {"FROM:<" + route + ":" + local + "@" + std::string(9, 'd') + ">", local + "@" + std::string(9, 'd'),
       "path of 256"},
      {"FROM:<" + route + ":" + local + "@" + std::string(10, 'd') + ">", "! 5.1.7", "path of 257"},
      {"FROM:joe@x", "! 5.1.7", "no brackets"},
      {"FROM:<joe@x", "! 5.1.7", "open bracket"},
      {"FROM:<joe>", "! 5.1.7", "no domain"},
      {"FROM:<postmaster>", "! 5.1.7", "only recipients may be so"},
      {"FROM:<@a:>", "! 5.1.7", "route to nowhere"},
      {"FROM:<@a@b:joe@x>", "! 5.1.7", "broken route"},
      {"FROM:<@a joe@x>", "! 5.1.7", "route without a colon"},
      {"FROM:< joe@x>", "! 5.1.7", "blank inside"},
      {"FROM:<joe@x>SIZE=1", "! 5.5.4", "no blank behind the path"},
      {"FROM <joe@x>", "! 5.5.4", "no colon"},
      {"FROM :<joe@x>", "! 5.5.4", "blank before the colon"},
      {"TO:<joe@x>", "! 5.5.4", "the other command's"},
      {"", "! 5.5.4", "nothing"},
      {"FROM:<joe@x> SIZE=", "! 5.5.4", "empty value"},
      {"FROM:<joe@x> =1", "! 5.5.4", "empty keyword"},
      {"FROM:<joe@x> -A=1", "! 5.5.4", "keyword begins with a hyphen"},
      {"FROM:<joe@x> A=b=c", "! 5.5.4", "= in a value"},
      {"FROM:<joe@x> SIZE=1 size=2", "! 5.5.4", "a keyword twice"},
      {"FROM:<joe@x> A=\x01", "! 5.5.4", "control character"},
      {"FROM:<j\xC3\xB6@x>", "! 5.6.7", "RFC 6531: without SMTPUTF8"},
      {"FROM:<j\xC3\xB6@x> SMTPUTF8", "j\xC3\xB6@x SMTPUTF8", "with it"},
      {"FROM:<joe@x> SMTPUTF8=1", "! 5.5.4", "RFC 6531 3.4: it has no value"},
      {"FROM:<joe@x> AUTH=\xC3\xB6", "! 5.5.4", "beyond ASCII without SMTPUTF8"},
      {"FROM:<j\xff@x> SMTPUTF8", "! 5.1.7", "not UTF-8"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(described(parse_mail_command(c.text)), c.expected) << c.text << ": " << c.why;
}

TEST(RcptCommand, IsReadAsTheGrammarSays) {
  const PathCase cases[] = {
      {"TO:<joe@x>", "joe@x", "the usual"},
      {"To:<joe@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x",
       "joe@x NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x", "DSN"},
      {"TO:<postmaster>", "postmaster", "RFC 5321 4.1.1.3"},
      {"TO:<PostMaster> X", "postmaster X", "whatever its case"},
      {"TO:<@hop.example:joe@x>", "joe@x", "route ignored"},
      {"TO:<>", "! 5.1.3", "no null forward-path"},
      {"TO:<joe>", "! 5.1.3", "no other bare name"},
      {"TO:joe@x", "! 5.1.3", "no brackets"},
      {"TO:<j\xC3\xB6@x>", "! 5.6.7", "beyond ASCII"},
      {"FROM:<joe@x>", "! 5.5.4", "the other command's"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(described(parse_rcpt_command(c.text)), c.expected) << c.text << ": " << c.why;
  EXPECT_EQ(described(parse_rcpt_command("TO:<j\xC3\xB6@x>", true)), "j\xC3\xB6@x");
}

TEST(MailCommand, TakesParametersUpToTheLimit) {
  std::string text = "FROM:<joe@x>";
  for (std::size_t i = 0; i < parameters_max; ++i) text += " P" + std::to_string(i);
  EXPECT_TRUE(parse_mail_command(text).has_value());
  EXPECT_FALSE(parse_mail_command(text + " ONE-MORE").has_value());
}

TEST(MailCommand, FindsParametersWithoutRegardToCase) {
  const auto command = parse_mail_command("FROM:<joe@x> Size=7");
  ASSERT_NE(command->find("SIZE"), nullptr);
  EXPECT_EQ(command->find("SIZE")->value, "7");
  EXPECT_EQ(command->find("BODY"), nullptr);
}

TEST(MailCommand, SaysNothingUnprintableInItsRefusals) {
  for (const char* text : {"FROM:<a\nb@x>", "FROM:<joe@x> A\r\nB", "FROM:<a\x01@x>"}) {
    const auto command = parse_mail_command(text);
    ASSERT_FALSE(command.has_value());
    EXPECT_EQ(command.error().text.find_first_of("\r\n\x01"), std::string::npos);
  }
}

TEST(Xtext, IsDecodedStrictly) {
  EXPECT_EQ(decode_xtext("a+2Bb+3D"), "a+b=");
  EXPECT_EQ(decode_xtext(""), "");
  for (const char* broken : {"+2b", "+", "+2", "a=b", "a b", "+G0", "\x80"})
    EXPECT_FALSE(decode_xtext(broken)) << broken;
}

TEST(Xtext, ComesBackAsItWas) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(decode_xtext(encode_xtext(all)), all);
}

}  // namespace
}  // namespace tubepost::smtp
