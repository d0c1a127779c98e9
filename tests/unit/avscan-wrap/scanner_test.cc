// Commands as scanners, and everything they can do wrong.
#include "avscan-wrap/scanner.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "unit/avscan-wrap/fakes.h"

namespace tubepost::avscan {
namespace {

struct Command {
  Folder folder;
  Options options;

  // `script` is run by sh with the file as $1.
  explicit Command(const std::string& script) {
    options.work = folder.path();
    options.command = {"sh", "-c", script, "sh", "%f"};
    options.infected_codes = {3, 6};
    options.timeout = std::chrono::seconds(20);
  }
  Finding scan(std::string_view bytes = "content", std::string_view name = "a.exe") {
    const auto scanner = make_scanner(options);
    return scanner->scan(bytes, name, net::Deadline(options.timeout));
  }
  bool nothing_left() const {
    return std::filesystem::is_empty(folder / ("tubepost-avscan-" + std::to_string(::geteuid())));
  }
};

TEST(CommandScanner, IsJudgedByItsExitStatus) {
  struct Row {
    int status;
    Verdict verdict;
  };
  for (const Row& row : {Row{0, Verdict::clean}, Row{3, Verdict::infected}, Row{6, Verdict::infected},
                         Row{1, Verdict::failed}, Row{101, Verdict::failed}}) {
    Command command("exit " + std::to_string(row.status));
    EXPECT_EQ(command.scan().verdict, row.verdict) << row.status;
    EXPECT_TRUE(command.nothing_left());
  }
}

TEST(CommandScanner, ThatSaysErrorAndInfectedSaysError) {
  Command command("exit 3");
  command.options.error_codes = {3};
  EXPECT_EQ(command.scan().verdict, Verdict::failed);
}

TEST(CommandScanner, IsGivenAPrivateFileOfThatName) {
  Command command("stat -c '%a %n' \"$1\" \"$(dirname \"$1\")\"; cat \"$1\"; pwd");
  const auto finding = command.scan("content");
  EXPECT_EQ(finding.output.substr(0, 4), "600 ");
  EXPECT_NE(finding.output.find("/a.exe\n700 "), std::string::npos) << finding.output;
  EXPECT_NE(finding.output.find("\ncontent"), std::string::npos);
}

TEST(CommandScanner, MayReadStdin) {
  Command command("exit 0");
  command.options.command = {"grep", "-q", "VIRUS"};
  command.options.infected_codes = {0};
  command.options.error_codes = {};
  EXPECT_EQ(command.scan("a VIRUS\n").verdict, Verdict::infected);
  EXPECT_EQ(command.scan("nothing\n").verdict, Verdict::failed);
}

// No shell: what a name holds is one argument.
TEST(CommandScanner, HasTheFileInItsOwnArgument) {
  Command command("");
  command.options.command = {"printf", "%s\n", "--file=%f"};
  const auto finding = command.scan();
  EXPECT_EQ(finding.verdict, Verdict::clean);
  EXPECT_TRUE(finding.output.starts_with("--file=/")) << finding.output;
}

TEST(CommandScanner, ByChangeIsJudgedByTheFileAlone) {
  struct Row {
    const char* script;
    Verdict verdict;
    std::optional<std::string> repaired;
  };
  const Row rows[] = {{"exit 0", Verdict::clean, {}},
                      {"exit 7", Verdict::clean, {}},
                      {"rm \"$1\"", Verdict::infected, {}},
                      {"printf cured >\"$1\"", Verdict::infected, "cured"},
                      {"printf CONTENT >\"$1\"", Verdict::infected, "CONTENT"},  // of the same size
                      {"touch \"$1\"", Verdict::clean, {}},
                      {"mv \"$1\" x; cp x \"$1\"", Verdict::clean, {}},
                      {"rm \"$1\"; ln -s /etc/passwd \"$1\"", Verdict::infected, {}},
                      {"rm \"$1\"; mkfifo \"$1\"", Verdict::infected, {}},
                      {"rm \"$1\"; mkdir \"$1\"", Verdict::infected, {}},
                      {"rm \"$1\"; kill -9 $$", Verdict::failed, {}}};
  for (const Row& row : rows) {
    Command command(row.script);
    command.options.judge = Judge::change;
    const auto finding = command.scan();
    EXPECT_EQ(finding.verdict, row.verdict) << row.script << finding.reason;
    EXPECT_EQ(finding.repaired, row.repaired) << row.script;
    EXPECT_TRUE(command.nothing_left()) << row.script;
  }
}

TEST(CommandScanner, GivesWhatItRepaired) {
  Command command("printf cured >\"$1\"; exit 6");
  EXPECT_EQ(command.scan().repaired, "cured");
}

// ---- faults

TEST(FaultyScanner, Missing) {
  Command command("");
  command.options.command = {"/no/such/scanner", "%f"};
  const auto finding = command.scan();
  EXPECT_EQ(finding.verdict, Verdict::failed);
  EXPECT_NE(finding.reason.find("/no/such/scanner"), std::string::npos);
  EXPECT_TRUE(command.nothing_left());
}

TEST(FaultyScanner, Slow) {
  Command command("sleep 600");
  command.options.timeout = std::chrono::seconds(1);
  const auto finding = command.scan();
  EXPECT_EQ(finding.verdict, Verdict::failed);
  EXPECT_EQ(finding.reason, "the scanner did not end within 1s");
  EXPECT_TRUE(command.nothing_left());
}

TEST(FaultyScanner, Looping) {
  Command command("trap '' TERM INT HUP; while :; do :; done");
  command.options.timeout = std::chrono::seconds(1);
  EXPECT_EQ(command.scan().verdict, Verdict::failed);
  EXPECT_TRUE(command.nothing_left());
}

TEST(FaultyScanner, CrashingAndKilled) {
  for (const char* script : {"kill -SEGV $$", "kill -9 $$", "kill -TERM $$"}) {
    Command command(script);
    const auto finding = command.scan();
    EXPECT_EQ(finding.verdict, Verdict::failed);
    EXPECT_NE(finding.reason.find("killed by signal"), std::string::npos) << finding.reason;
    EXPECT_TRUE(command.nothing_left());
  }
}

TEST(FaultyScanner, PrintingWithoutEnd) {
  Command command("yes");
  command.options.limits.output = 100000;
  const auto finding = command.scan();
  EXPECT_EQ(finding.verdict, Verdict::failed);
  EXPECT_EQ(finding.reason, "the scanner printed more than 100000 bytes");
  EXPECT_LE(finding.output.size(), output_kept);
}

TEST(FaultyScanner, WritingWithoutEnd) {
  Command command("exec dd if=/dev/zero of=big bs=64k status=none");
  command.options.limits.file = 1 << 20;
  const auto finding = command.scan();
  EXPECT_EQ(finding.verdict, Verdict::failed) << finding.output;
  EXPECT_TRUE(command.nothing_left());
}

TEST(FaultyScanner, EatingMemory) {
  Command command("exec head -c 2000000000 /dev/zero | tail");
  command.options.limits.memory = 64 << 20;
  command.options.command = {"tail", "-c", "2000000000", "/dev/zero"};
  command.options.command.emplace_back("%f");
  EXPECT_EQ(command.scan().verdict, Verdict::failed);
}

// The dead stay for a moment, until their new parent has looked at them.
bool ends(const std::string& pid_file) {
  const auto text = read_file(pid_file);
  const auto pid = text ? parse_number<pid_t>(trim(*text)) : std::nullopt;
  for (int i = 0; pid && i < 2000 && ::kill(*pid, 0) == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return pid && ::kill(*pid, 0) != 0;
}

TEST(FaultyScanner, LeavingAProcessBehindThatHoldsItsOutput) {
  Command command("");
  const std::string pid = command.folder / "pid";
  command.options.command = {"sh", "-c", "sleep 600 & echo $! >" + pid, "%f"};
  EXPECT_EQ(command.scan().verdict, Verdict::clean);
  EXPECT_TRUE(ends(pid));
}

TEST(FaultyScanner, ForkingWithoutEnd) {
  Command command("f() { while :; do (sleep 100 &); i=$((i+1)); [ $i -gt 200 ] && sleep 100; done; }; f");
  command.options.timeout = std::chrono::seconds(2);
  EXPECT_EQ(command.scan().verdict, Verdict::failed);
  EXPECT_TRUE(command.nothing_left());
}

TEST(FaultyScanner, FillingTheDiskWhenTheFileIsWritten) {
  Command command("exit 0");
  command.options.work = "/dev/full";
  EXPECT_EQ(command.scan().verdict, Verdict::failed);
}

// ---- what is left of a run that was killed

TEST(Workspace, IsPrivateAndGoesWithItsObject) {
  const Folder folder;
  std::string path;
  {
    const auto workspace = Workspace::make(folder.path());
    ASSERT_TRUE(workspace);
    path = workspace->path();
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
  }
  EXPECT_FALSE(file_exists(path));
}

TEST(Workspace, OfAKilledRunIsRemovedByTheNextAndALivingOneIsNot) {
  const Folder folder;
  const auto living = Workspace::make(folder.path());
  ASSERT_TRUE(living);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto workspace = Workspace::make(folder.path());
    const bool written =
        workspace && write_private_file(workspace->path() + "/message", "secret").has_value();
    const std::string path = written ? workspace->path() : "";
    [[maybe_unused]] const auto told = ::write(ends[1], path.data(), path.size());
    ::raise(SIGKILL);
  }
  ::close(ends[1]);
  const auto left = read_all(ends[0], 4096);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(file_exists(*left + "/message"));
  const auto next = Workspace::make(folder.path());
  EXPECT_FALSE(file_exists(*left));
  EXPECT_TRUE(file_exists(living->path()));
}

TEST(Workspace, IsNotMadeInAFolderThatOthersMayWrite) {
  const Folder folder;
  const std::string path = folder / ("tubepost-avscan-" + std::to_string(::geteuid()));
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
  EXPECT_FALSE(Workspace::make(folder.path()));
}

TEST(Workspace, IsRemovedThoughItsFoldersForbidIt) {
  const Folder folder;
  const std::string tree = folder / "tree";
  ASSERT_EQ(::mkdir(tree.c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((tree + "/sub").c_str(), 0700), 0);
  ASSERT_TRUE(write_private_file(tree + "/sub/file", "x"));
  ::chmod((tree + "/sub").c_str(), 0);
  remove_tree(tree);
  EXPECT_FALSE(file_exists(tree));
}

}  // namespace
}  // namespace tubepost::avscan
