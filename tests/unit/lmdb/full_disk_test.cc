// What a full disk is, and what it is not. Needs root, for a small file system of its own.
#include <sys/mount.h>

#include <fstream>

#include "lmdb/group_commit.h"
#include "support/temporary_folder.h"

#include <gtest/gtest.h>

namespace tubepost::lmdb {
namespace {

using test_support::TemporaryFolder;

class FullDisk : public testing::Test {
protected:
  void SetUp() override {
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=4m") != 0)
      GTEST_SKIP() << "cannot mount a tmpfs here";
    mounted_ = true;
    Environment::Options options;
    options.create = true;
    environment_.emplace(std::move(*Environment::open(folder_.path(), options)));
    table_ = environment_->open_tables({"things"})->front();
  }
  void TearDown() override {
    environment_.reset();
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  void fill() const {
    std::ofstream ballast(ballast_, std::ios::binary);
    while (ballast.write(std::string(4096, 'x').data(), 4096).flush()) {
    }
  }
  void make_room() const { std::filesystem::remove(ballast_); }

  TemporaryFolder folder_;
  std::string ballast_ = folder_.path() + "/ballast";
  bool mounted_ = false;
  std::optional<Environment> environment_;
  Table table_;
};

TEST_F(FullDisk, IsNotFinal) {
  int after_commit = 0, commit_failed = 0;
  GroupCommit commit(
      *environment_, [&] { ++after_commit; }, [&] { ++commit_failed; }, {});
  const auto put = [&](const std::string& key) {
    return commit.commit([&](WriteTransaction& t) -> Result<void> {
      t.put(table_, key, std::string(300'000, 'x'));
      return {};
    });
  };
  ASSERT_TRUE(put("before"));
  fill();
  for (const auto* key : {"one", "two"}) {
    const auto refused = put(key);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, (EnhancedStatus{4, 3, 1})) << refused.error().text;
  }
  EXPECT_EQ(commit_failed, 0);
  make_room();
  EXPECT_TRUE(put("after"));
  EXPECT_EQ(after_commit, 2);
  const auto keys = environment_->read([&](ReadTransaction& t) {
    std::string all;
    auto cursor = t.cursor(table_);
    for (bool more = cursor.first(); more; more = cursor.next()) all += std::string(cursor.key()) + ' ';
    return all;
  });
  EXPECT_EQ(*keys, "after before ") << "what was refused is not there";
}

// An error that is final would else never be taken for it, as long as the disk is full.
TEST_F(FullDisk, IsNotTheReasonOfEveryError) {
  fill();
  const auto done = environment_->write([&](WriteTransaction& t) -> Result<void> {
    t.put(table_, std::string(512, 'k'), "");
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().status, (EnhancedStatus{4, 3, 0})) << done.error().text;
}

}  // namespace
}  // namespace tubepost::lmdb
