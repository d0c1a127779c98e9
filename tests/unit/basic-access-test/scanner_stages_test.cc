#include "basic-access-test/scanner_stages.h"

#include <gtest/gtest.h>

namespace tubepost::basic_access_test {
namespace {

std::vector<ScannerStage> stages_in(const std::vector<std::string>& settings) {
  return find_scanner_stages(*policy::parse_filter_commands(settings));
}

TEST(ScannerStages, WhatIsNoScannerIsLeftOut) {
  EXPECT_TRUE(stages_in({}).empty());
  EXPECT_TRUE(stages_in({"spamc --headers", "/usr/bin/sed s/avscan-wrap/x/", ""}).empty());
  EXPECT_TRUE(stages_in({"not-avscan-wrap --preset clamd"}).empty());
}

TEST(ScannerStages, TheSelftestHasExactlyTheOptionsThatAreConfigured) {
  const auto stages = stages_in({"spamc", "/opt/avscan-wrap --on-virus strip -- /opt/my scanner \"a b\" %f"});
  ASSERT_EQ(stages.size(), 1u);
  EXPECT_FALSE(stages[0].is_service());
  EXPECT_EQ(stages[0].options,
            (std::vector<std::string>{"--on-virus", "strip", "--", "/opt/my", "scanner", "a b", "%f"}));
  EXPECT_EQ(stages[0].selftest, (std::vector<std::string>{"/opt/avscan-wrap", "--selftest", "--on-virus",
                                                          "strip", "--", "/opt/my", "scanner", "a b", "%f"}));
}

TEST(ScannerStages, AvscanWrapIsFoundBehindAnotherProgram) {
  const auto stages = stages_in({"nice -n 5 avscan-wrap --preset clamd"});
  ASSERT_EQ(stages.size(), 1u);
  EXPECT_EQ(stages[0].options, (std::vector<std::string>{"--preset", "clamd"}));
  EXPECT_EQ(stages[0].selftest,
            (std::vector<std::string>{"nice", "-n", "5", "avscan-wrap", "--selftest", "--preset", "clamd"}));
}

TEST(ScannerStages, AServiceMayBeTheScannerAndEachFilterIsLookedAt) {
  const auto stages =
      stages_in({"unix:/run/avscan.sock", "avscan-wrap --preset clamd", "avscan-wrap --preset f-prot"});
  ASSERT_EQ(stages.size(), 3u);
  EXPECT_TRUE(stages[0].is_service());
  EXPECT_EQ(stages[0].text, "unix:/run/avscan.sock");
  EXPECT_EQ(stages[2].text, "avscan-wrap --preset f-prot");
}

TEST(ScannerStages, TheDateOfDefinitionsIsTheThirdPartOfTheVersion) {
  const auto date = definitions_date("ClamAV 1.4.3/27812/Wed Nov 11 08:30:00 2026\n");
  ASSERT_TRUE(date);
  EXPECT_EQ(to_rfc3339(*date), "2026-11-11T08:30:00.000Z");
  EXPECT_TRUE(definitions_date("ClamAV 1.4.3/27812/Sun Nov  1 08:30:00 2026"));
  for (const auto none : {"", "ClamAV 1.4.3", "ClamAV 1.4.3/27812", "ClamAV 1.4.3/27812/", "a/b/Wed Nov 11",
                          "a/b/Wed Nov 11 08:30:00 2026 and more", "a/b/c/Wed Nov 11 08:30:00 2026"})
    EXPECT_FALSE(definitions_date(none)) << none;
}

}  // namespace
}  // namespace tubepost::basic_access_test
