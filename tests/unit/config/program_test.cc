#include "config/program.h"

#include <gtest/gtest.h>

#include <memory>

namespace tubepost::config {
namespace {

using ProgramTexts = std::vector<std::string>;

// A program with every sort of option; run({...}) parses and says how it ended.
class ProgramTest : public testing::Test {
protected:
  void SetUp() override { ::unsetenv("TUBEPOST_HOME"); }

  std::optional<ExitStatus> run(ProgramTexts words) {
    words.insert(words.begin(), "popd");
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto ended = program_.parse(static_cast<int>(words.size()), argv.data());
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return ended;
  }

  Program program_{"popd", "serve mail by POP3", {"server", "=popd", "pop3s"}};
  bool stdio_ = false;
  std::string client_ = "unset";
  ProgramTexts via_, operands_;
  std::string out_, err_;
};

class PlainProgram : public ProgramTest {
protected:
  PlainProgram() {
    program_.flag("--stdio", stdio_, "Speak one session.");
    program_.option("--client", client_, "IP", "Who it is.");
    program_.option("--via", via_, "HOST", "Which way.");
  }
};

TEST_F(PlainProgram, HasOptionsOfItsOwn) {
  ASSERT_EQ(run({"--stdio", "--client=192.0.2.7", "--via", "a", "--via", "b"}), std::nullopt);
  EXPECT_TRUE(stdio_);
  EXPECT_EQ(client_, "192.0.2.7");
  EXPECT_EQ(via_, (ProgramTexts{"a", "b"}));
}

TEST_F(PlainProgram, TakesEmptyValues) {
  ASSERT_EQ(run({"--client", "", "--via=", "--stdio"}), std::nullopt);
  EXPECT_EQ(client_, "");
  EXPECT_EQ(via_, ProgramTexts{""});
  EXPECT_TRUE(stdio_);
}

TEST_F(PlainProgram, TakesValuesThatLookLikeOptionsOrLists) {
  ASSERT_EQ(run({"--client", "--stdio", "--via", "[a,b]"}), std::nullopt);
  EXPECT_EQ(client_, "--stdio");
  EXPECT_EQ(via_, ProgramTexts{"[a,b]"});
  EXPECT_FALSE(stdio_);
}

TEST_F(PlainProgram, HasASettingAsLongAndShortOption) {
  ASSERT_EQ(run({"--listen", "127.0.0.1:1", "--popd-listen", "127.0.0.1:2", "--pop3s-listen", "127.0.0.1:3"}),
            std::nullopt);
  EXPECT_EQ(program_.settings()->list("popd.listen"), (ProgramTexts{"127.0.0.1:1", "127.0.0.1:2"}));
  EXPECT_EQ(program_.settings()->list("pop3s.listen"), ProgramTexts{"127.0.0.1:3"});
}

struct WrongUsage {
  ProgramTexts words;
  const char* said;
};
class PlainProgramRefuses : public PlainProgram, public testing::WithParamInterface<WrongUsage> {};
TEST_P(PlainProgramRefuses, WithStatus64) {
  EXPECT_EQ(run(GetParam().words), ExitStatus::usage);
  EXPECT_NE(err_.find(GetParam().said), std::string::npos) << err_;
  EXPECT_EQ(out_, "");
}
INSTANTIATE_TEST_SUITE_P(
    Words, PlainProgramRefuses,
    testing::Values(WrongUsage{{"--bogus"}, "--bogus"}, WrongUsage{{"operand"}, "operand"},
                    WrongUsage{{"--client"}, "--client"},
                    WrongUsage{{"--client", "a", "--client", "b"}, "more than once"},
                    WrongUsage{{"--connections", "20", "--popd-connections", "30"}, "more than once"},
                    WrongUsage{{"--connections", "5"}, "needs at least 10"},
                    WrongUsage{{"--smtpd-listen", "x:1"}, "--smtpd-listen"}));

TEST_F(PlainProgram, PrintsItsHelpWithItsSettingsInGroups) {
  EXPECT_EQ(run({"--help"}), ExitStatus::ok);
  for (const char* part : {"serve mail by POP3", "Usage: popd", "--stdio", "--client IP",
                           "Settings of [popd]:", "--popd-listen,--listen ADDR:PORT",
                           "Settings of [pop3s]:", "--log-level", "--home DIR"})
    EXPECT_NE(out_.find(part), std::string::npos) << part;
  EXPECT_EQ(out_.find("smtpd"), std::string::npos);
  EXPECT_EQ(out_.find("--help-settings-mdoc"), std::string::npos);
}

TEST_F(PlainProgram, PrintsItsVersion) {
  EXPECT_EQ(run({"--version"}), ExitStatus::ok);
  EXPECT_TRUE(out_.starts_with("popd (Tubepost) ")) << out_;
}

TEST_F(PlainProgram, PrintsItsSettingsForTheManualPage) {
  EXPECT_EQ(run({"--help-settings-mdoc"}), ExitStatus::ok);
  EXPECT_NE(out_.find(".It Cm popd.connections Ns = Ns Ar N\n"), std::string::npos);
}

TEST_F(PlainProgram, FindsItsHome) {
  ASSERT_EQ(run({}), std::nullopt);
  EXPECT_EQ(program_.home(), "/var/lib/tubepost");
}

TEST_F(PlainProgram, FindsItsHomeInTheEnvironment) {
  ::setenv("TUBEPOST_HOME", "/from/environment", 1);
  ASSERT_EQ(run({}), std::nullopt);
  EXPECT_EQ(program_.home(), "/from/environment");
}

TEST_F(PlainProgram, FindsItsHomeOnTheCommandLineFirst) {
  ::setenv("TUBEPOST_HOME", "/from/environment", 1);
  ASSERT_EQ(run({"--home", "/from/../argument/"}), std::nullopt);
  EXPECT_EQ(program_.home(), "/argument");
  EXPECT_EQ(program_.settings()->home(), "/argument");
}

TEST_F(PlainProgram, EndsWith78WhereTheConfigurationIsWrong) {
  EXPECT_EQ(run({"--config", "/nonexistent.conf"}), ExitStatus::configuration);
  EXPECT_NE(err_.find("/nonexistent.conf"), std::string::npos);
}

TEST_F(ProgramTest, MayHaveAnOptionCalledLikeASetting) {
  program_.option("--listen", via_, "PATH", "Another meaning.");
  ASSERT_EQ(run({"--listen", "a", "--popd-listen", "127.0.0.1:2"}), std::nullopt);
  EXPECT_EQ(via_, ProgramTexts{"a"});
  EXPECT_EQ(program_.settings()->list("popd.listen"), ProgramTexts{"127.0.0.1:2"});
}

// ---- operands

TEST_F(ProgramTest, TakesOperandsBetweenOptionsAndBehindDashes) {
  program_.flag("--stdio", stdio_, "");
  program_.operands(operands_, "RCPT", "Whom.");
  ASSERT_EQ(run({"a", "--stdio", "b", "--", "--c"}), std::nullopt);
  EXPECT_EQ(operands_, (ProgramTexts{"a", "b", "--c"}));
}

TEST_F(ProgramTest, CountsItsOperands) {
  program_.operands(operands_, "ID", "Which.", 1, 2);
  EXPECT_EQ(run({}), ExitStatus::usage);
  EXPECT_NE(err_.find("ID is missing"), std::string::npos);
}

TEST_F(ProgramTest, RefusesAnOperandTooMany) {
  program_.operands(operands_, "ID", "Which.", 1, 2);
  EXPECT_EQ(run({"a", "b", "c"}), ExitStatus::usage);
}

TEST_F(ProgramTest, LeavesAllFromTheFirstOperandToAnotherProgram) {
  program_.flag("--stdio", stdio_, "");
  program_.option("--client", client_, "IP", "");
  program_.operands(operands_, "PROGRAM", "What to run.");
  program_.stop_at_first_operand();
  ASSERT_EQ(run({"--client", "x", "smtpd", "--stdio", "--", "--client"}), std::nullopt);
  EXPECT_EQ(operands_, (ProgramTexts{"smtpd", "--stdio", "--", "--client"}));
  EXPECT_FALSE(stdio_);
  EXPECT_EQ(client_, "x");
}

TEST_F(ProgramTest, MayHaveOperandsBeforeThatProgram) {
  program_.flag("--stdio", stdio_, "");
  program_.operands(operands_, "ADDR:PORT", "Where, and what to run.");
  program_.stop_at_operand([](std::string_view word) { return word.find(':') == word.npos; });
  ASSERT_EQ(run({"127.0.0.1:1", "--stdio", "127.0.0.1:2", "smtpd", "--bogus"}), std::nullopt);
  EXPECT_EQ(operands_, (ProgramTexts{"127.0.0.1:1", "127.0.0.1:2", "smtpd", "--bogus"}));
  EXPECT_TRUE(stdio_);
}

// ---- commands

class ProgramWithCommands : public ProgramTest {
protected:
  ProgramWithCommands() {
    program_.command("account add", "Add one.")
        .flag("--stdin", stdio_, "")
        .operands(operands_, "ACCOUNT", "", 1);
    program_.command("account list", "List them.");
    program_.command("show", "Show it.").option("--to", client_, "HOST", "").operands(ids_, "ID", "", 1, 1);
    program_.offer_json();
  }
  ProgramTexts ids_;
};

TEST_F(ProgramWithCommands, ChoosesOneByItsWords) {
  ASSERT_EQ(run({"account", "add", "a@b", "--stdin", "k=v"}), std::nullopt);
  EXPECT_EQ(program_.chosen(), "account add");
  EXPECT_EQ(operands_, (ProgramTexts{"a@b", "k=v"}));
  EXPECT_TRUE(stdio_);
}

TEST_F(ProgramWithCommands, TakesCommonOptionsBeforeAndBehind) {
  ASSERT_EQ(run({"--home", "/h", "show", "x", "--json", "--to", ""}), std::nullopt);
  EXPECT_TRUE(program_.json());
  EXPECT_EQ(program_.home(), "/h");
  EXPECT_EQ(client_, "");
}

TEST_F(ProgramWithCommands, TakesTheNameOfACommandAsAnOperand) {
  ASSERT_EQ(run({"account", "add", "show", "account", "list"}), std::nullopt);
  EXPECT_EQ(program_.chosen(), "account add");
  EXPECT_EQ(operands_, (ProgramTexts{"show", "account", "list"}));
}

TEST_F(ProgramWithCommands, PrintsTheSettingsWithoutOne) {
  EXPECT_EQ(run({"--help-all-settings-mdoc"}), ExitStatus::ok);
  EXPECT_NE(out_.find(".It Cm smtpd.connections Ns = Ns Ar N\n"), std::string::npos);
}

TEST_F(ProgramWithCommands, MayAlsoDoWithoutOneAndWithoutOperands) {
  ProgramTexts none;
  program_.operands(none, "", "", 0, 0);
  ASSERT_EQ(run({"--json"}), std::nullopt);
  EXPECT_EQ(program_.chosen(), "");
  EXPECT_EQ(run({"bogus"}), ExitStatus::usage);
}

TEST_F(ProgramWithCommands, NeedsOne) {
  EXPECT_EQ(run({}), ExitStatus::usage);
  EXPECT_EQ(run({"account"}), ExitStatus::usage);
}

TEST_F(ProgramWithCommands, RefusesWhatACommandDoesNotTake) {
  EXPECT_EQ(run({"account", "list", "x"}), ExitStatus::usage);
}

TEST_F(ProgramWithCommands, RefusesAnUnknownOne) { EXPECT_EQ(run({"bogus"}), ExitStatus::usage); }

TEST_F(ProgramWithCommands, ListsThemAllInItsHelp) {
  EXPECT_EQ(run({"--help"}), ExitStatus::ok);
  for (const char* part : {"account add ", "Add one.", "account list ", "show "})
    EXPECT_NE(out_.find(part), std::string::npos) << part;
}

TEST_F(ProgramWithCommands, HelpsWithOneCommand) {
  EXPECT_EQ(run({"show", "--help"}), ExitStatus::ok);
  EXPECT_NE(out_.find("Usage: popd show [OPTION]... ID"), std::string::npos) << out_;
}

TEST_F(ProgramWithCommands, MayDoWithoutOneWhereOperandsAreTaken) {
  ProgramTexts filters;
  program_.operands(filters, "FILTER", "");
  ASSERT_EQ(run({"from=x", "--json"}), std::nullopt);
  EXPECT_EQ(program_.chosen(), "");
  EXPECT_EQ(filters, ProgramTexts{"from=x"});
}

TEST(Complain, EndsWithWhatTheFailureMeans) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(complain("x", Failure::temporary("t")), ExitStatus::later);
  EXPECT_EQ(complain("x", Failure::permanent("t", {5, 3, 5})), ExitStatus::configuration);
  EXPECT_EQ(complain("x", Failure::permanent("t", {5, 6, 0})), ExitStatus::data);
  EXPECT_EQ(complain("x", Failure::permanent("t", {5, 7, 1})), ExitStatus::refused);
  EXPECT_EQ(complain("x", Failure::permanent("t", {5, 1, 1})), ExitStatus::no);
  EXPECT_TRUE(testing::internal::GetCapturedStderr().starts_with("x: t\n"));
}

}  // namespace
}  // namespace tubepost::config
