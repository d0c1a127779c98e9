// What is answered for messages that are not as they should be: tests/corpora/mime-odd/NAME.eml and NAME.answer, explained
// in docs/mime-oddities.md; and what is too large for files of the tree. TUBEPOST_WRITE_ANSWERS=1 writes the answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "imap/search_text.h"
#include "imap/section.h"
#include "imap/structure_cache.h"
#include "message/mime_part.h"

namespace tubepost::imap {
namespace {

const std::filesystem::path folder = std::string(TESTS_FOLDER) + "/corpora/mime-odd";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::filesystem::path> messages_in(const std::filesystem::path& where) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(where))
    if (entry.is_regular_file() && entry.path().extension() != ".answer") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

// Printable: what a literal holds is shown as \xNN.
std::string answer(const std::string& body) {
  const auto record = make_structure(body), text = make_search_text(body);
  const StructureView view(record);
  std::string out = "ENVELOPE " + printable(view.envelope(), 100'000) + "\n" + "BODYSTRUCTURE " +
                    printable(view.body_structure(), 100'000) + "\n" + "PREVIEW " +
                    std::string(view.preview()) + "\n";
  const auto parts = message::read_mime(body);
  for (std::uint32_t i = 0; i < parts.size(); ++i)
    if (const auto name = message::file_name(parts[i]))
      out += "FILE " + message::part_path(parts, i) + " " + printable(*name) + "\n";
  return out + "TEXT " + printable(SearchTextView(text).body(), 100'000) + "\n";
}

TEST(OddMime, IsAnsweredAsIsWritten) {
  const auto files = messages_in(folder);
  EXPECT_GE(files.size(), 30u);
  for (const auto& file : files) {
    auto golden = file;
    golden.replace_extension(".answer");
    const auto answered = answer(read_file(file));
    if (std::getenv("TUBEPOST_WRITE_ANSWERS") != nullptr) std::ofstream(golden, std::ios::binary) << answered;
    EXPECT_EQ(answered, read_file(golden)) << file.filename();
  }
}

// Whatever it is, its parts can be fetched and its sizes agree.
void expect_sound(const std::string& body, const std::string& name) {
  const auto record = make_structure(body);
  const StructureView view(record);
  ASSERT_TRUE(view.valid()) << name;
  EXPECT_EQ(view.part_count(), message::read_mime(body).size()) << name;
  for (std::uint32_t i = 0; i < view.part_count(); ++i) {
    const auto part = view.part(i);
    EXPECT_LE(part.header_begin, part.body_begin) << name;
    EXPECT_LE(part.body_begin, part.body_end) << name;
    EXPECT_LE(part.body_end, body.size()) << name;
  }
  SectionName whole;
  EXPECT_EQ(read_section(view, "", body, whole)->text(), body) << name;
  whole.what = SectionName::What::header;
  auto both = read_section(view, "", body, whole)->text();
  whole.what = SectionName::What::text;
  both += read_section(view, "", body, whole)->text();
  EXPECT_EQ(both, body) << name << ": header and text are the message";
  EXPECT_TRUE(SearchTextView(make_search_text(body)).valid()) << name;
}

TEST(OddMime, OfOtherProjectsIsReadSoundly) {
  const auto shared = std::filesystem::path(TESTS_FOLDER) / "../../shared/corpora/mime";
  const char* elsewhere = std::getenv("TUBEPOST_MIME_CORPUS");
  const auto where = elsewhere != nullptr ? std::filesystem::path(elsewhere) : shared;
  if (!std::filesystem::exists(where)) GTEST_SKIP() << "no corpus at " << where;
  for (const auto& file : messages_in(where)) expect_sound(read_file(file), file.filename().string());
}

struct Large {
  const char* name;
  std::string body;
  std::size_t structure_max;  // of its record
};

std::string repeated(std::string_view piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += piece;
  return out;
}

std::vector<Large> large_messages() {
  const std::string multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  std::string deep;
  for (int i = 0; i < 1000; ++i)
    deep += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + ".\r\n\r\n--b" +
            std::to_string(i) + ".\r\n";
  return {
      {"10,000 parts", multipart + repeated("--b\r\n\r\nx\r\n", 10'000) + "--b--\r\n", 3 << 20},
      {"100,000 parts", multipart + repeated("--b\r\n\r\nx\r\n", 100'000), 3 << 20},
      {"1,000 multiparts in each other", deep, 64 << 10},
      {"1,000 messages in each other", repeated("Content-Type: message/rfc822\r\n\r\n", 1000), 64 << 10},
      {"a subject of 1 MB", "Subject: " + std::string(1 << 20, 'x') + "\r\n\r\n", 512 << 10},
      {"a line of 1 MB of encoded words", "Subject: " + repeated("=?utf-8?Q?=C3=BC?= ", 60'000) + "\r\n\r\n",
       512 << 10},
      {"100,000 recipients", "To: " + repeated("someone@example.test,\r\n ", 100'000) + "\r\n\r\n", 1 << 20},
      {"100,000 fields", repeated("X-Field: value\r\n", 100'000) + "\r\n", 16 << 10},
      {"100,000 Subject fields", repeated("Subject: value\r\n", 100'000) + "\r\n", 128 << 10},
      {"a Content-Type of 1 MB", "Content-Type: text/plain" + repeated("; a=b", 200'000) + "\r\n\r\n",
       64 << 10},
      {"1 MB of references", "References: " + repeated("<id@x> ", 150'000) + "\r\n\r\n", 64 << 10},
      {"1 MB of open comments", "To: " + std::string(1 << 20, '(') + "\r\n\r\n", 512 << 10},
      {"1 MB of brackets", "Subject: " + repeated("[a]", 300'000) + "\r\n\r\n", 512 << 10},
      {"base64 of 4 MB",
       "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           repeated("AAAA\r\n", 700'000),
       16 << 10},
      {"4 MB of tags", "Content-Type: text/html\r\n\r\n" + repeated("<a<!--", 700'000), 16 << 10}};
}

TEST(OddMime, OfAnySizeGivesABoundedStructure) {
  for (const auto& large : large_messages()) {
    expect_sound(large.body, large.name);
    EXPECT_LE(make_structure(large.body).size(), large.structure_max) << large.name;
    EXPECT_LE(make_search_text(large.body).size(), search_text_max + 100) << large.name;
  }
}

}  // namespace
}  // namespace tubepost::imap
