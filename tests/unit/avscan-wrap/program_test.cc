// The program itself: bytes in and out, exit statuses, the first line on stderr.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>

#include "avscan-wrap/eicar.h"
#include "base/file.h"
#include "base/text.h"
#include "process/child.h"
#include "unit/avscan-wrap/fakes.h"

namespace tubepost::avscan {
namespace {

struct Ran {
  int status;
  std::string out, err;
};

Ran run(const Folder& folder, std::vector<std::string> arguments, const std::string& input,
        std::vector<std::pair<std::string, std::string>> environment = {}) {
  const UniqueFd in(::memfd_create("in", MFD_CLOEXEC)), out(::memfd_create("out", MFD_CLOEXEC)),
      err(::memfd_create("err", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(in.get(), input));
  ::lseek(in.get(), 0, SEEK_SET);
  process::ChildOptions options;
  options.redirects = {{in.get(), 0}, {out.get(), 1}, {err.get(), 2}};
  options.set_env = std::move(environment);
  options.set_env.emplace_back("TMPDIR", folder.path());
  options.set_env.emplace_back("TUBEPOST_HOME", folder.path());
  arguments.insert(arguments.begin(), PROGRAM);
  auto child = process::Child::spawn(arguments, options);
  if (!child) return {-1, "", child.error().text};
  const auto ended = child->wait();
  ::lseek(out.get(), 0, SEEK_SET);
  ::lseek(err.get(), 0, SEEK_SET);
  return {ended.by_signal ? -ended.code : ended.code, *read_all(out.get(), 64 << 20),
          *read_all(err.get(), 1 << 20)};
}

// Finds the word VIRUS in the file.
const std::vector<std::string> grep = {
    "--", "sh", "-c", "grep -q VIRUS \"$1\" && { echo \"$1: Test.Virus FOUND\"; exit 1; }; exit 0",
    "sh", "%f"};

std::vector<std::string> with_grep(std::vector<std::string> options) {
  options.insert(options.end(), grep.begin(), grep.end());
  return options;
}

TEST(AvscanWrap, GivesACleanMessageBackByteForByte) {
  const Folder folder;
  for (const std::string& text :
       {std::string("Subject: x\r\n\r\nhello\r\n"), std::string("Subject: x\n\nno line end"),
        std::string("no header"), std::string(), std::string("a\0b\r\n\xff\xfe\n\r", 10),
        std::string(3 << 20, 'x')}) {
    const Ran ran = run(folder, with_grep({"--scope", "both"}), text);
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_TRUE(ran.out == text);
  }
}

TEST(AvscanWrap, RefusesWithTheReplyOnTheFirstLine) {
  const Folder folder;
  const Ran ran = run(folder, with_grep({"--virus-name-behind", ": "}), "Subject: x\r\n\r\nVIRUS\r\n");
  EXPECT_EQ(ran.status, 77);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err.substr(0, ran.err.find('\n')), "This message holds a virus: Test.Virus FOUND");
}

TEST(AvscanWrap, SaysLaterWhenTheScannerIsMissing) {
  const Folder folder;
  const Ran ran = run(folder, {"--", "/no/such/scanner", "%f"}, "Subject: x\r\n\r\nhello\r\n");
  EXPECT_EQ(ran.status, 75);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("event=scan-failed"), std::string::npos);
}

TEST(AvscanWrap, DropsAndQuarantinesWith99) {
  const Folder folder;
  EXPECT_EQ(run(folder, with_grep({"--on-virus", "drop"}), "\r\nVIRUS").status, 99);
  EXPECT_EQ(run(folder, with_grep({"--on-virus", "quarantine"}), "\r\nVIRUS", {{"SPOOL_ID", "abc"}}).status,
            99);
  const Ran list = run(folder, {"quarantine", "list"}, "");
  EXPECT_TRUE(list.out.starts_with("abc\t")) << list.out;
  EXPECT_NE(run(folder, {"quarantine", "show", "abc"}, "").out.find("\nmessage:\n\r\nVIRUS"),
            std::string::npos);
  EXPECT_EQ(run(folder, {"quarantine", "remove", "abc"}, "").out, "abc removed\n");
  EXPECT_EQ(run(folder, {"quarantine", "list"}, "").out, "");
  EXPECT_EQ(run(folder, {"quarantine", "remove", "abc"}, "").status, 1);
  EXPECT_EQ(run(folder, {"quarantine", "show", "../x"}, "").status, 1);
}

TEST(AvscanWrap, ShowsAndLogsWhatTheScannerPrints) {
  const Folder folder;
  const std::string log = folder / "scanner.log";
  const Ran ran = run(
      folder, {"--debug", "--log-file", log, "--", "sh", "-c", "echo something; exit 0", "%f"}, "a: b\n\n");
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.err.find("something\n"), std::string::npos);
  EXPECT_NE(read_file(log)->find("clean\nsomething\n"), std::string::npos);
}

