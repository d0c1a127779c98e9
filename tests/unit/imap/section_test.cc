#include "imap/section.h"

#include <gtest/gtest.h>

namespace tubepost::imap {
namespace {

using What = SectionName::What;

// RFC 9051 6.4.5.1's example in small: 1 text, 2 a message with parts, 3 base64, 4 a message with a text.
const std::string head = "Return-Path: <r@x>\r\n";
const std::string body =
    "Subject: outer\r\nTo: a@b\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
    "preamble\r\n--o\r\nContent-ID: <1>\r\n\r\none\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
    "--i\r\nX: 1\r\n\r\ntwo one\r\n--i\r\n\r\ntwo two\r\n--i--\r\n"
    "--o\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: four\r\n\r\nfour text\r\n--o\r\n"
    "Content-Transfer-Encoding: x-unknown\r\n\r\n???\r\n--o--\r\n";

std::optional<std::string> section(std::vector<std::uint32_t> part, What what,
                                   std::vector<std::string> fields = {}) {
  const auto record = make_structure(body);
  SectionName name;
  name.part = std::move(part);
  name.what = what;
  name.fields = std::move(fields);
  const auto found = read_section(StructureView(record), head, body, name);
  if (!found) return std::nullopt;
  EXPECT_EQ(found->size(), found->text().size());
  return found->text();
}

TEST(Section, IsFoundByItsPath) {
  const std::string header = body.substr(0, body.find("preamble"));
  EXPECT_EQ(section({}, What::whole), head + body);
  EXPECT_EQ(section({}, What::header), head + header);
  EXPECT_EQ(section({}, What::text), body.substr(header.size()));
  EXPECT_EQ(section({1}, What::whole), "one");
  EXPECT_EQ(section({1}, What::mime), "Content-ID: <1>\r\n\r\n");
  EXPECT_EQ(section({2}, What::header),
            "Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n");
  EXPECT_EQ(section({2}, What::mime), "Content-Type: message/rfc822\r\n\r\n");
  EXPECT_EQ(section({2}, What::text), "--i\r\nX: 1\r\n\r\ntwo one\r\n--i\r\n\r\ntwo two\r\n--i--");
  EXPECT_EQ(section({2, 1}, What::whole), "two one");
  EXPECT_EQ(section({2, 1}, What::mime), "X: 1\r\n\r\n");
  EXPECT_EQ(section({2, 2}, What::whole), "two two");
  EXPECT_EQ(section({3}, What::whole), "aGVs\r\nbG8=");
  EXPECT_EQ(section({4, 1}, What::whole), "four text");
  EXPECT_EQ(section({4, 1}, What::mime), "Subject: four\r\n\r\n");
}

TEST(Section, ThatIsNotThereIsNothing) {
  EXPECT_EQ(section({6}, What::whole), std::nullopt);
  EXPECT_EQ(section({0}, What::whole), std::nullopt);
  EXPECT_EQ(section({1, 1}, What::whole), std::nullopt);
  EXPECT_EQ(section({1}, What::header), std::nullopt) << "no message";
  EXPECT_EQ(section({3}, What::text), std::nullopt);
  EXPECT_EQ(section({4, 2}, What::whole), std::nullopt);
  EXPECT_EQ(section({}, What::mime), std::nullopt);
}

TEST(Section, OfHeaderFieldsHasTheFieldsAndTheEmptyLine) {
  EXPECT_EQ(section({}, What::header_fields, {"return-path", "SUBJECT"}),
            "Return-Path: <r@x>\r\nSubject: outer\r\n\r\n");
  EXPECT_EQ(section({}, What::header_fields_not, {"Return-Path", "Content-Type"}),
            "Subject: outer\r\nTo: a@b\r\n\r\n");
  EXPECT_EQ(section({2}, What::header_fields, {"Subject", "Return-Path"}), "Subject: inner\r\n\r\n");
  EXPECT_EQ(section({}, What::header_fields, {"X-None"}), "\r\n");
  EXPECT_EQ(section({1}, What::header_fields, {"Content-ID"}), std::nullopt);
}

TEST(Section, OneOfAMessageWithoutPartsIsItsBody) {
  const std::string plain = "Subject: x\r\n\r\nhello\r\n";
  const auto record = make_structure(plain);
  SectionName name;
  name.part = {1};
  EXPECT_EQ(read_section(StructureView(record), head, plain, name)->text(), "hello\r\n");
  name.what = What::mime;
  EXPECT_EQ(read_section(StructureView(record), head, plain, name)->text(), head + "Subject: x\r\n\r\n");
  name.part = {1, 1};
  EXPECT_FALSE(read_section(StructureView(record), head, plain, name));
}

TEST(Section, IsCutAsAskedFor) {
  struct Case {
    std::uint64_t offset, length;
    const char* expected;
  };
  const Case cases[] = {{0, 100, "abcdef"}, {0, 2, "ab"},        {1, 3, "bcd"}, {2, 2, "cd"},
                        {3, 9, "def"},      {4, 1, "e"},         {6, 1, ""},    {7, 1, ""},
                        {~0ULL, ~0ULL, ""}, {0, ~0ULL, "abcdef"}};
  for (const auto& c : cases) {
    SectionBytes slices("abc", "def"), made(std::string("abcdef"));
    slices.cut(c.offset, c.length);
    made.cut(c.offset, c.length);
    EXPECT_EQ(slices.text(), c.expected) << c.offset << "." << c.length;
    EXPECT_EQ(made.text(), c.expected) << c.offset << "." << c.length;
    EXPECT_EQ(slices.size(), made.size());
  }
}

TEST(BinarySection, HasItsEncodingUndone) {
  const auto record = make_structure(body);
  const StructureView structure(record);
  const auto text = [&](std::vector<std::uint32_t> path) {
    const auto found = read_binary(structure, head, body, path);
    const auto size = read_binary_size(structure, head, body, path);
    EXPECT_EQ(size.status, found.status);
    EXPECT_EQ(size.size, found.bytes.size());
    return found.status == BinaryBytes::Status::found              ? found.bytes.text()
           : found.status == BinaryBytes::Status::unknown_encoding ? "unknown encoding"
                                                                   : "no such part";
  };
  EXPECT_EQ(text({3}), "hello");
  EXPECT_EQ(text({1}), "one");
  EXPECT_EQ(text({}), head + body);
  EXPECT_EQ(text({5}), "unknown encoding");
  EXPECT_EQ(text({9}), "no such part");
  EXPECT_EQ(text({2, 1}), "two one");
}

TEST(Section, OfAStructureThatFitsAnotherBodyStaysWithinIt) {
  const auto record = make_structure(body);
  SectionName name;
  name.part = {3};
  EXPECT_EQ(read_section(StructureView(record), "", "short", name)->text(), "");
  EXPECT_FALSE(read_section(StructureView(), "", body, name));
}

}  // namespace
}  // namespace tubepost::imap
