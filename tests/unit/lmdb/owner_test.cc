#include "lmdb/owner.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "lmdb/environment.h"
#include "support/temporary_folder.h"

namespace tubepost::lmdb {
namespace {

using test_support::TemporaryFolder;

TEST(Owner, IsThisBootAndNamespace) {
  EXPECT_EQ(this_owner(), this_owner());
  EXPECT_EQ(this_owner().find("unknown"), std::string::npos);
}

TEST(Owner, SharesWithItsLike) {
  const TemporaryFolder folder;
  const auto first = take_ownership(folder.path(), 0600, "here 1");
  const auto second = take_ownership(folder.path(), 0600, "here 1");
  EXPECT_TRUE(first && *first);
  EXPECT_TRUE(second && *second);
}

TEST(Owner, IsRefusedBesideALiveOneFromElsewhere) {
  const TemporaryFolder folder;
  const auto first = take_ownership(folder.path(), 0600, "there 1");
  ASSERT_TRUE(first);
  const auto second = take_ownership(folder.path(), 0600, "here 1");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("another host or PID namespace"), std::string::npos);
  EXPECT_EQ(*read_file(folder.path() + "/owner"), "there 1\n");
}

TEST(Owner, TakesOverWhatNobodyHasOpen) {
  const TemporaryFolder folder;
  { const auto before_reboot = take_ownership(folder.path(), 0600, "there 1 and longer"); }
  const auto now = take_ownership(folder.path(), 0600, "here 1");
  EXPECT_TRUE(now);
  EXPECT_EQ(*read_file(folder.path() + "/owner"), "here 1\n");
}

TEST(Owner, KeepsAnEnvironmentFromBeingOpened) {
  const TemporaryFolder folder;
  Environment::Options options;
  options.create = true;
  {
    const auto elsewhere = take_ownership(folder.path(), 0600, "there 1");
    EXPECT_FALSE(Environment::open(folder.path(), options));
  }
  EXPECT_TRUE(Environment::open(folder.path(), options));
}

}  // namespace
}  // namespace tubepost::lmdb