TEST(AvscanWrap, LeavesNoProcessThatLeftItsGroup) {
  const Folder folder;
  const std::string pid = folder / "pid";
  const Ran ran = run(folder,
                      {"--", "sh", "-c",
                       "setsid sh -c 'echo $$ >" + pid + "; exec sleep 600' & while [ ! -s " + pid +
                           " ]; do sleep 0.01; done",
                       "%f"},
                      "a: b\n\n");
  EXPECT_EQ(ran.status, 0);
  const auto number = parse_number<pid_t>(trim(*read_file(pid)));
  ASSERT_TRUE(number);
  EXPECT_NE(::kill(*number, 0), 0);
}

TEST(AvscanWrap, TellsALocalSenderOfWhatWasDropped) {
  const Folder folder;
  const std::string script = folder / "sendmail";
  ASSERT_TRUE(write_file_atomically(
      script, "#!/bin/sh\necho \"$@\" >>" + (folder / "args") + "\ncat >>" + (folder / "mail") + "\n", 0755));
  const std::vector<std::pair<std::string, std::string>> envelope = {{"SENDER", "alice@example.test"},
                                                                     {"RECIPIENTS", "bob@example.test"},
                                                                     {"AUTH_USER", "alice@example.test"}};
  EXPECT_EQ(run(folder, with_grep({"--on-virus", "drop", "--sendmail", script, "--notify-recipient"}),
                "Subject: x\n\nVIRUS\n", envelope)
                .status,
            99);
  const auto args = read_file(folder / "args");
  ASSERT_TRUE(args);
  EXPECT_NE(args->find("-f <> -- alice@example.test\n"), std::string::npos) << *args;
  EXPECT_NE(args->find("-f <> -- bob@example.test\n"), std::string::npos) << *args;
}

TEST(AvscanWrap, TestsItselfWithTheScanner) {
  const Folder folder;
  const std::string finder = "grep -q 'EICAR-STANDARD-''ANTIVIRUS' \"$1\" && exit 1; exit 0";
  const Ran good = run(folder, {"--selftest", "--scope", "parts", "--", "sh", "-c", finder, "sh", "%f"}, "");
  EXPECT_EQ(good.status, 0) << good.out;
  const Ran blind = run(folder, {"--selftest", "--", "sh", "-c", "exit 0", "%f"}, "");
  EXPECT_EQ(blind.status, 1);
  EXPECT_NE(blind.out.find("FAILED  EICAR's test file is found"), std::string::npos) << blind.out;
}

TEST(AvscanWrap, DoesNotWaitAtEachStepOfItsTestForAClamdThatIsAway) {
  const Folder folder;
  const Ran away =
      run(folder, {"--selftest", "--clamd", "unix:" + (folder / "clamd"), "--timeout", "1s"}, "");
  EXPECT_EQ(away.status, 1);
  EXPECT_TRUE(away.out.starts_with("FAILED  clamd answers: ")) << away.out;
  EXPECT_EQ(std::count(away.out.begin(), away.out.end(), '\n'), 1) << away.out;
}

TEST(AvscanWrap, IsCalledWronglyWith64) {
  const Folder folder;
  EXPECT_EQ(run(folder, {}, "").status, 64);
  EXPECT_EQ(run(folder, {"--preset", "x"}, "").status, 64);
  EXPECT_EQ(run(folder, {"--help"}, "").status, 0);
  EXPECT_TRUE(run(folder, {"--version"}, "").out.starts_with("avscan-wrap (Tubepost) "));
}

TEST(Eicar, IsTheOneEverybodyKnows) {
  EXPECT_EQ(eicar().size(), 68U);
  EXPECT_TRUE(eicar().starts_with("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR"));
}

}  // namespace
}  // namespace tubepost::avscan
