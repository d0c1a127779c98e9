#include "mailauth/tag_list.h"

#include <gtest/gtest.h>

namespace tubepost::mailauth {
namespace {

TEST(TagList, DropsBlanksAroundNamesAndValuesAndKeepsThoseWithin) {
  const auto tags = TagList::parse(" v = DKIM1 ;\t n= a  note ; p=ab\r\n cd;");
  ASSERT_TRUE(tags);
  EXPECT_EQ(*tags->find("v"), "DKIM1");
  EXPECT_EQ(*tags->find("n"), "a  note");
  EXPECT_EQ(without_blanks(*tags->find("p")), "abcd");
  EXPECT_EQ(tags->find("q"), nullptr);
  EXPECT_EQ(tags->value_or("k", "rsa"), "rsa");
}

struct TagListRefused {
  const char *text, *why;
};
class TagListRefuses : public testing::TestWithParam<TagListRefused> {};
TEST_P(TagListRefuses, Text) { EXPECT_FALSE(TagList::parse(GetParam().text)) << GetParam().why; }
INSTANTIATE_TEST_SUITE_P(
    All, TagListRefuses,
    testing::Values(TagListRefused{"v", "no ="}, TagListRefused{"=a", "no name"}, TagListRefused{"1=a", "begins with a digit"},
                    TagListRefused{"a=1;a=2", "stands twice"}, TagListRefused{"a=1;;b=2", "an empty one in between"},
                    TagListRefused{"a=\x01", "a control character"}, TagListRefused{"a=\xc3\xa4", "not ASCII"}));

TEST(TagList, TakesAsManyTagsAsItsLimitAndNotOneMore) {
  std::string text;
  for (std::size_t i = 0; i < tags_max; ++i) text += "a" + std::to_string(i) + "=;";
  EXPECT_TRUE(TagList::parse(text));
  EXPECT_FALSE(TagList::parse(text + "z=;"));
}

}  // namespace
}  // namespace tubepost::mailauth
