#include "imap/scanner.h"

#include <gtest/gtest.h>

namespace tubepost::imap::test {
namespace {

using namespace std::string_literals;

TEST(ImapScanner, KeepsTheFirstFailureAndReadsNothingMore) {
  Scanner scanner("one two");
  EXPECT_EQ(scanner.expect_atom(), "one");
  EXPECT_EQ(scanner.expect_number(), 0u);
  EXPECT_TRUE(scanner.failed());
  const auto why = scanner.why();
  scanner.expect('(');
  EXPECT_EQ(scanner.why(), why);
  EXPECT_EQ(scanner.expect_astring(), "");
}

TEST(ImapScanner, FindsTheLiteralThatALineAnnounces) {
  struct ScannerCase {
    std::string_view line;
    bool found;
    std::uint64_t size;
    bool waits, binary;
    const char* reason;
  };
  const ScannerCase cases[] = {
      {"a LOGIN {5}", true, 5, true, false, "RFC 9051 4.3"},
      {"a LOGIN {5+}", true, 5, false, false, "RFC 7888 3, LITERAL+"},
      {"a APPEND x ~{0}", true, 0, true, true, "RFC 3516 4.4"},
      {"a LOGIN {}", false, 0, false, false, "no digits"},
      {"a LOGIN {-5}", false, 0, false, false, "a sign in front"},
      {"a LOGIN {5} ", false, 0, false, false, "not at the end"},
      {"a LOGIN {99999999999999999999}", false, 0, false, false, "beyond 64 bits"},
      {"a LOGIN 5}", false, 0, false, false, "not opened"},
  };
  for (const ScannerCase& c : cases) {
    const auto head = literal_at_end(c.line);
    ASSERT_EQ(head.has_value(), c.found) << c.line << ": " << c.reason;
    if (!head) continue;
    EXPECT_EQ(head->size, c.size) << c.line;
    EXPECT_EQ(head->waits, c.waits) << c.line;
    EXPECT_EQ(head->binary, c.binary) << c.line;
  }
}

TEST(ImapScanner, ReadsStringsInAllTheirForms) {
  struct ScannerCase {
    std::string text, value;
    bool good;
    const char* reason;
  };
  const ScannerCase cases[] = {
      {"atom", "atom", true, "an atom is an astring"},
      {"a]b", "a]b", true, "ASTRING-CHAR has resp-specials"},
      {"\"\"", "", true, "an empty quoted string"},
      {"\"a \\\"b\\\\\"", "a \"b\\", true, "quoted-specials"},
      {"\"\\n\"", "", false, "nothing else is quoted"},
      {"\"\xc3\xa4\"", "\xc3\xa4", true, "UTF-8"},
      {"\"\xc3\"", "", false, "half of a character"},
      {"\"a", "", false, "no end"},
      {"{3}\r\na\r\n", "a\r\n", true, "line ends in a literal"},
      {"{3+}\r\nabc", "abc", true, "LITERAL+"},
      {"{0}\r\n", "", true, "an empty literal"},
      {"{4}\r\nabc", "", false, "shorter than announced"},
      {"{3}\r\na\0b"s, "", false, "a NUL"},
      {"(", "", false, "an atom-special"},
      {"", "", false, "nothing"},
  };
  for (const ScannerCase& c : cases) {
    Scanner scanner(c.text);
    EXPECT_EQ(scanner.expect_astring(), c.value) << c.reason;
    scanner.expect_end();
    EXPECT_EQ(!scanner.failed(), c.good) << c.reason;
  }
}

TEST(ImapScanner, ReadsBinaryLiterals) {
  const std::string text = "~{3}\r\na\0b rest"s;
  Scanner scanner(text);
  EXPECT_EQ(scanner.expect_binary_string(), "a\0b"s);
  EXPECT_EQ(scanner.rest(), " rest");
}

TEST(ImapScanner, TakesNilForAnNstringAndNoWordThatBeginsSo) {
  EXPECT_EQ(Scanner("nil").expect_nstring(), std::nullopt);
  Scanner longer("NILS");
  EXPECT_EQ(longer.expect_nstring(), "");
  EXPECT_TRUE(longer.failed());
}

TEST(ImapScanner, KnowsTheLargestNumbers) {
  EXPECT_EQ(Scanner("4294967295").expect_number(), 4294967295u);
  Scanner above("4294967296");
  above.expect_number();
  EXPECT_TRUE(above.failed());
  EXPECT_EQ(Scanner("9223372036854775807").expect_number64(), 9223372036854775807u);
  Scanner beyond("9223372036854775808");
  beyond.expect_number64();
  EXPECT_TRUE(beyond.failed());
  Scanner zero("0");
  zero.expect_nz_number();
  EXPECT_TRUE(zero.failed());
}

TEST(ImapScanner, TakesWholeWordsOnly) {
  Scanner scanner("uid fetchx");
  EXPECT_TRUE(scanner.take_word("UID"));
  scanner.expect_space();
  EXPECT_FALSE(scanner.take_word("FETCH"));
}

TEST(ImapScanner, RefusesAPlusInTags) {
  EXPECT_EQ(Scanner("a.1]").expect_tag(), "a.1]");
  Scanner plus("+");
  plus.expect_tag();
  EXPECT_TRUE(plus.failed());
}

}  // namespace
}  // namespace tubepost::imap::test
