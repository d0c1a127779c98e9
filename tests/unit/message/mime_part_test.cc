#include "message/mime_part.h"

#include <gtest/gtest.h>

namespace tubepost::message {
namespace {

std::string opened_name(Opened opened) {
  constexpr const char* names[] = {"leaf",    "multipart", "message", "no_parts",
                                   "encoded", "too_deep",  "too_many"};
  return names[static_cast<int>(opened)];
}

// A line per part: "path type/subtype opened lines [body]", indented by depth; the body of leaves only.
std::string described(const std::string& message) {
  const auto parts = read_mime(message);
  std::string out;
  for (std::uint32_t i = 0; i < parts.size(); ++i) {
    const auto& part = parts[i];
    out += std::string(part.depth, ' ') + "<" + part_path(parts, i) + "> " + std::string(part.type) + "/" +
           std::string(part.subtype) + " " + opened_name(part.opened) + " " + std::to_string(part.lines);
    if (part.first_child == no_part) {
      std::string body(part.body(message));
      std::string shown;
      for (const char c : body) shown += c == '\r' ? "" : c == '\n' ? "|" : std::string(1, c);
      out += " [" + shown + "]";
    }
    out += "\n";
  }
  return out;
}

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

struct MimePartCase {
  const char* message;
  const char* expected;
  const char* why;
};

const MimePartCase mime_part_cases[] = {
    {"Subject: x\n\nHello\nyou\n", "<1> text/plain leaf 2 [Hello|you|]\n", "no MIME at all"},
    {"Subject: x\n\nno line end", "<1> text/plain leaf 0 [no line end]\n", "lines are line ends"},
    {"Subject: x", "<1> text/plain leaf 0 []\n", "a header that is cut off"},
    {"", "<1> text/plain leaf 0 []\n", "nothing"},
    {"\n\nbody", "<1> text/plain leaf 1 [|body]\n", "an empty header"},
    {"Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b\nContent-Type: "
     "text/html\n\ntwo\n\n--b--\nepi\n",
     "<> multipart/mixed multipart 11\n <1> text/plain leaf 0 [one]\n <2> text/html leaf 1 [two|]\n",
     "the line end before a boundary is the boundary's"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: y\n--b--\n",
     "<> multipart/mixed multipart 6\n <1> text/plain leaf 0 []\n <2> text/plain leaf 0 []\n <3> text/plain "
     "leaf 0 []\n",
     "parts without a body, without a header, and without an empty line"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n",
     "<> multipart/mixed multipart 6\n <1> text/plain leaf 0 [one]\n <2> text/plain leaf 1 [two|]\n",
     "never closed"},
    {"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; "
     "boundary=i\n\n--i\n\none\n--o\n\ntwo\n--o--\n",
     "<> multipart/mixed multipart 10\n <1> multipart/mixed multipart 2\n  <1.1> text/plain leaf 0 [one]\n "
     "<2> text/plain leaf 0 [two]\n",
     "the inner multipart is closed by the outer's boundary"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b--\n\nafter\n--b\n\nnot a part\n",
     "<1> multipart/mixed no_parts 6 [--b--||after|--b||not a part|]\n", "closed before it began"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n--b\n\nepilogue\n",
     "<> multipart/mixed multipart 7\n <1> text/plain leaf 0 [one]\n", "a boundary behind the closing line"},
    {"Content-Type: multipart/mixed; boundary=foo\n\n--foo\nContent-Type: multipart/mixed; "
     "boundary=foobar\n\n--foobar\n\n1\n--foobar\n\n2\n--foobar--\n--foo\n\n3\n--foo--\n",
     "<> multipart/mixed multipart 14\n <1> multipart/mixed multipart 6\n  <1.1> text/plain leaf 0 [1]\n  "
     "<1.2> text/plain leaf 0 [2]\n <2> text/plain leaf 0 [3]\n",
     "the outer boundary is the beginning of the inner"},
    {"Content-Type: multipart/mixed; boundary=foobar\n\n--foobar\nContent-Type: multipart/mixed; "
     "boundary=foo\n\n--foo\n\n1\n--foobar\n\n2\n--foobar--\n",
     "<> multipart/mixed multipart 10\n <1> multipart/mixed multipart 2\n  <1.1> text/plain leaf 0 [1]\n <2> "
     "text/plain leaf 0 [2]\n",
     "the inner boundary is the beginning of the outer"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
     "boundary=b\n\n--b\n\n1\n--b--\n--b\n\n2\n--b--\n",
     "<> multipart/mixed multipart 11\n <1> multipart/mixed multipart 3\n  <1.1> text/plain leaf 0 [1]\n <2> "
     "text/plain leaf 0 [2]\n",
     "both the same: the innermost that is open"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b  \t\n\none\n--b-- \n",
     "<> multipart/mixed multipart 4\n <1> text/plain leaf 0 [one]\n", "blanks behind a boundary"},
    {"Content-Type: multipart/mixed\n\n--b\n\none\n", "<1> multipart/mixed no_parts 3 [--b||one|]\n",
     "no boundary parameter"},
    {"Content-Type: multipart/mixed; boundary=c\n\n--b\n\none\n",
     "<1> multipart/mixed no_parts 3 [--b||one|]\n", "another boundary than that in use"},
    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\ntext\n--b--\n",
     "<> multipart/digest multipart 6\n <1> message/rfc822 message 2\n  <1.1> text/plain leaf 0 [text]\n",
     "RFC 2046 5.1.5: messages unless something else is said"},
    {"Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
     "<1> message/rfc822 message 6\n <1> multipart/mixed multipart 4\n  <1.1> text/plain leaf 0 [one]\n",
     "the whole message is a message"},
    {"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nSubject: x\n\ntext\n",
     "<1> message/rfc822 message 5\n <1.1> message/rfc822 message 3\n  <1.1.1> text/plain leaf 1 [text|]\n",
     "messages in messages"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n--b\n\ntwo\n--b--\n",
     "<> multipart/mixed multipart 6\n <1> message/rfc822 message 0\n  <1.1> text/plain leaf 0 []\n <2> "
     "text/plain leaf 0 [two]\n",
     "a message that ends before it begins"},
    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: cut\n--b--\n",
     "<> multipart/digest multipart 4\n <1> message/rfc822 message 0\n  <1.1> text/plain leaf 0 []\n",
     "a message that ends within its header"},
    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\n--b--\n",
     "<> multipart/digest multipart 5\n <1> message/rfc822 message 1\n  <1.1> text/plain leaf 0 []\n",
     "a message whose empty line is the boundary's line end"},
    {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA0K\n",
     "<1> message/rfc822 encoded 1 [U3ViamVjdDogeA0K|]\n", "nothing to point at inside base64"},
    {"Content-Type: nonsense\n\nx\n", "<1> text/plain leaf 1 [x|]\n", "RFC 2045 5.2"},
    {"Content-Type: text/html\nContent-Type: image/png\n\nx\n", "<1> text/html leaf 1 [x|]\n",
     "the first counts"},
};

