#include "avscan-wrap/part_units.h"

#include <gtest/gtest.h>

#include "avscan-wrap/limits.h"
#include "message/transfer_encoding.h"
#include "unit/avscan-wrap/fakes.h"

namespace tubepost::avscan {
namespace {

struct Walked {
  Walk end;
  std::vector<PartUnit> units;
};

Walked walked(const std::string& text) {
  Walked result{};
  result.end = walk_units(text, message::read_mime(text), [&](const PartUnit& unit) {
    result.units.push_back(unit);
    return true;
  });
  return result;
}

std::string multipart(const std::string& parts, bool closed = true) {
  return "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + parts +
         (closed ? "--b--\r\n" : "");
}

TEST(PartUnits, AreTheDecodedLeavesUnderTheirNames) {
  const auto result = walked(infected_message());
  EXPECT_EQ(result.end, Walk::whole);
  ASSERT_EQ(result.units.size(), 3U);
  EXPECT_EQ(result.units[0].bytes, "first");
  EXPECT_EQ(result.units[1].bytes, "VIRUS");
  EXPECT_EQ(result.units[1].name, "bad.exe");
  EXPECT_EQ(result.units[2].bytes, "last");
}

TEST(PartUnits, OfAnEmbeddedMessageInBase64AreSeenToo) {
  const std::string text =
      multipart("--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                message::encode_base64_lines(infected_message()));
  const auto result = walked(text);
  EXPECT_EQ(result.end, Walk::whole);
  ASSERT_EQ(result.units.size(), 4U);  // the embedded message itself, and its three parts
  EXPECT_EQ(result.units[2].bytes, "VIRUS");
  EXPECT_EQ(result.units[2].index, 1U);  // which part of the outer message holds it
}

// RFC 2046 5.2.1 forbids it; who does it again and again wants us to go deep.
TEST(PartUnits, OfMessagesInBase64InOneAnotherHaveALimit) {
  std::string text = "Subject: x\r\n\r\nVIRUS\r\n";
  for (unsigned i = 0; i < encoded_messages_max + 2; ++i)
    text = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           message::encode_base64_lines(text);
  EXPECT_EQ(walked(text).end, Walk::beyond_limits);
}

TEST(PartUnits, OfAnUnclosedMultipartAreSeen) {
  const auto result = walked(multipart("--b\r\n\r\nVIRUS", false));
  ASSERT_EQ(result.units.size(), 1U);
  EXPECT_EQ(result.units[0].bytes, "VIRUS");
}

TEST(PartUnits, MoreThanCanBeToldApartAreSaidToBeSo) {
  std::string parts;
  for (std::size_t i = 0; i < message::mime_parts_max + 1; ++i) parts += "--b\r\n\r\nx\r\n";
  EXPECT_EQ(walked(multipart(parts)).end, Walk::beyond_limits);
  std::string deep;
  for (int i = 0; i < 1000; ++i)
    deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\r\n\r\n--b" +
            std::to_string(i) + "\r\n";
  EXPECT_EQ(walked(deep + "\r\nVIRUS").end, Walk::beyond_limits);
}

TEST(FileName, IsSafeWhateverThePartSays) {
  struct Row {
    std::string name, safe;
    const char* reason;
  };
  const Row rows[] = {{"eicar.com", "eicar.com", "kept"},
                      {"../../etc/passwd", "passwd", "no folder"},
                      {"C:\\Windows\\x.exe", "x.exe", "no folder of another system"},
                      {"..", "part", "nothing left"},
                      {"", "part", "nothing there"},
                      {"/", "part", "nothing there"},
                      {".bashrc", "_bashrc", "not hidden"},
                      {"-rf", "_rf", "no option"},
                      {"a b;c|d$e`f", "a_b_c_d_e_f", "nothing for a shell"},
                      {"a%f.exe", "a_f.exe", "no %f"},
                      {std::string("a\0b.exe", 7), "a_b.exe", "no NUL"},
                      {"x\r\ny", "x__y", "no line end"},
                      {"b\xc3\xa4r.exe", "b__r.exe", "ASCII"},
                      {"x.exe. ", "x.exe", "as Windows would open it"}};
  for (const Row& row : rows) EXPECT_EQ(safe_file_name(row.name), row.safe) << row.reason;
  const auto cut = safe_file_name(std::string(500, 'a') + ".exe");
  EXPECT_EQ(cut.size(), file_name_max);
  EXPECT_TRUE(cut.ends_with(".exe"));
}

TEST(FileName, IsReadInEveryFormPartsHave) {
  struct Row {
    const char *fields, *name;
  };
  const Row rows[] = {
      {"Content-Disposition: attachment; filename=\"eicar.com\"\r\n", "eicar.com"},
      {"Content-Type: application/x; name=eicar.com\r\n", "eicar.com"},
      {"Content-Disposition: attachment; filename*=utf-8''eic%61r.com\r\n", "eicar.com"},
      {"Content-Disposition: attachment; filename*0=eic; filename*1=ar.com\r\n", "eicar.com"},
      {"Content-Disposition: attachment; filename*0*=us-ascii''eic%61; filename*1=r.com\r\n", "eicar.com"},
      {"Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fx.com\r\n", "x.com"}};
  for (const Row& row : rows) {
    const auto result = walked(std::string(row.fields) + "\r\nx");
    ASSERT_EQ(result.units.size(), 1U);
    EXPECT_EQ(result.units[0].name, row.name) << row.fields;
  }
}

}  // namespace
}  // namespace tubepost::avscan
