#include "basic-access-test/run_program.h"

#include <gtest/gtest.h>

namespace tubepost::basic_access_test {
namespace {

using namespace std::chrono_literals;

Result<ProgramRun> shell(const std::string& script, std::chrono::milliseconds limit = 60s) {
  return run_program({"/bin/sh", "-c", script}, limit);
}

TEST(RunProgram, GivesWhatItSaysAndItsStatus) {
  const auto run = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->output, "out\nerr\n");
  EXPECT_EQ(run->status, 3);
  EXPECT_EQ(shell("kill -9 $$")->status, 128 + 9);
  EXPECT_FALSE(run_program({"/nowhere/program"}, 60s));
}

TEST(RunProgram, EndsWhatTakesTooLongAndTellsWhatItSaid) {
  const auto run = shell("echo begun; exec sleep 300", 200ms);
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().text.find("took too long\nbegun"), std::string::npos) << run.error().text;
}

TEST(RunProgram, EndsWhatGoesOnAfterItsOutput) {
  EXPECT_FALSE(shell("exec sleep 20 >/dev/null 2>&1", 200ms));
}

TEST(RunProgram, KeepsAPartOfEndlessOutput) {
  const auto run = shell("head -c 1000000 /dev/zero");
  ASSERT_TRUE(run);
  EXPECT_EQ(run->output.size(), program_output_max);
}

}  // namespace
}  // namespace tubepost::basic_access_test