TEST(MimeParts, AreFoundWhereTheyAre) {
  for (const auto& c : mime_part_cases) {
    EXPECT_EQ(described(crlf(c.message)), c.expected) << c.why;
    EXPECT_EQ(described(c.message), c.expected) << c.why << ", with LF alone";
  }
}

TEST(MimeParts, CanBeCopiedByteForByte) {
  const auto message =
      crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-ID: <1>\n\none\n--b--\n");
  const auto parts = read_mime(message);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[1].header(message), "Content-ID: <1>\r\n\r\n");
  EXPECT_EQ(parts[1].body(message), "one");
  EXPECT_EQ(parts[1].id, "<1>");
}

// Of parts that end at one boundary, none reaches beyond the part it stands in.
TEST(MimeParts, LieWithinTheirParents) {
  const std::string inner = "--o\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n";
  for (const std::string& last :
       {std::string("\r\n"), std::string("X: y\r\n\r\n"), std::string("X: y\r\n"), std::string(),
        std::string("Content-Type: message/rfc822\r\n\r\n"),
        std::string("Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n")}) {
    const auto message = "Content-Type: multipart/mixed; boundary=o\r\n\r\n" + inner + last + "--o--\r\n";
    const auto parts = read_mime(message);
    ASSERT_GE(parts.size(), 3u) << last;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const auto& parent = parts[parts[i].parent];
      EXPECT_GE(parts[i].header_begin, parent.body_begin) << last << i;
      EXPECT_LE(parts[i].header_begin, parts[i].body_begin) << last << i;
      EXPECT_LE(parts[i].body_begin, parts[i].body_end) << last << i;
      EXPECT_LE(parts[i].body_end, parent.body_end) << last << i;
    }
  }
}

std::string nested(unsigned depth) {
  std::string message = "Content-Type: multipart/mixed; boundary=b0.\r\n\r\n";
  for (unsigned i = 0; i < depth; ++i)
    message += "--b" + std::to_string(i) + ".\r\nContent-Type: multipart/mixed; boundary=b" +
               std::to_string(i + 1) + ".\r\n\r\n";
  return message;
}

