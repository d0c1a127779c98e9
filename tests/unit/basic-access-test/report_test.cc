#include "basic-access-test/report.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "basic-access-test/groups.h"

namespace tubepost::basic_access_test {
namespace {

Finding finding(CheckId check, Outcome outcome, std::string subject = "s", std::string evidence = "seen") {
  return {&check.row(),
          outcome,
          std::move(subject),
          std::move(evidence),
          outcome == Outcome::failed ? "do this" : "",
          std::chrono::milliseconds(12)};
}

Report report_of(std::vector<Finding> findings) {
  Report report;
  report.subject = "mx.example.test";
  report.findings = std::move(findings);
  return report;
}

TEST(Report, ExitStatusIsOneWhereSomethingFailed) {
  EXPECT_EQ(
      report_of({finding("local-connect", Outcome::ok), finding("relay-connect", Outcome::failed)}).status(),
      ExitStatus::no);
}
TEST(Report, ExitStatusIsZeroWithWarningsAndSkips) {
  EXPECT_EQ(report_of({finding("local-connect", Outcome::ok), finding("relay-connect", Outcome::warning),
                       finding("dns-mx", Outcome::skipped)})
                .status(),
            ExitStatus::ok);
}
TEST(Report, ExitStatusIs75WhereNothingCouldBeTested) {
  EXPECT_EQ(report_of({finding("local-connect", Outcome::skipped)}).status(), ExitStatus::later);
  EXPECT_EQ(report_of({}).status(), ExitStatus::later);
}

TEST(Report, TextBeginsWithTheSummaryAndThenWhatFailed) {
  const auto text =
      to_text(report_of({finding("local-connect", Outcome::ok, "good one"),
                         finding("relay-connect", Outcome::failed, "bad one", "line 1\nline 2")}),
              {});
  const auto lines = split(text, '\n');
  EXPECT_TRUE(lines[0].starts_with("Basic access test of mx.example.test, 1970-01-01T00:00:00Z")) << text;
  EXPECT_EQ(lines[1], "  1 ok, 0 warnings, 1 failed, 0 skipped");
  EXPECT_LT(text.find("bad one"), text.find("good one"));
  EXPECT_NE(text.find("seen:   line 1\n                 line 2\n"), std::string::npos) << text;
  EXPECT_NE(text.find("remedy: do this"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Report, ColoursComeOnlyWhereAskedFor) {
  EXPECT_NE(to_text(report_of({finding("local-connect", Outcome::ok)}), {true, false}).find("\x1b[32m"),
            std::string::npos);
}

TEST(Report, EvidenceOfWhatIsWellIsPrintedOnlyWhereAskedFor) {
  const auto report = report_of({finding("local-connect", Outcome::ok, "s", "220 hello")});
  EXPECT_EQ(to_text(report, {false, false}).find("220 hello"), std::string::npos);
  EXPECT_NE(to_text(report, {false, true}).find("220 hello"), std::string::npos);
}

TEST(Report, JsonHasChecksAndSummaryOnOneLine) {
  const auto json = to_json(report_of({finding("local-connect", Outcome::failed, "a \"b\"", "1\n2")}));
  EXPECT_NE(json.find(R"({"checks": [{"id": "local-connect", "group": "local", "result": "failed")"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("evidence": "1\u000a2")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("summary": {)"), std::string::npos);
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST(Report, MetricsHaveOneSampleForACheckAndItsSubjectTheWorst) {
  const auto text = to_openmetrics(report_of(
      {finding("local-connect", Outcome::ok, "a\"b"), finding("local-connect", Outcome::failed, "a\"b")}));
  EXPECT_NE(
      text.find("tubepost_access_test_check{id=\"local-connect\",group=\"local\",subject=\"a\\\"b\"} 2\n"),
      std::string::npos)
      << text;
  EXPECT_EQ(text.find("subject=\"a\\\"b\"} 0\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

TEST(CheckTable, IdsAreUniqueBeginWithTheirGroupAndEveryTextIsASentence) {
  std::set<std::string_view> seen;
  for (const Group& group : all_groups) {
    for (const Check& check : group.checks) {
      EXPECT_TRUE(seen.insert(check.id).second) << check.id;
      EXPECT_TRUE(check.id.starts_with(std::string(group.name) + "-")) << check.id;
      EXPECT_TRUE(check.meaning.ends_with('.')) << check.id;
      EXPECT_TRUE(check.remedy.ends_with('.')) << check.id;
      EXPECT_FALSE(check.title.empty() || check.title.ends_with('.')) << check.id;
    }
  }
}

TEST(Replies, OfTheManualPageEachHaveAMeaningAndARemedy) {
  const std::string list = list_replies_mdoc();
  for (const char* code : {"451", "452 4.7.1", "452 4.5.3", "452 4.3.1", "452 4.2.2", "499", "530", "535",
                           "550", "551", "552", "553", "554", "555", "556"})
    EXPECT_NE(list.find(".It Li " + std::string(code)), std::string::npos) << code;
  EXPECT_EQ(list.find("means: .\n"), std::string::npos) << list;
  EXPECT_EQ(list.find(".Em Remedy :\n\n"), std::string::npos) << list;
}

TEST(CheckTable, TheListHasFiveColumns) {
  const std::string list = list_checks();
  for (const auto line : split(trim(list), '\n')) EXPECT_EQ(split(line, '\t').size(), 5u) << line;
}

}  // namespace
}  // namespace tubepost::basic_access_test
