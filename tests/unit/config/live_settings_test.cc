#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "config/settings.h"
#include "support/temporary_folder.h"

namespace tubepost::config {
namespace {

class LiveSettingsTest : public testing::Test {
protected:
  LiveSettingsTest() { inputs_.home = folder_.path(); }

  void write(const std::string& text) {
    ASSERT_TRUE(write_file_atomically(inputs_.home + "/tubepost.conf", text, 0600));
  }
  // A new object looks at the file with its first current(), whatever the time.
  std::uint64_t connections_now(const std::string& text, std::shared_ptr<const Settings> first) {
    write(text);
    LiveSettings live(inputs_, std::move(first), logger());
    return live.current()->number("popd.connections");
  }
  log::Logger logger() { return {"test", log::Level::info, log::Format::logfmt, log_.get()}; }
  std::string logged() { return *read_file(inputs_.home + "/log"); }

  const test_support::TemporaryFolder folder_;
  Inputs inputs_;
  UniqueFd log_;
};

TEST_F(LiveSettingsTest, FollowTheFile) {
  log_.reset(::open((inputs_.home + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_EQ(connections_now("[popd]\nconnections = 20\n", defaults(inputs_.home)), 20U);
  EXPECT_NE(logged().find("event=config-reloaded changed=1"), std::string::npos);
  EXPECT_NE(logged().find("event=config-awaits-restart setting=popd.connections"), std::string::npos);
}

TEST_F(LiveSettingsTest, StayAsTheyWereWhenTheFileIsWrong) {
  log_.reset(::open((inputs_.home + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  write("[popd]\nconnections = 30\n");
  EXPECT_EQ(connections_now("[popd]\nconnections = 3\n", load(inputs_).settings), 30U);
  EXPECT_NE(logged().find("event=config-wrong where=tubepost.conf:2"), std::string::npos);
}

TEST_F(LiveSettingsTest, AreTheFirstOnesWhileNothingChanges) {
  log_.reset(::open((inputs_.home + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  write("[popd]\nconnections = 30\n");
  const auto first = load(inputs_).settings;
  LiveSettings live(inputs_, first, logger());
  EXPECT_EQ(live.current()->number("popd.connections"), 30U);
  EXPECT_EQ(live.current(), live.current());
  EXPECT_EQ(logged(), "");
}

}  // namespace
}  // namespace tubepost::config
