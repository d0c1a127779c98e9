#include <gtest/gtest.h>

#include "base/text.h"
#include "imap/structure_cache.h"
#include "support/crlf.h"

namespace tubepost::imap {
namespace {

std::string envelope(std::string_view message) {
  const auto record = make_structure(crlf(message));
  return std::string(StructureView(record).envelope());
}

std::string structure(std::string_view message) {
  const auto record = make_structure(crlf(message));
  return std::string(StructureView(record).body_structure());
}

std::string body_structure_of(std::string_view message) {
  const auto record = make_structure(crlf(message));
  return StructureView(record).body();
}

struct StructureCase {
  const char* message;
  const char* expected;
  const char* why;
};

TEST(Envelope, IsAsRfc9051HasIt) {
  const StructureCase cases[] = {
      {"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\nFrom: Terry Gray <gray@cac.washington.edu>\n"
       "Subject: IMAP4rev2 WG mtg summary and minutes\nTo: imap@cac.washington.edu\n"
       "Cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\nMessage-Id: "
       "<B27397-0100000@cac.washington.ed>\n\n",
       R"_(("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" )_"
       R"_((("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) )_"
       R"_((("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) )_"
       R"_(((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL )_"
       R"_("<B27397-0100000@cac.washington.ed>"))_",
       "the example of 7.5.2"},
      {"\nbody", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "no fields"},
      {"Subject:\nTo:\n\n", R"_((NIL "" NIL NIL NIL NIL NIL NIL NIL NIL))_", "fields that are empty"},
      {"From: a@b\nSender: c@d\nReply-To:\n\n",
       R"_((NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL))_",
       "an empty Reply-To is From"},
      {"To: A Group: Ed <ed@x>, joe@y;, undisclosed:;\n\n",
       R"_((NIL NIL NIL NIL NIL ((NIL NIL "A Group" NIL)("Ed" NIL "ed" "x")(NIL NIL "joe" "y")(NIL NIL NIL NIL))_"
       R"_((NIL NIL "undisclosed" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL))_",
       "groups"},
      {"To: joe\n\n", R"_((NIL NIL NIL NIL NIL ((NIL NIL "joe" "")) NIL NIL NIL NIL))_",
       "no domain is no group"},
      {"From: Joe Bloggs\n\n",
       R"_((NIL NIL (("Joe Bloggs" NIL "" "")) (("Joe Bloggs" NIL "" "")) (("Joe Bloggs" NIL "" "")) NIL NIL NIL NIL NIL))_",
       "no address at all: its text is a name"},
      {"Subject: one\n\ttwo\nSubject: three\n\n", "(NIL \"one two\" NIL NIL NIL NIL NIL NIL NIL NIL)",
       "unfolded; the first counts"},
      {"Subject: =?utf-8?Q?gr=C3=BCn?=\n\n",
       R"_((NIL "=?utf-8?Q?gr=C3=BCn?=" NIL NIL NIL NIL NIL NIL NIL NIL))_", "encoded words as they came"},
      {"Subject: say \"x\\y\"\n\n", R"_((NIL "say \"x\\y\"" NIL NIL NIL NIL NIL NIL NIL NIL))_", "quoted"},
      {"Subject: gr\xfcn\n\n", "(NIL {4}\r\ngr\xfcn NIL NIL NIL NIL NIL NIL NIL NIL)", "8-bit is a literal"},
  };
  for (const auto& c : cases) EXPECT_EQ(envelope(c.message), c.expected) << c.why;
  EXPECT_EQ(envelope(std::string_view("Subject: a\0b\n\n", 14)),
            "(NIL \"ab\" NIL NIL NIL NIL NIL NIL NIL NIL)")
      << "NUL, which no string of IMAP may have";
}

