#include "auth/verifier.h"

#include <gtest/gtest.h>

namespace tubepost::auth {
namespace {

TEST(Verifiers, MatchTheirPasswordAlone) {
  const auto verifiers = make_verifiers("Grüße, 1");
  ASSERT_TRUE(verifiers);
  EXPECT_TRUE(verifiers->crypt.starts_with("$y$"));
  EXPECT_TRUE(matches(verifiers->crypt, "Grüße, 1"));
  EXPECT_FALSE(matches(verifiers->crypt, "grüße, 1"));
  EXPECT_FALSE(matches(verifiers->crypt, ""));
  const auto& scram = *verifiers->scram;
  EXPECT_EQ(make_scram_verifier("Grüße, 1", scram.salt, scram.iterations), scram);
}

TEST(Verifiers, DifferForTheSamePassword) {
  const auto one = make_verifiers("x"), two = make_verifiers("x");
  EXPECT_NE(one->crypt, two->crypt);
  EXPECT_NE(one->scram->salt, two->scram->salt);
}

TEST(Verifiers, SurviveTheirText) {
  const auto verifiers = *make_verifiers("secret");
  EXPECT_EQ(parse_verifiers(verifiers.to_text()), verifiers);
  const Verifiers alone{verifiers.crypt, std::nullopt};
  EXPECT_EQ(parse_verifiers(alone.to_text()), alone);
  EXPECT_EQ(verifiers.to_text().find("secret"), std::string::npos);
}

TEST(Verifiers, AreNotReadFromOtherText) {
  const char* cases[] = {"",
                         "secret",
                         "$1$salt$weak",
                         "{PLAIN}secret",
                         "rl.3StKT.4T8M",
                         "$y$",
                         "$y$a:b",
                         "$y$j9T$x$y SCRAM-SHA-256$",
                         "$y$j9T$x$y SCRAM-SHA-256$4095:AAAA$AAAA:AAAA",
                         "$y$j9T$x$y SCRAM-SHA-256$4096:AAAA$AAAA:AAAA",
                         "$y$j9T$x$y "};
  for (const char* text : cases) EXPECT_FALSE(parse_verifiers(text)) << text;
}

TEST(Verifiers, OfABrokenHashMatchNothing) {
  for (const char* crypt : {"", "*", "$y$", "$y$broken", "$9$x"}) EXPECT_FALSE(matches(crypt, "")) << crypt;
}

TEST(PasswordRules, BoundLengthAndOctets) {
  EXPECT_TRUE(check_password_rules("x"));
  EXPECT_TRUE(check_password_rules(std::string(password_max, 'x')));
  EXPECT_FALSE(check_password_rules(""));
  EXPECT_FALSE(check_password_rules(std::string(password_max + 1, 'x')));
  EXPECT_FALSE(check_password_rules(std::string("a\0b", 3)));
  EXPECT_FALSE(check_password_rules("\xff"));
}

// libcrypt itself takes 511 octets.
TEST(Verifiers, CutNoPasswordHoweverLong) {
  for (const std::size_t size : {std::size_t{511}, std::size_t{512}, password_max}) {
    const auto verifiers = make_verifiers(std::string(size, 'x'));
    ASSERT_TRUE(verifiers) << size;
    EXPECT_TRUE(matches(verifiers->crypt, std::string(size, 'x'))) << size;
    EXPECT_FALSE(matches(verifiers->crypt, std::string(size - 1, 'x'))) << size;
  }
}

}  // namespace
}  // namespace tubepost::auth
