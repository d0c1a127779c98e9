#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "imap/search_match.h"
#include "support/crlf.h"

namespace tubepost::imap {
namespace {

// A message with everything that is kept beside it, and a count of how often the message itself had to be read.
struct Kept {
  explicit Kept(std::string_view text)
      : body(crlf(text)), structure(make_structure(body)), search(make_search_text(body)) {}
  MessageText text() {
    return {StructureView(structure), SearchTextView(search), head, [this]() -> std::string_view {
              ++read;
              return body;
            }};
  }
  std::string head = "Return-Path: <bounce@x>\r\n";
  std::string body, structure, search;
  int read = 0;
};

Needle needle(std::string_view text) { return *Needle::make(text, "utf-8"); }

const char* const message =
    "From: =?iso-8859-1?Q?J=FCrgen?= <j@example.test>\nSubject: Hello\n World\nX-Mark: Blue\nEmpty:\n"
    "Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\nContent-Type: text/plain; "
    "charset=iso-8859-1\n"
    "Content-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe aus K=\n=F6ln\n--b\nContent-Type: text/html\n\n"
    "<b>bold</b>\n--b\nContent-Type: application/pdf; name=\"=?utf-8?Q?B=C3=A4r.pdf?=\"\n"
    "Content-Transfer-Encoding: base64\n\nc2VjcmV0\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\n"
    "deep text\n--b--\nepilogue\n";

TEST(SearchText, IsFoundWhateverItsEncodingAndCase) {
  Kept kept(message);
  struct Case {
    const char* text;
    bool in_body;
    const char* why;
  };
  const Case cases[] = {{"GRÜßE", true, "charset and quoted-printable"},
                        {"köln", true, "a soft line break"},
                        {"BOLD", true, "HTML"},
                        {"<b>", true, "HTML is left as it is"},
                        {"bär.PDF", true, "the name of an attachment"},
                        {"secret", false, "what is no text is not looked into"},
                        {"c2Vj", false, "nor its base64"},
                        {"subject:inner", true, "the header of an embedded message"},
                        {"deep text", true, "its text"},
                        {"preamble", false, "no part"},
                        {"epilogue", false, "no part"},
                        {"hello world", false, "in the header alone"},
                        {"", true, "nothing is in everything"}};
  for (const auto& c : cases) EXPECT_EQ(body_has(kept.text(), needle(c.text)), c.in_body) << c.why;
  EXPECT_TRUE(text_has(kept.text(), needle("hello world")));
  EXPECT_TRUE(text_has(kept.text(), needle("deep")));
  EXPECT_TRUE(text_has(kept.text(), needle("bounce@x"))) << "the generated head is header, too";
  EXPECT_FALSE(text_has(kept.text(), needle("secret")));
  EXPECT_EQ(kept.read, 0) << "nothing of this reads the message";
}

TEST(SearchHeader, LooksIntoTheFieldsOfThatName) {
  Kept kept(message);
  EXPECT_TRUE(header_has(kept.text(), "from", needle("JÜRGEN")));
  EXPECT_FALSE(header_has(kept.text(), "to", needle("j")));
  EXPECT_TRUE(header_has(kept.text(), "subject", needle("hello world")));
  EXPECT_TRUE(header_has(kept.text(), "x-mark", needle("blue")));
  EXPECT_FALSE(header_has(kept.text(), "x-mark", needle("hello")));
  EXPECT_FALSE(header_has(kept.text(), "mark", needle("blue"))) << "the end of a name is no name";
  EXPECT_TRUE(header_has(kept.text(), "empty", needle(""))) << "it is there";
  EXPECT_TRUE(header_has(kept.text(), "from", needle("")));
  EXPECT_FALSE(header_has(kept.text(), "bcc", needle("")));
  EXPECT_TRUE(header_has(kept.text(), "return-path", needle("BOUNCE")));
  EXPECT_EQ(kept.read, 0);
  const Kept bare("Subject:\n\n");
  const MessageText by_structure{StructureView(bare.structure), {}, {}, {}};
  EXPECT_TRUE(header_has(by_structure, "subject", needle("")))
      << "the structure alone knows, even of an empty one";
  EXPECT_FALSE(header_has(by_structure, "from", needle("")));
  EXPECT_FALSE(text_has(by_structure, needle("x"))) << "nothing to look into";
}

TEST(SearchText, ThatWasCutIsLookedForInTheMessage) {
  std::string text = "Subject: x\n\n";
  while (text.size() < search_text_max + 100) text += "some more of it\n";
  Kept kept(text + "the end");
  EXPECT_LE(kept.search.size(), search_text_max + 100);
  EXPECT_FALSE(SearchTextView(kept.search).complete());
  EXPECT_TRUE(body_has(kept.text(), needle("SOME MORE")));
  EXPECT_EQ(kept.read, 0);
  EXPECT_TRUE(body_has(kept.text(), needle("the end")));
  EXPECT_EQ(kept.read, 1);
  EXPECT_FALSE(body_has(kept.text(), needle("nowhere")));
}

TEST(SearchText, OfLargeMessagesIsMadeOneAtATime) {
  std::string text = "Subject: x\n\n";
  while (text.size() < search_text_max + 100) text += "some more of it\n";
  Kept kept(text);
  std::atomic<int> inside = 0, most = 0, found = 0;
  std::vector<std::thread> sessions;
  for (int i = 0; i < 4; ++i)
    sessions.emplace_back([&] {
      auto message = kept.text();
      message.body = [&]() -> std::string_view {  // as long as it reads, others have time to come in
        const int now = ++inside;
        if (now > most) most = now;
        for (int turn = 0; turn < 1000 && inside == 1; ++turn) std::this_thread::yield();
        --inside;
        return kept.body;
      };
      for (int search = 0; search < 5; ++search) found += body_has(message, needle("nowhere"));
    });
  for (auto& session : sessions) session.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(found, 0);
}

TEST(SearchText, ThatIsMissingOrDamagedIsMadeAgain) {
  Kept kept(message);
  for (const auto* record : {"", "T", "T\x02\0\0\0\0\0\0", "T\x01\0\0\xff\xff\xff\xff"}) {
    kept.search = record;
    EXPECT_TRUE(body_has(kept.text(), needle("köln")));
  }
  kept.structure.clear();
  EXPECT_TRUE(header_has(kept.text(), "from", needle("jürgen")));
}

TEST(Needle, IsReadInItsCharset) {
  Kept kept(message);
  EXPECT_TRUE(body_has(kept.text(), *Needle::make("K\xf6ln", "iso-8859-1")));
  EXPECT_TRUE(body_has(kept.text(), *Needle::make("koln", "us-ascii")) == false);
  EXPECT_FALSE(Needle::make("x", "x-nowhere"));
}

}  // namespace
}  // namespace tubepost::imap
