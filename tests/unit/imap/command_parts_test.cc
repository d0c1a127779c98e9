// SEARCH programs and FETCH items: what is taken, and what is refused.
#include <gtest/gtest.h>

#include "imap/fetch_item.h"
#include "imap/search_key.h"

namespace tubepost::imap::test {
namespace {

bool is_search(std::string_view text) {
  Scanner scanner(text);
  expect_search_program(scanner, true);
  return !scanner.failed();
}

TEST(SearchKey, IsTakenInEveryForm) {
  for (const std::string_view text :
       {"ALL", "1:3,5", "UID 1:*", "$", "NOT SEEN", "OR SEEN (FROM a TO b)", "HEADER X-A \"\"",
        "SINCE 1-Feb-1994", "BEFORE \"1-Feb-1994\"", "CHARSET utf-8 TEXT {2}\r\n\xc3\xa4",
        "MODSEQ \"/flags/\\\\draft\" all 620", "MODSEQ 620", "OLDER 10", "YOUNGER 1", "EMAILID M1",
        "unkeyword $Junk larger 5", "SAVEDATESUPPORTED"})
    EXPECT_TRUE(is_search(text)) << text;
}

TEST(SearchKey, IsRefusedWhereItIsWrong) {
  for (const std::string_view text :
       {"", "FOO", "NOT", "OR SEEN", "(SEEN", "SEEN)", "OLDER 0", "SINCE 30-Feb-1994", "SINCE 1-Feb-94",
        "FROM", "LARGER x", "SEEN  SEEN", "CHARSET x", "MODSEQ", "KEYWORD \"a\""})
    EXPECT_FALSE(is_search(text)) << text;
}

TEST(SearchKey, HasABoundedDepthAndNumber) {
  const auto nested = [](unsigned depth) {
    return std::string(depth, '(') + "ALL" + std::string(depth, ')');
  };
  EXPECT_TRUE(is_search(nested(search_depth_max)));
  EXPECT_FALSE(is_search(nested(search_depth_max + 1)));
  std::string many = "ALL";
  for (std::size_t i = 1; i < search_keys_max; ++i) many += " ALL";
  EXPECT_TRUE(is_search(many));
  EXPECT_FALSE(is_search(many + " ALL"));
}

std::string labels(std::string_view text) {
  Scanner scanner(text);
  const auto items = expect_fetch_items(scanner);
  scanner.expect_end();
  if (scanner.failed()) return "failed";
  std::string all = std::to_string(items.attributes);
  for (const auto& section : items.sections) all += (section.peek ? " ~" : " ") + section.label();
  return all;
}

TEST(FetchItem, IsTakenInEveryForm) {
  struct Case {
    std::string_view text, result;
  };
  const Case cases[] = {
      {"FLAGS", "1"},
      {"FAST", "13"},
      {"(UID flags)", "3"},
      {"BODY", "32"},
      {"BODY[]", "0 BODY[]"},
      {"BODY.PEEK[1.2.mime]<0.10>", "0 ~BODY[1.2.MIME]<0>"},
      {"BODY[HEADER.FIELDS (From \"To\")]", "0 BODY[HEADER.FIELDS (From To)]"},
      {"(BODY[TEXT] RFC822.SIZE)", "8 BODY[TEXT]"},
      {"RFC822.HEADER", "0 ~RFC822.HEADER"},
      {"RFC822", "0 RFC822"},
      {"BINARY[1]<5.6>", "0 BINARY[1]<5>"},
      {"BINARY.SIZE[]", "0 ~BINARY.SIZE[]"},
      {"PREVIEW (LAZY)", "2048"},
      {"(PREVIEW MODSEQ)", "2176"},
      {"FOO", "failed"},
      {"(ALL)", "failed"},
      {"()", "failed"},
      {"BODY[0]", "failed"},
      {"BODY[MIME]", "failed"},
      {"BODY[1.]", "failed"},
      {"BODY[]<0.0>", "failed"},
      {"BODY[]<1>", "failed"},
      {"BINARY[TEXT]", "failed"},
      {"BINARY.SIZE[1]<0.1>", "failed"},
      {"BODY[HEADER.FIELDS ()]", "failed"},
  };
  for (const Case& c : cases) EXPECT_EQ(labels(c.text), c.result) << c.text;
}

TEST(FetchItem, HasBoundedSectionsAndDepth) {
  std::string sections = "(BODY[]";
  for (std::size_t i = 1; i < fetch_sections_max; ++i) sections += " BODY[]";
  EXPECT_NE(labels(sections + ")"), "failed");
  EXPECT_EQ(labels(sections + " BODY[])"), "failed");
  std::string deep = "BODY[1";
  for (std::size_t i = 1; i < section_depth_max; ++i) deep += ".1";
  EXPECT_NE(labels(deep + "]"), "failed");
  EXPECT_EQ(labels(deep + ".1]"), "failed");
}

}  // namespace
}  // namespace tubepost::imap::test
