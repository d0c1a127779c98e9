#include "process/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <thread>

#include "base/file.h"
#include "process/signals.h"

namespace tubepost::process {
namespace {

// What `script`, run by sh, writes on its standard output.
std::string output_of(const std::string& script, ChildOptions options = {}) {
  auto pipe = make_pipe();
  options.redirects.push_back({pipe->write_end.get(), 1});
  auto child = Child::spawn({"sh", "-c", script}, options);
  if (!child) return "failed: " + child.error().text;
  pipe->write_end.reset();
  auto text = read_all(pipe->read_end.get(), 1 << 20);
  child->wait();
  return text ? *text : "unreadable";
}

TEST(Child, SaysHowItEnded) {
  auto good = Child::spawn({"sh", "-c", "exit 75"});
  ASSERT_TRUE(good);
  const Ended ended = good->wait();
  EXPECT_FALSE(ended.by_signal);
  EXPECT_EQ(ended.code, 75);
  auto killed = Child::spawn({"sh", "-c", "kill -9 $$"});
  const Ended by = killed->wait();
  EXPECT_TRUE(by.by_signal);
  EXPECT_EQ(by.code, SIGKILL);
  EXPECT_EQ(killed->wait().code, SIGKILL);  // may be asked again
}

TEST(Child, ThatCannotBeExecutedIsAFailure) {
  const auto missing = Child::spawn({"/nonexistent/program"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().retry, Retry::never);
  EXPECT_NE(missing.error().text.find("/nonexistent/program"), std::string::npos);
  EXPECT_FALSE(Child::spawn({"no-such-program-in-path"}));
  EXPECT_FALSE(Child::spawn({"/etc/passwd"}));  // not executable
  EXPECT_FALSE(Child::spawn({}));
  ChildOptions elsewhere;
  elsewhere.directory = "/nonexistent";
  EXPECT_FALSE(Child::spawn({"true"}, elsewhere));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // and leaves no zombie
}

TEST(Child, InheritsNoDescriptorButThoseNamed) {
  const UniqueFd leaked(::open("/dev/null", O_RDONLY));  // without close-on-exec
  const UniqueFd named(::open("/dev/null", O_RDONLY));
  ChildOptions options;
  options.redirects = {{named.get(), 9}, {named.get(), 5}};
  // 3 is the folder that ls reads.
  EXPECT_EQ(output_of("ls /proc/self/fd", options), "0\n1\n2\n3\n5\n9\n");
}

TEST(Child, MayHaveItsDescriptorsExchanged) {
  auto first = make_pipe(), second = make_pipe();
  ChildOptions options;
  // Each is the target of the other.
  options.redirects = {{first->write_end.get(), second->write_end.get()},
                       {second->write_end.get(), first->write_end.get()}};
  const auto first_fd = std::to_string(first->write_end.get()),
             second_fd = std::to_string(second->write_end.get());
  auto child = Child::spawn({"bash", "-c", "echo one >&" + first_fd + "; echo two >&" + second_fd}, options);
  ASSERT_TRUE(child);
  child->wait();
  first->write_end.reset();
  second->write_end.reset();
  EXPECT_EQ(*read_all(first->read_end.get(), 100), "two\n");
  EXPECT_EQ(*read_all(second->read_end.get(), 100), "one\n");
}

TEST(Child, HasThisEnvironmentWithChanges) {
  ::setenv("TUBEPOST_TEST_KEPT", "kept", 1);
  ::setenv("TUBEPOST_TEST_GONE", "gone", 1);
  ChildOptions options;
  options.set_env = {{"TUBEPOST_TEST_NEW", "a b"}, {"TUBEPOST_TEST_KEPT", "changed"}};
  options.unset_env = {"TUBEPOST_TEST_GONE"};
  EXPECT_EQ(output_of("echo \"$TUBEPOST_TEST_NEW/$TUBEPOST_TEST_KEPT/${TUBEPOST_TEST_GONE-none}\"", options),
            "a b/changed/none\n");
}

TEST(Child, RunsWhereItIsTold) {
  ChildOptions options;
  options.directory = "/usr";
  EXPECT_EQ(output_of("pwd", options), "/usr\n");
}

TEST(Child, HasTheLimitsItIsGivenAndNoHigherOnes) {
  ChildOptions options;
  options.limits = {{RLIMIT_FSIZE, 1024 * 512}, {RLIMIT_NOFILE, RLIM_INFINITY}};
  EXPECT_EQ(output_of("ulimit -f; ulimit -Hf", options), "1024\n1024\n");
}

TEST(Child, DiesWithItsParentIfToldTo) {
  auto pipe = make_pipe();
  const pid_t parent = ::fork();
  if (parent == 0) {
    ChildOptions options;
    options.die_with_parent = true;
    options.redirects = {{pipe->write_end.get(), 1}};
    const auto child = Child::spawn({"sh", "-c", "echo started; exec sleep 600"}, options);
    ::pause();
  }
  pipe->write_end.reset();
  char started[8];
  EXPECT_EQ(::read(pipe->read_end.get(), started, sizeof started), 8);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_EQ(::read(pipe->read_end.get(), started, 1), 0);  // it held the other end
}

TEST(Child, HasNeitherOurBlockedSignalsNorIgnoredOnes) {
  ignore_sigpipe();
  const SignalSource source({SIGTERM});
  EXPECT_EQ(output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'"),
            "SigBlk:0000000000000000SigIgn:0000000000000000");
}

TEST(Child, IsPolledWaitedForAndKilled) {
  auto child = Child::spawn({"sleep", "1000"});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->poll(), std::nullopt);
  EXPECT_EQ(child->wait_for(std::chrono::milliseconds(10)), std::nullopt);
  child->kill(SIGTERM);
  const auto ended = child->wait_for(std::chrono::seconds(60));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, SIGTERM);
  EXPECT_EQ(child->poll()->code, SIGTERM);
}

TEST(Child, TellsItsEndOnADescriptor) {
  auto child = Child::spawn({"true"});
  pollfd waiting{child->pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 60'000), 1);
  EXPECT_TRUE(child->poll());
}

TEST(Child, IsKilledWithItsGroupByTheDestructor) {
  auto pipe = make_pipe();
  {
    ChildOptions options;
    options.redirects = {{pipe->write_end.get(), 1}};
    options.own_group = true;
    auto child = Child::spawn({"sh", "-c", "sleep 1000 & echo started; wait"}, options);
    ASSERT_TRUE(child);
    char started[8];
    ASSERT_EQ(::read(pipe->read_end.get(), started, sizeof started), 8);
    Child moved(std::move(*child));
  }
  pipe->write_end.reset();
  EXPECT_EQ(*read_all(pipe->read_end.get(), 10), "");  // nobody holds the other end any more
}

TEST(Child, MayBeStartedByManyThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10; ++i)
        if (output_of("echo " + std::to_string(thread)) == std::to_string(thread) + "\n") ++right;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(SiblingProgram, IsBesideThisOne) {
  const auto path = sibling_program("popd");
  EXPECT_TRUE(path.ends_with("/bin/popd")) << path;
  EXPECT_EQ(path.front(), '/');
}

TEST(SignalSource, GivesSignalsOneByOne) {
  SignalSource source({SIGUSR1, SIGUSR2});
  EXPECT_EQ(source.take(), 0);
  ::raise(SIGUSR1);
  pollfd waiting{source.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
  EXPECT_EQ(source.take(), SIGUSR1);
  EXPECT_EQ(source.take(), 0);
}

}  // namespace
}  // namespace tubepost::process
