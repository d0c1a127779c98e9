#include "net/doze.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "net/session_registry.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

// Pages of the calling thread's stack that are in memory.
std::size_t resident_pages() {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t size = 0;
  ::pthread_getattr_np(::pthread_self(), &attributes);
  ::pthread_attr_getstack(&attributes, &low, &size);
  ::pthread_attr_destroy(&attributes);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages(size / page);
  EXPECT_EQ(::mincore(low, pages.size() * page, pages.data()), 0);
  std::size_t count = 0;
  for (const auto flags : pages) count += flags & 1U;
  return count;
}

[[gnu::noinline]] int touch_much() {
  volatile char much[200 << 10];
  for (std::size_t i = 0; i < sizeof much; i += 1024) much[i] = static_cast<char>(i);
  return much[1024];
}

TEST(Doze, GivesBackWhatCallsThatReturnedHaveTouched) {
  std::thread([] {
    const std::string kept(100, 'x');
    char in_frame[100];
    std::memset(in_frame, 'y', sizeof in_frame);
    touch_much();
    const auto before = resident_pages();
    give_back_stack();
    const auto after = resident_pages();
    EXPECT_GE(before, 50U);
    EXPECT_LE(after, before - 40);
    EXPECT_EQ(kept, std::string(100, 'x'));
    EXPECT_EQ(std::string(in_frame, sizeof in_frame), std::string(100, 'y'));
  }).join();
}

std::size_t page_size() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// Whether the page that ends `least` bytes or more below a frame with so much in it is in memory after all.
[[gnu::noinline]] bool keeps_a_page_below(std::size_t much, std::size_t least) {
  auto* const lowest = static_cast<volatile char*>(__builtin_alloca(much));
  lowest[0] = 'x';
  const auto end = (reinterpret_cast<std::uintptr_t>(lowest) - least) / page_size() * page_size();
  auto* const page = reinterpret_cast<void*>(end - page_size());
  unsigned char flags = 0;
  touch_much();
  EXPECT_EQ(::mincore(page, page_size(), &flags), 0);
  EXPECT_EQ(flags & 1U, 1U);
  give_back_stack();
  ::mincore(page, page_size(), &flags);
  EXPECT_EQ(lowest[0], 'x');
  return (flags & 1U) != 0;
}

// Wherever in its page the frame ends: sessions of a kind wait all at the same depth, so a page too many is one for each of
// them.
TEST(Doze, HardlyMoreIsKeptThanTheFramesInUse) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer makes frames larger";
#endif
  std::thread([] {
    for (std::size_t much = 64; much <= 64 + page_size(); much += 64)
      EXPECT_FALSE(keeps_a_page_below(much, 400)) << much;
  }).join();
}

long page_faults_of_this_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

TEST(Doze, TheFirstThreadKeepsItsStack) {
  touch_much();
  give_back_stack();
  const auto before = page_faults_of_this_thread();
  touch_much();
  EXPECT_LT(page_faults_of_this_thread() - before, 20) << "of 50 pages";
}

long switches_of_this_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw + usage.ru_nivcsw;
}

// A stream that looked at its two sources in turns would wake up a hundred times.
TEST(Doze, ASessionThatWaitsForTwoThingsSleepsMeanwhile) {
  int ends[2], other[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ASSERT_EQ(::pipe(other), 0);
  SessionRegistry sessions;
  const auto stream = sessions.open(UniqueFd(ends[0]));
  const UniqueFd peer(ends[1]), read_end(other[0]), write_end(other[1]);
  std::thread([&] {
    const auto before = switches_of_this_thread();
    EXPECT_EQ(stream->wait(read_end.get(), 1s), Stream::Woken::time);
    EXPECT_LT(switches_of_this_thread() - before, 50);
  }).join();
  ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
  EXPECT_EQ(stream->wait(read_end.get(), 1h), Stream::Woken::other);
  ASSERT_EQ(::write(peer.get(), "x", 1), 1);
  EXPECT_EQ(stream->wait(read_end.get(), 1h), Stream::Woken::input);
}

TEST(Doze, WhatComesAfterAWhileIsStillRead) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  SessionRegistry sessions;
  const auto stream = sessions.open(UniqueFd(ends[0]));
  const UniqueFd peer(ends[1]);
  stream->set_time_limit(1h);
  std::thread reader([&] {
    for (int i = 0; i < 2; ++i) {
      char byte = 0;
      EXPECT_EQ(stream->read({&byte, 1}), 1U);
      EXPECT_EQ(byte, 'x');
    }
  });
  std::this_thread::sleep_for(awake_for + 100ms);
  EXPECT_EQ(::write(peer.get(), "x", 1), 1);
  EXPECT_EQ(::write(peer.get(), "x", 1), 1);
  reader.join();
  stream->set_time_limit(awake_for + 50ms);
  char byte = 0;
  EXPECT_THROW(stream->read({&byte, 1}), TimedOut);
}

}  // namespace
}  // namespace tubepost::net
