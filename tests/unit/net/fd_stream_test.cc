#include "net/fd_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <thread>

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

struct Ends {
  UniqueFd first, second;
};

Ends socket_pair(int flags = 0) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | flags, 0, fds), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Ends pipe_pair() {
  int fds[2];
  EXPECT_EQ(::pipe(fds), 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

std::string read_some(Stream& stream) {
  char buffer[100];
  return {buffer, stream.read(buffer)};
}

TEST(FdStream, SocketsCarryBytesAndTheirEnd) {
  auto ends = socket_pair();
  FdStream a(std::move(ends.first));
  {
    FdStream b(std::move(ends.second));
    b.write("hello");
    EXPECT_EQ(read_some(a), "hello");
    b.write("rest");
    b.close();
    EXPECT_EQ(read_some(a), "rest");
    EXPECT_EQ(read_some(a), "");
  }
  EXPECT_THROW(a.write("gone"), Disconnected);
}

TEST(FdStream, PipesCarryBytesAndTheirEnd) {
  auto there = pipe_pair(), back = pipe_pair();
  FdStream a(there.first.get(), back.second.get());
  ASSERT_EQ(::write(there.second.get(), "in", 2), 2);
  EXPECT_TRUE(a.wait_readable(0ms));
  EXPECT_EQ(read_some(a), "in");
  EXPECT_FALSE(a.wait_readable(0ms));
  a.write("out");
  char buffer[10];
  EXPECT_EQ(::read(back.first.get(), buffer, sizeof buffer), 3);
  there.second.reset();
  EXPECT_EQ(read_some(a), "");
  std::signal(SIGPIPE, SIG_IGN);
  back.first.reset();
  EXPECT_THROW(a.write("gone"), Disconnected);
}

TEST(FdStream, ReadingStopsAtTheTimeLimit) {
  for (const int flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    auto ends = socket_pair(flags);
    FdStream stream(std::move(ends.first));
    stream.set_time_limit(20ms);
    EXPECT_THROW(read_some(stream), TimedOut);
    EXPECT_FALSE(stream.wait_readable(1ms));
    ASSERT_EQ(::write(ends.second.get(), "x", 1), 1);
    EXPECT_EQ(read_some(stream), "x");
  }
  auto pipe = pipe_pair();
  FdStream stream(pipe.first.get(), pipe.second.get());
  stream.set_time_limit(20ms);
  EXPECT_THROW(read_some(stream), TimedOut);
}

TEST(FdStream, WritingStopsAtTheTimeLimit) {
  const std::string large(8 << 20, 'x');
  for (const int flags : {0, static_cast<int>(SOCK_NONBLOCK)}) {
    auto ends = socket_pair(flags);
    FdStream stream(std::move(ends.first));
    stream.set_time_limit(20ms);
    EXPECT_THROW(stream.write(large), TimedOut);
  }
  auto pipe = pipe_pair();
  FdStream stream(pipe.first.get(), pipe.second.get());
  stream.set_time_limit(20ms);
  EXPECT_THROW(stream.write(large), TimedOut);
}

TEST(FdStream, LargeWritesArriveWhole) {
  auto ends = socket_pair();
  FdStream from(std::move(ends.first)), to(std::move(ends.second));
  from.set_time_limit(60s);
  std::string large(5 << 20, 'x');
  large.front() = 'a', large.back() = 'z';
  std::thread writer([&] { from.write(large), from.close(); });
  std::string got;
  for (std::string part = read_some(to); !part.empty(); part = read_some(to)) got += part;
  writer.join();
  EXPECT_EQ(got, large);
}

TEST(FdStream, AnInterruptWakesTheReaderAndLeavesWriting) {
  auto ends = socket_pair();
  FdStream stream(std::move(ends.first));
  std::thread other([&] { stream.interrupt(); });
  EXPECT_THROW(read_some(stream), ShuttingDown);
  other.join();
  EXPECT_TRUE(stream.wait_readable(0ms));
  EXPECT_THROW(read_some(stream), ShuttingDown);
  stream.write("421");
  FdStream peer(std::move(ends.second));
  EXPECT_EQ(read_some(peer), "421");
}

TEST(FdStream, AnInterruptWakesTheReaderOfAPipe) {
  auto pipe = pipe_pair();
  FdStream stream(pipe.first.get(), pipe.second.get());
  std::thread other([&] { stream.interrupt(); });
  EXPECT_THROW(read_some(stream), ShuttingDown);
  other.join();
  EXPECT_TRUE(stream.wait_readable(0ms));
  stream.write("still");
  EXPECT_EQ(read_some(stream), "still");  // what is there needs no wait
  EXPECT_THROW(read_some(stream), ShuttingDown);
}

TEST(FdStream, WhatHasArrivedIsReadBeforeTheInterruptCounts) {
  auto ends = socket_pair();
  FdStream stream(std::move(ends.first));
  ASSERT_EQ(::write(ends.second.get(), "QUIT", 4), 4);
  stream.interrupt();
  EXPECT_EQ(read_some(stream), "QUIT");
  EXPECT_THROW(read_some(stream), ShuttingDown);
}

TEST(FdStream, BorrowedDescriptorsStayOpen) {
  auto ends = socket_pair();
  {
    FdStream stream(ends.first.get(), ends.first.get());
    stream.close();
  }
  EXPECT_EQ(::write(ends.first.get(), "x", 1), 1);
}

TEST(ConnectUnix, NamesWhatItCannotReach) {
  const auto missing = connect_unix("/nonexistent/socket", 1s);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("/nonexistent/socket"), std::string::npos);
  EXPECT_FALSE(connect_unix(std::string(200, 'x'), 1s));
}

TEST(PeerOf, IsUnknownForWhatIsNoTcpSocket) {
  auto ends = socket_pair();
  EXPECT_FALSE(peer_of(ends.first.get()));
  EXPECT_FALSE(local_of(pipe_pair().first.get()));
}

}  // namespace
}  // namespace tubepost::net