TEST(BodyStructure, IsAsRfc9051HasIt) {
  const StructureCase cases[] = {
      {"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\n\none\ntwo\n",
       R"_(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7bit" 10 2 NIL NIL NIL NIL))_", "one part"},
      {"Subject: x\n\nhi\n",
       R"_(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1 NIL NIL NIL NIL))_", "RFC 2045 5.2"},
      {"Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: BASE64\nContent-ID: <i>\n"
       "Content-Description: a\n picture\nContent-MD5: Q2hl\nContent-Disposition: inline; filename=\"x "
       "y.png\"\n"
       "Content-Language: en, de\nContent-Location: http://x/\n\nAAAA\n",
       R"_(("image" "png" ("name" "x.png") "<i>" "a picture" "base64" 6 "Q2hl" ("inline" ("filename" "x y.png")) )_"
       R"_(("en" "de") "http://x/"))_",
       "every field"},
      {"Content-Type: multipart/alternative; boundary=b\nContent-Language: en\n\n--b\n\none\n--b\n"
       "Content-Type: text/html\n\n<p>\n--b--\n",
       R"_((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NIL NIL))_"
       R"_(("text" "html" NIL NIL NIL "7bit" 3 0 NIL NIL NIL NIL) "alternative" ("boundary" "b") NIL "en" NIL))_",
       "a multipart"},
      {"Content-Type: message/rfc822\n\nSubject: in\n\ntext\n",
       R"_(("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) )_"
       R"_(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL))_",
       "an embedded message"},
      {"Content-Type: message/delivery-status\n\nx\n",
       R"_(("message" "delivery-status" NIL NIL NIL "7bit" 3 NIL NIL NIL NIL))_", "another type of message"},
      {"Content-Type: multipart/mixed; boundary=b\n\nno parts\n",
       R"_(("text" "plain" NIL NIL NIL "7bit" 10 1 NIL NIL NIL NIL))_", "a multipart without parts"},
      {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==\n",
       R"_(("application" "octet-stream" NIL NIL NIL "base64" 18 NIL NIL NIL NIL))_", "an encoded message"},
      {"Content-Transfer-Encoding: x-uuencode\n\nx\n",
       R"_(("text" "plain" ("charset" "us-ascii") NIL NIL "x-uuencode" 3 1 NIL NIL NIL NIL))_",
       "an unknown encoding"},
      {"Content-Type: text/plain; name*0*=utf-8''a; name*1=b\n\n",
       R"_(("text" "plain" ("name*0*" "utf-8''a" "name*1" "b") NIL NIL "7bit" 0 0 NIL NIL NIL NIL))_",
       "RFC 2231 is the client's to decode"},
  };
  for (const auto& c : cases) EXPECT_EQ(structure(c.message), c.expected) << c.why;
}

TEST(Body, IsBodyStructureWithoutExtensions) {
  EXPECT_EQ(
      body_structure_of(
          "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: message/rfc822\n\n"
          "Subject: in\n\nx\n--b--\n"),
      R"_((("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0)("message" "rfc822" NIL NIL NIL "7bit" 16 )_"
      R"_((NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0) 2) )_"
      R"_("mixed"))_");
}

TEST(Structure, HasWhatSearchesAndSortsAsk) {
  const auto record = make_structure(crlf(
      "From: =?utf-8?Q?J=C3=BCrgen?= <Juergen@x.test>\nTo: \"B, C\" <bc@y>, d@z\nTo: second@field\nCc: cc@x\n"
      "Subject: Re: [list] Gr=?utf-8?Q?=C3=BC=C3=9Fe?= (fwd)\nDate: Tue, 31 Dec 2024 23:30:00 -0200\n"
      "Message-ID: <\"a b\"@x>\nReferences: <1@x> junk <2@x>\n <3@x>\nIn-Reply-To: <9@x>\n\nHello  you\n"));
  const StructureView view(record);
  ASSERT_TRUE(view.valid());
  EXPECT_EQ(view.folded(FoldedField::from), "JU\xcc\x88RGEN <JUERGEN@X.TEST>");
  EXPECT_EQ(view.folded(FoldedField::to), "\"B, C\" <BC@Y>, D@Z\nSECOND@FIELD");
  EXPECT_EQ(view.folded(FoldedField::bcc), "");
  EXPECT_TRUE(view.folded_is_complete());
  EXPECT_EQ(view.base_subject(), "GRU\xcc\x88ßE");
  EXPECT_TRUE(view.is_reply_or_forward());
  EXPECT_EQ(view.from_mailbox(), "JUERGEN");
  EXPECT_EQ(view.to_mailbox(), "BC");
  EXPECT_EQ(view.cc_mailbox(), "CC");
  EXPECT_EQ(view.display_from(), "JU\xcc\x88RGEN");
  EXPECT_EQ(view.display_to(), "B, C");
  EXPECT_EQ(view.message_id(), "ab@x");
  EXPECT_EQ(view.references(), "1@x\n2@x\n3@x");
  EXPECT_EQ(view.sent(), std::chrono::sys_days(std::chrono::year(2025) / 1 / 1) + std::chrono::minutes(90));
  EXPECT_EQ(view.sent_day(), std::chrono::sys_days(std::chrono::year(2024) / 12 / 31));
  EXPECT_EQ(view.preview(), "Hello you");
}

