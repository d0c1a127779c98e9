#include "process/records.h"

#include <gtest/gtest.h>

namespace tubepost::process {
namespace {

// Feeds `text` in pieces of `size` and writes down each record as "a=1,b=2;", a failure as "broken".
std::string read_in_pieces(std::string_view text, std::size_t size) {
  RecordReader reader;
  std::string seen;
  for (std::size_t at = 0; at < text.size(); at += size) {
    reader.feed(text.substr(at, size));
    for (;;) {
      auto next = reader.next();
      if (!next) return seen + "broken";
      if (!*next) break;
      for (const auto& [name, value] : (*next)->fields()) seen += name + '=' + value + ',';
      seen += ';';
    }
  }
  return seen;
}

TEST(Record, IsWrittenAsLinesAndAnEmptyOne) {
  Record record;
  record.set("id", "7").set("text", "100% of\r\nit");
  EXPECT_EQ(record.to_text(), "id=7\ntext=100%25 of%0D%0Ait\n\n");
}

TEST(Record, GivesTheFirstOfSeveralValues) {
  Record record;
  record.set("rcpt", "a").set("rcpt", "b");
  EXPECT_EQ(record.get("rcpt"), "a");
  EXPECT_EQ(record.fields().size(), 2U);
  EXPECT_EQ(record.get("sender"), std::nullopt);
  EXPECT_EQ(record.get_or("sender", "<>"), "<>");
}

TEST(RecordReader, ReadsTheSameHoweverTheBytesAreCut) {
  const std::string text = "a=1\nb=x=y\n\n\nc=%00%25\n\nd=\n\n";
  const std::string expected = std::string("a=1,b=x=y,;c=") + '\0' + "%,;d=,;";
  for (std::size_t size = 1; size <= text.size(); ++size)
    EXPECT_EQ(read_in_pieces(text, size), expected) << size;
}

TEST(RecordReader, GivesBackWhatARecordWrote) {
  Record record;
  std::string value;
  for (int c = 0; c < 256; ++c) value += static_cast<char>(c);
  record.set("value", value);
  RecordReader reader;
  reader.feed(record.to_text());
  EXPECT_EQ((*reader.next())->get("value"), value);
  EXPECT_FALSE(reader.in_the_middle());
}

TEST(RecordReader, SaysWhetherARecordIsUnfinished) {
  RecordReader reader;
  EXPECT_FALSE(reader.in_the_middle());
  reader.feed("a=1\n");
  EXPECT_FALSE(reader.next()->has_value());
  EXPECT_TRUE(reader.in_the_middle());
  reader.feed("\n");
  EXPECT_TRUE(reader.next()->has_value());
  EXPECT_FALSE(reader.in_the_middle());
}

struct Broken {
  const char* text;
  const char* why;
};
class RecordReaderRefuses : public testing::TestWithParam<Broken> {};
TEST_P(RecordReaderRefuses, ABrokenStreamForGood) {
  RecordReader reader;
  reader.feed(GetParam().text);
  EXPECT_FALSE(reader.next()) << GetParam().why;
  reader.feed("\na=1\n\n");
  EXPECT_FALSE(reader.next()) << GetParam().why;
}
INSTANTIATE_TEST_SUITE_P(Lines, RecordReaderRefuses,
                         testing::Values(Broken{"abc\n\n", "no equals sign"}, Broken{"=x\n\n", "no name"},
                                         Broken{"a b=x\n\n", "a blank in a name"},
                                         Broken{"a=%4\n\n", "half an escape"},
                                         Broken{"a=%zz\n\n", "no hexadecimal digits"}));

TEST(RecordReader, TakesALineOf64KiBAndNoLongerOne) {
  const std::string longest = "a=" + std::string((64 << 10) - 2, 'x');
  EXPECT_EQ(read_in_pieces(longest + "\n\n", 1000), longest + ",;");
  EXPECT_EQ(read_in_pieces(longest + "x\n\n", 1000), "broken");
  EXPECT_EQ(read_in_pieces(std::string(1 << 20, 'x'), 1 << 20), "broken");  // no line end at all
}

TEST(RecordReader, Takes256FieldsAndNoMore) {
  std::string text;
  for (int i = 0; i < 256; ++i) text += "a=1\n";
  EXPECT_TRUE(read_in_pieces(text + "\n", 100).ends_with(";"));
  EXPECT_EQ(read_in_pieces(text + "a=1\n\n", 100), "broken");
}

TEST(RecordReader, KeepsNothingOfALongStreamItHasGiven) {
  RecordReader reader;
  for (int i = 0; i < 10'000; ++i) {
    reader.feed("id=" + std::to_string(i) + "\nvalue=" + std::string(100, 'x') + "\n\n");
    auto record = reader.next();
    ASSERT_TRUE(record && *record);
    EXPECT_EQ((*record)->get("id"), std::to_string(i));
  }
  EXPECT_FALSE(reader.in_the_middle());
}

}  // namespace
}  // namespace tubepost::process