TEST(MimeParts, AreOpenedToADepthAndNoFurther) {
  const auto parts = read_mime(nested(1000));
  EXPECT_EQ(parts.size(), mime_depth_max + 1);
  EXPECT_EQ(parts.back().depth, mime_depth_max);
  EXPECT_EQ(parts.back().opened, Opened::too_deep);
  std::string messages;
  for (int i = 0; i < 1000; ++i) messages += "Content-Type: message/rfc822\r\n\r\n";
  EXPECT_EQ(read_mime(messages).size(), mime_depth_max + 1);
}

TEST(MimeParts, AreTenThousandAtMost) {
  std::string message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (std::size_t i = 0; i + 1 < mime_parts_max; ++i) message += "--b\r\n\r\nx\r\n";
  auto parts = read_mime(message + "--b--\r\n");
  EXPECT_EQ(parts.size(), mime_parts_max);
  EXPECT_EQ(parts.back().opened, Opened::too_many) << "the last is not read, as more may follow";
  message += "--b\r\n\r\nlast\r\n--b--\r\n";
  parts = read_mime(message);
  ASSERT_EQ(parts.size(), mime_parts_max);
  EXPECT_EQ(parts.back().body(message), "\r\nx\r\n--b\r\n\r\nlast\r\n--b--\r\n");
  EXPECT_EQ(parts.back().lines, 6u);
  EXPECT_EQ(parts[mime_parts_max - 2].opened, Opened::leaf);
}

// Hostile messages of about n bytes.
std::vector<std::string> hostile(std::size_t n) {
  std::vector<std::string> messages;
  const auto repeated = [n](std::string text, std::string_view piece) {
    while (text.size() < n) text += piece;
    return text;
  };
  messages.push_back(repeated("Subject: ", "x"));
  messages.push_back(repeated("Content-Type: multipart/mixed", "; boundary=b"));
  messages.push_back(repeated("Content-Type: multipart/mixed; ", "("));
  messages.push_back(repeated("Content-Type: multipart/mixed; a=\"", "\\\""));
  messages.push_back(repeated("", "Content-Type: multipart/mixed; boundary=b\r\n"));
  messages.push_back(repeated("Subject:", "\r\n "));
  messages.push_back(repeated(nested(64), "--b"));
  messages.push_back(repeated(nested(64), "--b\r\n"));
  messages.push_back(
      repeated("Content-Type: multipart/mixed; boundary=" + std::string(n / 2, 'a') + "\r\n\r\n",
               "--" + std::string(n / 4, 'a') + "\r\n"));
  messages.push_back(repeated("Content-Type: multipart/digest; boundary=b\r\n\r\n", "--b\r\n\r\n"));
  messages.push_back(repeated("", "Content-Type: message/rfc822\r\n\r\n"));
  messages.push_back(repeated("", "\n"));
  messages.push_back(repeated("", "\r"));
  return messages;
}

TEST(MimeParts, TakeWorkInProportionToTheMessage) {
  for (const auto& message : hostile(200'000)) {
    std::uint64_t examined = 0;
    read_mime(message, &examined);
    EXPECT_LE(examined, 70 * message.size()) << message.substr(0, 60);
  }
}

TEST(MimeParts, TellTheirFileNames) {
  struct NameCase {
    const char* header;
    const char* name;
  };
  const NameCase names[] = {
      {"Content-Disposition: attachment; filename=\"a b.txt\"", "a b.txt"},
      {"Content-Type: image/png; name=x.png", "x.png"},
      {"Content-Type: image/png; name=x.png\nContent-Disposition: attachment; filename=y.png", "y.png"},
      {"Content-Disposition: attachment; filename=two words.txt", "two words.txt"},
      {"Content-Disposition: attachment; filename*=utf-8'de'gr%C3%BCn.txt; filename=gruen.txt", "grün.txt"},
      {"Content-Disposition: attachment; filename*1=b.txt; filename*0*=iso-8859-1''%FC", "üb.txt"},
      {"Content-Disposition: attachment; filename=\"=?utf-8?B?w7w=?=.txt\"", "ü.txt"},
  };
  for (const auto& c : names) {
    const auto message = crlf(std::string(c.header) + "\n\n");
    EXPECT_EQ(file_name(read_mime(message)[0]), c.name) << c.header;
  }
  EXPECT_EQ(file_name(read_mime("Subject: x\r\n\r\n")[0]), std::nullopt);
}

}  // namespace
}  // namespace tubepost::message