TEST(Structure, FallsBackToInReplyTo) {
  const auto record = make_structure(crlf("References: none\nIn-Reply-To: <1@x> <2@x>\nDate: soon\n\n"));
  const StructureView view(record);
  EXPECT_EQ(view.references(), "1@x");
  EXPECT_EQ(view.sent(), std::nullopt);
  EXPECT_EQ(view.sent_day(), std::nullopt);
}

TEST(Structure, SaysWhereItsTextWasCut) {
  const auto record = make_structure("Subject: " + std::string(folded_field_max + 1, 'x') + "\r\n\r\n");
  EXPECT_FALSE(StructureView(record).folded_is_complete());
  EXPECT_EQ(StructureView(record).folded(FoldedField::subject).size(), folded_field_max);
  const auto fits = make_structure("Subject: " + std::string(folded_field_max, 'x') + "\r\n\r\n");
  EXPECT_TRUE(StructureView(fits).folded_is_complete());
}

TEST(Structure, OfAnotherVersionOrDamagedIsNotRead) {
  auto record = make_structure("Subject: x\r\n\r\nbody");
  EXPECT_FALSE(StructureView("").valid());
  EXPECT_EQ(StructureView("").envelope(), "");
  for (std::size_t length = 0; length < record.size(); ++length)
    EXPECT_FALSE(StructureView(std::string_view(record).substr(0, length)).valid()) << length;
  record[1] = static_cast<char>(structure_version + 1);
  EXPECT_FALSE(StructureView(record).valid());
}

TEST(Preview, IsTheBeginningOfTheTextInOneLine) {
  const StructureCase cases[] = {
      {"\n\n  Hello\n\n\tyou\n", "Hello you", "blanks"},
      {"Content-Type: text/html\n\n<html><head><title>no</title><style>p{a>b}</style></head>"
       "<body><!-- x > y --><p>Hello&nbsp;&amp; you</p></body>",
       "Hello & you", "HTML"},
      {"Content-Type: text/html\n\n&Uuml;ber 5&nbsp;&euro; &#8211; it&#x2019;s&#847;&zwnj;&#8203; &amp;amp; "
       "&nope; &#0; "
       "&#xD800; &#x110000; &#; R&D",
       "Über 5 € – it’s &amp; &nope; &#0; &#xD800; &#x110000; &#; R&D", "characters by name and number"},
      {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
       "text/html\n\n<b>html</b>\n--b\n\nplain\n--b--\n",
       "plain", "plain text is preferred"},
      {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: "
       "attachment\n\nfile\n--b\n\ntext\n--b--\n",
       "text", "attachments are no text"},
      {"Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=iso-8859-1\n\n/A==\n", "ü",
       "decoded"},
      {"Content-Type: image/png\n\nx\n", "", "nothing"},
  };
  for (const auto& c : cases) {
    const auto record = make_structure(crlf(c.message));
    EXPECT_EQ(StructureView(record).preview(), c.expected) << c.why;
  }
  std::string text;
  for (int i = 0; i < 300; ++i) text += "ü";
  const auto record = make_structure("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text);
  EXPECT_EQ(StructureView(record).preview(), text.substr(0, 2 * preview_max));
}

}  // namespace
}  // namespace tubepost::imap
