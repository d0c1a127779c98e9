#include <gtest/gtest.h>

#include "imap/base_subject.h"
#include "imap/sort.h"
#include "imap/thread.h"

namespace tubepost::imap {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

TEST(BaseSubject, IsWhatRfc5256LeavesOfASubject) {
  struct Case {
    const char* subject;
    const char* base;
    bool reply;
    const char* why;
  };
  const Case cases[] = {
      {"hello", "HELLO", false, "nothing to remove"},
      {"Re: hello", "HELLO", true, "subj-refwd"},
      {"FW: hello", "HELLO", true, "fw"},
      {"fwd : hello", "HELLO", true, "blanks before the colon"},
      {"Re[2]: hello", "HELLO", true, "a blob in the mark"},
      {"re: [list] Re: hello", "HELLO", true, "again and again"},
      {"[list] hello", "HELLO", false, "a blob is no sign of a reply"},
      {"[a] [b] hello", "HELLO", false, "blobs"},
      {"[a][b]", "[B]", false, "the last blob is the base"},
      {"hello (fwd)", "HELLO", true, "subj-trailer"},
      {"hello (fwd) (FWD)  ", "HELLO", true, "trailers"},
      {"[Fwd: hello]", "HELLO", true, "subj-fwd"},
      {"[fwd: Re: hello (fwd)]", "HELLO", true, "all of it"},
      {"[fwd: hello", "[FWD: HELLO", false, "not closed"},
      {"Re:", "", true, "nothing left"},
      {"", "", false, "nothing"},
      {"a \t  b", "A B", false, "one blank"},
      {"=?utf-8?Q?Re=3A_gr=C3=BCn?=", "GRU\xcc\x88N", true, "encoded words first"},
      {"regarding: x", "REGARDING: X", false, "no mark"},
      {"Re: Re: Fwd: x", "X", true, "marks"},
      {"AW: x", "AW: X", false, "the RFC knows English alone"},
  };
  for (const auto& c : cases) {
    const auto base = base_subject(c.subject);
    EXPECT_EQ(base.text, c.base) << c.why << ": " << c.subject;
    EXPECT_EQ(base.reply_or_forward, c.reply) << c.why << ": " << c.subject;
  }
}

TEST(MessageIds, AreNormalised) {
  EXPECT_EQ(message_ids("<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>"),
            message_ids("<01KF8JCEOCBS0045PS@xxx.yyy.com>"));
  EXPECT_EQ(message_ids("a <1@x>,<2@x> (c) <\r\n 3@x> <> < <4@x"),
            (std::vector<std::string>{"1@x", "2@x", "3@x"}));
  EXPECT_TRUE(message_ids("<" + std::string(message_id_max + 1, 'a') + ">").empty());
  std::string many;
  for (std::size_t i = 0; i <= references_max; ++i) many += "<" + std::to_string(i) + ">";
  const auto ids = message_ids(many);
  EXPECT_EQ(ids.size(), references_max);
  EXPECT_EQ(ids[0], "0") << "the root of the thread";
  EXPECT_EQ(ids[1], "2");
  EXPECT_EQ(ids.back(), std::to_string(references_max));
}

std::vector<std::uint32_t> sorted(std::vector<SortCriterion> criteria,
                                  const std::vector<std::string>& messages) {
  Sorter sorter(std::move(criteria));
  std::uint32_t number = 0;
  for (const auto& message : messages) {
    const auto record = make_structure(message);
    ++number;
    sorter.add(number, sys_seconds(seconds(1'000'000'000 - number)), message.size(), StructureView(record));
  }
  return sorter.sorted();
}

using Numbers = std::vector<std::uint32_t>;

TEST(Sort, OrdersByItsCriteria) {
  const std::vector<std::string> messages = {
      "Subject: b\r\nFrom: Zoe <a@x>\r\nDate: 1 Jan 2020 00:00:00 +0000\r\n\r\n",
      "Subject: Re: A\r\nFrom: c@x\r\nTo: =?utf-8?Q?=C3=84nne?= <z@x>\r\nDate: 1 Jan 2020 00:30:00 "
      "+0100\r\n\r\nlong text",
      "Subject: a\r\nFrom: B@x\r\nTo: y@x\r\nCc: k@x\r\n\r\n"};
  EXPECT_EQ(sorted({{SortKey::subject}}, messages), (Numbers{2, 3, 1})) << "equals stay in order";
  EXPECT_EQ(sorted({{SortKey::subject, true}}, messages), (Numbers{1, 2, 3})) << "in reverse, too";
  EXPECT_EQ(sorted({{SortKey::from}}, messages), (Numbers{1, 3, 2})) << "the mailbox, without case";
  EXPECT_EQ(sorted({{SortKey::display_from}}, messages), (Numbers{3, 2, 1})) << "RFC 5957";
  EXPECT_EQ(sorted({{SortKey::display_to}}, messages), (Numbers{1, 2, 3}));
  EXPECT_EQ(sorted({{SortKey::to}}, messages), (Numbers{1, 3, 2})) << "the empty text first";
  EXPECT_EQ(sorted({{SortKey::cc, true}}, messages), (Numbers{3, 1, 2}));
  EXPECT_EQ(sorted({{SortKey::date}}, messages), (Numbers{3, 2, 1}))
      << "in UTC; the internal date if there is none";
  EXPECT_EQ(sorted({{SortKey::arrival}}, messages), (Numbers{3, 2, 1}));
  EXPECT_EQ(sorted({{SortKey::size, true}}, messages), (Numbers{2, 1, 3}));
  EXPECT_EQ(sorted({{SortKey::subject}, {SortKey::size}}, messages), (Numbers{3, 2, 1}));
  EXPECT_EQ(sorted({}, messages), (Numbers{1, 2, 3}));
  EXPECT_EQ(parse_sort_key("displayFROM"), SortKey::display_from);
  EXPECT_EQ(parse_sort_key("REVERSE"), std::nullopt);
}

struct In {
  std::uint32_t number;
  int day;
  const char* id;
  const char* references;  // with blanks between
  const char* subject;
};

std::string threads(ThreadAlgorithm algorithm, const std::vector<In>& messages) {
  Threader threader(algorithm);
  for (const auto& in : messages) {
    auto base = base_subject(in.subject);
    std::string references(in.references);
    for (char& c : references) c = c == ' ' ? '\n' : c;
    threader.add({in.number, sys_seconds(std::chrono::days(in.day)), in.id, references, base.text,
                  base.reply_or_forward});
  }
  return threader.threads();
}

std::string by_references(const std::vector<In>& messages) {
  return threads(ThreadAlgorithm::references, messages);
}

TEST(ThreadByReferences, BuildsTheTreeThatRfc5256Draws) {
  EXPECT_EQ(by_references({{2, 1, "2", "", "two"},
                           {3, 2, "3", "", "three"},
                           {6, 3, "6", "3", "Re: three"},
                           {4, 4, "4", "3 6", "Re: three"},
                           {44, 5, "44", "3 6", "Re: three"},
                           {23, 6, "23", "3 6 4", "Re: three"},
                           {7, 7, "7", "3 6 44", "Re: three"},
                           {96, 8, "96", "3 6 44 7", "Re: three"}}),
            "(2)(3 6 (4 23)(44 7 96))");
  EXPECT_EQ(by_references({{3, 1, "3", "gone", "x"}, {5, 2, "5", "gone", "y"}}), "((3)(5))")
      << "siblings of a parent that is not here";
}

TEST(ThreadByReferences, FollowsTheRulesStepByStep) {
  struct Case {
    std::vector<In> messages;
    const char* expected;
    const char* why;
  };
  const Case cases[] = {
      {{}, "", "no message, no thread"},
      {{{1, 1, "", "", ""}}, "(1)", "no id"},
      {{{1, 1, "a", "", "x"}, {2, 2, "a", "", "y"}, {3, 3, "c", "a", "z"}},
       "(1 3)(2)",
       "the first has the id"},
      {{{1, 1, "a", "b", "x"}, {2, 2, "b", "a", "y"}}, "(2 1)", "no loops"},
      {{{1, 1, "a", "a", "x"}}, "(1)", "not even with itself"},
      {{{1, 1, "b", "a", "x"}, {2, 2, "a", "", "x"}}, "(2 1)", "the child came first"},
      {{{1, 1, "c", "a b", "x"}, {2, 2, "b", "", "y"}},
       "(2 1)",
       "1.B: a message without references loses the parent that 1.A gave it"},
      {{{1, 1, "d", "gone1 gone2", "x"}}, "(1)", "dummies with one child go"},
      {{{1, 1, "d", "g1 g2 g3", "x"}, {2, 2, "e", "g1 g2 g4", "y"}}, "((1)(2))", "dummies below dummies go"},
      {{{1, 1, "a", "", "x"}, {2, 2, "b", "", "Re: x"}}, "(1 2)", "5: a reply by its subject"},
      {{{1, 1, "a", "", "Re: x"}, {2, 2, "b", "", "x"}}, "(2 1)", "5: the original may come later"},
      {{{1, 1, "a", "", "x"}, {2, 2, "b", "", "x"}}, "((1)(2))", "5: equals under a dummy"},
      {{{1, 1, "a", "", "x"}, {2, 2, "b", "", "x"}, {3, 3, "c", "", "x"}}, "((1)(2)(3))", "5: and one more"},
      {{{1, 1, "a", "", "Re: x"}, {2, 2, "b", "", "Re: x"}}, "((1)(2))", "5: two replies"},
      {{{1, 1, "a", "g", "x"}, {2, 2, "b", "g", "x"}, {3, 3, "c", "", "x"}},
       "((1)(2)(3))",
       "5: into a dummy"},
      {{{1, 1, "a", "g", "x"}, {2, 2, "b", "g", "x"}, {3, 3, "c", "h", "x"}, {4, 4, "d", "h", "x"}},
       "((1)(2)(3)(4))",
       "5: two dummies"},
      {{{1, 1, "a", "", ""}, {2, 2, "b", "", ""}}, "(1)(2)", "5: no subject is no common one"},
      {{{1, 9, "a", "", "x"}, {2, 1, "b", "", "y"}}, "(2)(1)", "4: by date"},
      {{{1, 1, "a", "", "x"}, {2, 9, "b", "a", "x"}, {3, 2, "c", "a", "x"}},
       "(1 (3)(2))",
       "6: siblings by date"},
      {{{5, 1, "a", "", "x"}, {3, 1, "b", "", "y"}}, "(5)(3)", "equal dates: the mailbox's order"},
  };
  for (const auto& c : cases) EXPECT_EQ(by_references(c.messages), c.expected) << c.why;
}

TEST(ThreadByReferences, EndsWhateverTheReferencesSay) {
  // Every message names a chain of all others, in an order of its own, and a root that is deep in the tree of others.
  constexpr std::uint32_t count = 3000;
  Threader threader(ThreadAlgorithm::references);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string references;
    for (std::uint32_t k = 1; k <= 100; ++k)
      references += (k == 1 ? "" : "\n") + std::to_string((i * 7919 + k * 104729) % count);
    threader.add({i + 1, sys_seconds(seconds(i)), std::to_string(i), references, "", false});
  }
  const auto text = threader.threads();
  std::size_t numbers = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    numbers += text[i] >= '0' && text[i] <= '9' && (i == 0 || text[i - 1] < '0' || text[i - 1] > '9') ? 1 : 0;
  EXPECT_EQ(numbers, count) << "each message once";
}

TEST(ThreadByReferences, TakesDeepThreads) {
  Threader threader(ThreadAlgorithm::references);
  std::string expected = "(";
  for (std::uint32_t i = 1; i <= 100'000; ++i) {
    threader.add(
        {i, sys_seconds(seconds(i)), std::to_string(i), i == 1 ? "" : std::to_string(i - 1), "", false});
    expected += (i == 1 ? "" : " ") + std::to_string(i);
  }
  EXPECT_EQ(threader.threads(), expected + ")");
}

TEST(ThreadBySubject, IsFlatAndOrdered) {
  EXPECT_EQ(threads(ThreadAlgorithm::ordered_subject, {{1, 5, "", "", "b"},
                                                       {2, 1, "", "", "Re: a"},
                                                       {3, 2, "", "", "a"},
                                                       {4, 3, "", "", "[x] a"},
                                                       {5, 6, "", "", "re: b"}}),
            "(2 (3)(4))(1 5)");
  EXPECT_EQ(threads(ThreadAlgorithm::ordered_subject, {}), "");
  EXPECT_EQ(parse_thread_algorithm("references"), ThreadAlgorithm::references);
  EXPECT_EQ(parse_thread_algorithm("REFS"), std::nullopt);
}

}  // namespace
}  // namespace tubepost::imap
