#include "base/file.h"
#include "support/temporary_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <set>

namespace tubepost {
namespace {

class FileTest : public testing::Test {
protected:
  std::string in_folder(const std::string& name) const { return folder_ / name; }

  const test_support::TemporaryFolder folder_;
};

TEST_F(FileTest, IsWrittenAndReadWhole) {
  const std::string bytes("a\0b\r\n", 5);
  ASSERT_TRUE(write_file_atomically(in_folder("f"), bytes, 0600));
  EXPECT_EQ(*read_file(in_folder("f")), bytes);
  struct stat status {};
  ASSERT_EQ(::stat(in_folder("f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(FileTest, IsReplacedAndLeavesNothingBeside) {
  ASSERT_TRUE(write_file_atomically(in_folder("f"), "old", 0600));
  ASSERT_TRUE(write_file_atomically(in_folder("f"), "new", 0600));
  EXPECT_EQ(*read_file(in_folder("f")), "new");
  EXPECT_FALSE(write_file_atomically(in_folder("none/f"), "x", 0600));
  const std::filesystem::directory_iterator all(folder_.path());
  EXPECT_EQ(std::distance(begin(all), end(all)), 1);
}

TEST_F(FileTest, IsReadUpToALimit) {
  ASSERT_TRUE(write_file_atomically(in_folder("f"), "12345", 0600));
  EXPECT_TRUE(read_file(in_folder("f"), 5));
  const auto longer = read_file(in_folder("f"), 4);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().retry, Retry::never);
}

TEST_F(FileTest, ThatIsMissingIsNamedInTheFailure) {
  const auto missing = read_file(in_folder("none"));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("none"), std::string::npos);
  EXPECT_FALSE(file_exists(in_folder("none")));
}

TEST_F(FileTest, FolderMayBeThereAlready) {
  EXPECT_TRUE(make_directory(in_folder("d"), 0700));
  EXPECT_TRUE(make_directory(in_folder("d"), 0700));
  EXPECT_TRUE(file_exists(in_folder("d")));
  EXPECT_FALSE(make_directory(in_folder("none/d"), 0700));
}

TEST(UniqueFd, ClosesOnce) {
  const int fd = ::open("/dev/null", O_RDONLY);
  {
    UniqueFd first(fd);
    UniqueFd second = std::move(first);
    EXPECT_FALSE(first);
    EXPECT_EQ(second.get(), fd);
  }
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(RandomBytes, AreNotTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_bytes(16));
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_EQ(seen.begin()->size(), 16U);
  EXPECT_EQ(random_bytes(0), "");
}

TEST(ErrorText, IsThatOfTheSystem) { EXPECT_EQ(error_text(ENOENT), "No such file or directory"); }

TEST_F(FileTest, ATemporaryOneIsNobodyElses) {
  const auto one = make_temporary_file(in_folder("t-")), other = make_temporary_file(in_folder("t-"));
  const auto folder = make_temporary_folder(in_folder("t-"));
  ASSERT_TRUE(one && other && folder);
  EXPECT_EQ((std::set<std::string>{one->path, other->path, *folder}).size(), 3U);
  EXPECT_TRUE(write_all(one->fd.get(), "x"));
  EXPECT_EQ(*read_file(one->path), "x");
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(one->path).permissions(), perms::owner_read | perms::owner_write);
  EXPECT_EQ(std::filesystem::status(*folder).permissions(), perms::owner_all);
  EXPECT_NE(make_temporary_file(in_folder("none/t-")).error().text.find("/none/t-…: No such file"), std::string::npos);
  EXPECT_FALSE(make_temporary_folder(in_folder("none/t-")));
}

}  // namespace
}  // namespace tubepost
