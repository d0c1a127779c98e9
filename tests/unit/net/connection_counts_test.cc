#include "net/connection_counts.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace tubepost::net {
namespace {

struct Counting {
  ConnectionCounts counts;
  ConnectionCounts::Slot slot = 0;

  Counting(std::size_t total, std::size_t per_address, std::vector<std::size_t> per_listener,
           std::size_t per_user = 0)
      : counts({total, per_address, std::move(per_listener), per_user}) {}
  Admission admit(const char* address, std::size_t listener = 0, unsigned worker = 0) {
    return counts.admit(worker, listener, address ? IpAddress::parse(address) : std::nullopt, slot);
  }
};

TEST(ConnectionCounts, TotalHoldsAtItsLimitAndFreesOnRelease) {
  Counting c(3, 10, {10});
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
    EXPECT_EQ(c.admit(address), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.4"), Admission::too_many);
  c.counts.release(c.slot);
  EXPECT_EQ(c.counts.total(), 2U);
  EXPECT_EQ(c.admit("192.0.2.4"), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.4"), Admission::too_many);
}

TEST(ConnectionCounts, EachListenerHasALimitOfItsOwn) {
  Counting c(10, 10, {1, 2});
  EXPECT_EQ(c.admit("192.0.2.1", 0), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.1", 0), Admission::too_many);
  EXPECT_EQ(c.admit("192.0.2.1", 1), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.1", 1), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.1", 1), Admission::too_many);
}

TEST(ConnectionCounts, OneAddressHoldsAtItsLimitOverAllListeners) {
  Counting c(10, 2, {10, 10});
  EXPECT_EQ(c.admit("192.0.2.1", 0), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.1", 1), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.1", 0), Admission::too_many_from_address);
  EXPECT_EQ(c.admit("192.0.2.2", 0), Admission::admitted);
}

TEST(ConnectionCounts, AnIpv6ClientIsItsNetworkOf64Bits) {
  Counting c(10, 1, {10});
  EXPECT_EQ(c.admit("2001:db8:0:1::1"), Admission::admitted);
  EXPECT_EQ(c.admit("2001:db8:0:1:ffff::2"), Admission::too_many_from_address);
  EXPECT_EQ(c.admit("2001:db8:0:2::1"), Admission::admitted);
  EXPECT_EQ(c.admit("::ffff:192.0.2.1"), Admission::admitted);
  EXPECT_EQ(c.admit("192.0.2.1"), Admission::too_many_from_address);
}

TEST(ConnectionCounts, WhoHasNoAddressCountsInTotalOnly) {
  Counting c(3, 1, {10});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(c.admit(nullptr), Admission::admitted);
  EXPECT_EQ(c.admit(nullptr), Admission::too_many);
}

TEST(ConnectionCounts, AnAddressLearnedLaterCountsFromThenOn) {
  Counting c(10, 1, {10});
  EXPECT_EQ(c.admit(nullptr), Admission::admitted);
  const auto first = c.slot;
  EXPECT_EQ(c.counts.name_address(first, *IpAddress::parse("192.0.2.1")), Admission::admitted);
  EXPECT_EQ(c.admit(nullptr), Admission::admitted);
  EXPECT_EQ(c.counts.name_address(c.slot, *IpAddress::parse("192.0.2.1")), Admission::too_many_from_address);
  c.counts.release(first);
  EXPECT_EQ(c.counts.name_address(c.slot, *IpAddress::parse("192.0.2.1")), Admission::admitted);
}

TEST(ConnectionCounts, AUserHoldsAtItsLimitOverAllAddressesAndWorkers) {
  Counting c(10, 10, {10}, 2);
  std::vector<ConnectionCounts::Slot> slots;
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}) {
    ASSERT_EQ(c.admit(address, 0, static_cast<unsigned>(slots.size())), Admission::admitted);
    slots.push_back(c.slot);
  }
  EXPECT_TRUE(c.counts.name_user(slots[0], 7));
  EXPECT_TRUE(c.counts.name_user(slots[1], 7));
  EXPECT_TRUE(c.counts.name_user(slots[1], 7)) << "the same connection again";
  EXPECT_FALSE(c.counts.name_user(slots[2], 7));
  EXPECT_TRUE(c.counts.name_user(slots[2], 8)) << "another user";
  EXPECT_TRUE(c.counts.name_user(slots[0], 0)) << "out again";
  EXPECT_TRUE(c.counts.name_user(slots[3], 7));
  EXPECT_FALSE(c.counts.name_user(slots[0], 7));
  c.counts.release(slots[1]);
  EXPECT_TRUE(c.counts.name_user(slots[0], 7));
  c.counts.forget_worker(3);
  ASSERT_EQ(c.admit("192.0.2.5"), Admission::admitted);
  EXPECT_TRUE(c.counts.name_user(c.slot, 7));
}

TEST(ConnectionCounts, WithoutALimitAUserHasAsManyAsItLikes) {
  Counting c(10, 10, {10});
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(c.admit("192.0.2.1"), Admission::admitted);
    EXPECT_TRUE(c.counts.name_user(c.slot, 7));
  }
}

TEST(ConnectionCounts, AWorkerThatDiesGivesItsCountsBack) {
  Counting c(2, 2, {2});
  EXPECT_EQ(c.admit("192.0.2.1", 0, 1), Admission::admitted);
  const pid_t worker = ::fork();
  if (worker == 0) std::_Exit(c.admit("192.0.2.1", 0, 2) == Admission::admitted ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(worker, &status, 0), worker);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(c.admit("192.0.2.2"), Admission::too_many);
  c.counts.forget_worker(2);
  EXPECT_EQ(c.counts.total(), 1U);
  EXPECT_EQ(c.admit("192.0.2.2"), Admission::admitted);
}

}  // namespace
}  // namespace tubepost::net
