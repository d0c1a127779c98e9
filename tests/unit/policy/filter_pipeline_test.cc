#include "policy/filter_pipeline.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "support/temporary_folder.h"

namespace tubepost::policy {
namespace {

const std::string letter = "Subject: hello\r\nFrom: <alice@example.test>\r\n\r\nHow are you?\r\n";

class Filters : public ::testing::Test {
protected:
  Filters() {
    options.temporary_folder = folder;
    envelope = {"alice@example.test",
                {"bob@example.test", "eve@example.test"},
                "192.0.2.1",
                "client.test",
                "",
                "id1"};
  }

  Filtered run(const FilterCommands& commands) {
    return run_filters(commands, envelope, MessageSource::in_memory(message), options,
                       [this](std::string_view part) { output += part; });
  }
  static std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

  const test_support::TemporaryFolder own;
  const std::filesystem::path folder = own.path();
  FilterOptions options;
  FilterEnvelope envelope;
  std::string message = letter, output;
};

TEST_F(Filters, AnUnchangedMessageIsNotStoredAgain) {
  const auto filtered = run({{"cat"}, {"cat"}, {"cat"}});
  EXPECT_EQ(filtered.verdict, FilterVerdict::go_on) << filtered.reason;
  EXPECT_FALSE(filtered.changed);
  EXPECT_EQ(output, "");
}

TEST_F(Filters, StagesAreChainedInTheirOrder) {
  const auto filtered = run({shell("echo X-First: 1; cat"), shell("echo X-Second: 2; cat")});
  EXPECT_EQ(filtered.verdict, FilterVerdict::go_on) << filtered.reason;
  EXPECT_TRUE(filtered.changed);
  EXPECT_EQ(output, "X-Second: 2\r\nX-First: 1\r\n" + letter);
}

TEST_F(Filters, AChangeNearTheEndKeepsWhatWasBeforeIt) {
  run({shell("cat; echo Yours")});
  EXPECT_EQ(output, letter + "Yours\r\n");
}

TEST_F(Filters, LineEndsBecomeThoseOfMail) {
  const auto filtered = run({shell("tr -d '\\r'; printf 'no end'")});
  EXPECT_TRUE(filtered.changed);
  EXPECT_EQ(output, letter + "no end\r\n");
}

TEST_F(Filters, ABinaryBodyKeepsItsOctets) {
  options.binary = true;
  run({shell("cat; printf 'a\\nb'")});
  EXPECT_EQ(output, letter + "a\nb");
}

TEST_F(Filters, OctetsBeyondAsciiAreReported) {
  EXPECT_TRUE(run({shell("cat; printf 'gr\\303\\274n\\n'")}).eight_bit);
  EXPECT_FALSE(run({shell("cat; echo green")}).eight_bit);
}

TEST_F(Filters, AFileIsReadFromItsBeginningByEachRun) {
  const auto path = folder / "message";
  ASSERT_TRUE(write_file_atomically(path, letter, 0600));
  UniqueFd file(::open(path.c_str(), O_RDWR));
  ::lseek(file.get(), 7, SEEK_SET);
  for (int round = 0; round < 2; ++round) {
    const auto filtered = run_filters({{"cat"}}, envelope, MessageSource::in_file(file.get(), letter.size()),
                                      options, [this](std::string_view part) { output += part; });
    EXPECT_EQ(filtered.verdict, FilterVerdict::go_on) << filtered.reason;
    EXPECT_FALSE(filtered.changed);
  }
}

TEST_F(Filters, ALargeMessagePassesSeveralStages) {
  message = letter;
  while (message.size() < 3 << 20) message += "0123456789012345678901234567890123456789\r\n";
  EXPECT_FALSE(run({{"cat"}, {"cat"}}).changed);
  EXPECT_TRUE(run({{"cat"}, shell("cat; echo end")}).changed);
  EXPECT_EQ(output.size(), message.size() + 5);
}

struct Status {
  const char* script;
  FilterVerdict verdict;
  const char* why;
};

TEST_F(Filters, StatusesMeanWhatTheContractSays) {
  const Status cases[] = {
      {"cat", FilterVerdict::go_on, "0"},
      {"exit 65", FilterVerdict::malformed, "EX_DATAERR"},
      {"exit 75", FilterVerdict::later, "EX_TEMPFAIL"},
      {"exit 77", FilterVerdict::refuse, "EX_NOPERM"},
      {"exit 99", FilterVerdict::drop, "accept and drop"},
      {"exit 1", FilterVerdict::later, "any other status"},
      {"exit 127", FilterVerdict::later, "a shell that found no program"},
      {"kill -9 $$", FilterVerdict::later, "a signal"},
      {"cat > /dev/null", FilterVerdict::later, "no output at all is no message"},
      {"echo; cat", FilterVerdict::later, "output without a header"},
      {"echo a line of text; cat", FilterVerdict::later, "its first line is no field"},
  };
  for (const auto& each : cases) EXPECT_EQ(run({shell(each.script)}).verdict, each.verdict) << each.why;
}

TEST_F(Filters, TheFirstStageInOrderThatIsNotZeroDecides) {
  const auto filtered = run({{"cat"}, shell("sleep 0.2; exit 65"), shell("exit 77")});
  EXPECT_EQ(filtered.verdict, FilterVerdict::malformed);
}

TEST_F(Filters, AStageKilledByABrokenPipeDoesNotDecide) {
  while (message.size() < 1 << 20) message += "0123456789012345678901234567890123456789\r\n";
  const auto filtered = run({{"cat"}, shell("echo no virus please >&2; exit 77")});
  EXPECT_EQ(filtered.verdict, FilterVerdict::refuse) << filtered.reason;
  EXPECT_EQ(filtered.reply, "no virus please");
}

TEST_F(Filters, TheReplyIsOnePrintableBoundedLine) {
  const auto filtered = run({shell("printf 'caf\\303\\251\\001\\nsecond\\n' >&2; exit 77")});
  EXPECT_EQ(filtered.reply, "caf???");
  const auto wordy = run({shell("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 77")});
  EXPECT_EQ(wordy.reply, std::string(filter_reply_max, 'x'));
}

TEST_F(Filters, WhatAFailingFilterSaysIsNotForTheClient) {
  const auto filtered = run({shell("echo /secret/path >&2; exit 3")});
  EXPECT_EQ(filtered.reply, "");
  EXPECT_EQ(filtered.reason, "exit status 3: /secret/path");
}

TEST_F(Filters, AMissingProgramIsForLater) {
  const auto filtered = run({{"cat"}, {"/nonexistent/filter"}});
  EXPECT_EQ(filtered.verdict, FilterVerdict::later);
  EXPECT_NE(filtered.reason.find("/nonexistent/filter"), std::string::npos);
}

TEST_F(Filters, WhoTakesTooLongIsKilledWithItsChildren) {
  options.time_limit = std::chrono::milliseconds(300);
  const auto pid_file = folder / "pid";
  const auto filtered = run({shell("sleep 1000 & echo $! > " + pid_file.string() + "; wait")});
  EXPECT_EQ(filtered.verdict, FilterVerdict::later);
  const auto pid = parse_number<pid_t>(trim(*read_file(pid_file)));
  ASSERT_TRUE(pid);
  // Its parent is gone: init, or whoever reaps here, takes it some time after the signal.
  const auto gone = [&] {
    const auto status = read_file("/proc/" + std::to_string(*pid) + "/stat");
    return !status || status->find(") Z ") != std::string::npos;
  };
  for (int tries = 0; tries < 500 && !gone(); ++tries) ::usleep(10'000);
  EXPECT_TRUE(gone());
}

TEST_F(Filters, WhatAFilterLeavesRunningDoesNotKeepUsWaiting) {
  const auto filtered = run({shell("cat; sleep 1000 &")});
  EXPECT_EQ(filtered.verdict, FilterVerdict::go_on) << filtered.reason;
}

TEST_F(Filters, PrintingWithoutEndIsStopped) {
  options.output_max = 1 << 20;
  const auto filtered = run({shell("echo X: y; yes")});
  EXPECT_EQ(filtered.verdict, FilterVerdict::later);
  EXPECT_LE(output.size(), 3u << 20);
}

TEST_F(Filters, ComplainingWithoutEndIsStopped) {
  options.time_limit = std::chrono::milliseconds(300);
  EXPECT_EQ(run({shell("yes >&2")}).verdict, FilterVerdict::later);
}

TEST_F(Filters, TheEnvelopeIsInTheEnvironmentAndInAFile) {
  run(
      {shell("echo \"X: $SENDER|$CLIENT_ADDRESS|$HELO|$AUTH_USER|$SPOOL_ID|$(echo $RECIPIENTS)|$(echo $(cat "
             "$ENVELOPE))|$(stat -c %a $ENVELOPE)\"")});
  EXPECT_EQ(
      output,
      "X: alice@example.test|192.0.2.1|client.test||id1|bob@example.test eve@example.test|alice@example.test "
      "bob@example.test eve@example.test|600\r\n");
  EXPECT_TRUE(std::filesystem::is_empty(folder)) << "the envelope's file is gone";
}

TEST_F(Filters, VeryManyRecipientsAreInTheFileOnly) {
  envelope.recipients.assign(5000, "somebody-with-a-name@example.test");
  run({shell("echo \"X: ${RECIPIENTS-unset} $(wc -l < $ENVELOPE)\"")});
  EXPECT_EQ(output, "X: unset 5001\r\n");
}

TEST_F(Filters, NothingElseIsInherited) {
  ::setenv("SECRET_OF_THE_CALLER", "yes", 1);
  UniqueFd open_file(::open("/etc/passwd", O_RDONLY));  // not close-on-exec
  run({shell("printf \"X: ${SECRET_OF_THE_CALLER-unset} \"; ls -m /proc/$$/fd")});
  ::unsetenv("SECRET_OF_THE_CALLER");
  EXPECT_EQ(output, "X: unset 0, 1, 2\r\n");
}

TEST(FilterCommandTexts, AreSplitWithoutAShell) {
  const auto commands = parse_filter_commands({"/bin/scan \"a b\" $HOME", "", "cat"});
  ASSERT_TRUE(commands);
  EXPECT_EQ(*commands, (FilterCommands{{"/bin/scan", "a b", "$HOME"}, {"cat"}}));
  EXPECT_FALSE(parse_filter_commands({"a \"b"}));
}

}  // namespace
}  // namespace tubepost::policy
