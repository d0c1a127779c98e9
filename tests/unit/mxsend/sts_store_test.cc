#include "mxsend/sts_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "support/fake_resolver.h"
#include "support/temporary_folder.h"

namespace tubepost::mxsend {
namespace {

using mailauth::StsPolicy;

class FakeSource final : public mailauth::StsSource {
public:
  Result<std::string> fetch(const std::string&) override {
    ++fetched;
    if (text.empty()) return failure;
    return text;
  }
  std::string text;
  Failure failure = Failure::temporary("nobody there");
  int fetched = 0;
};

class StsStoreTest : public testing::Test {
protected:
  void publish(const std::string& id, const std::string& mode) {
    resolver_ = std::make_unique<test_support::FakeResolver>();
    resolver_->add("_mta-sts.x.test", dns::Text{"v=STSv1; id=" + id});
    source_.text = mode.empty() ? "" : "version: STSv1\nmode: " + mode + "\nmx: mx.x.test\nmax_age: 3600\n";
  }
  void unpublish() { resolver_ = std::make_unique<test_support::FakeResolver>(), source_.text.clear(); }
  // As a process that starts now sees it: "none" or the mode's number.
  std::string find() {
    StsStore store(folder_ / "mxsend/mta-sts", *resolver_, source_, clock_, logger_);
    const auto policy = store.find("x.test");
    return !policy ? "none" : policy->mode == StsPolicy::Mode::enforce ? "enforce" : "testing";
  }
  const test_support::TemporaryFolder folder_;
  std::unique_ptr<test_support::FakeResolver> resolver_ = std::make_unique<test_support::FakeResolver>();
  FakeSource source_;
  ManualClock clock_;
  log::Logger logger_{"test", log::Level::error, log::Format::logfmt};
};

TEST_F(StsStoreTest, FetchesAPolicyAndKeepsItForOthers) {
  publish("1", "enforce");
  EXPECT_EQ(find(), "enforce");
  EXPECT_EQ(find(), "enforce");
  EXPECT_EQ(source_.fetched, 1);
}

TEST_F(StsStoreTest, KeepsAPolicyWhereDnsAndWebAreSilentLater) {
  publish("1", "enforce");
  EXPECT_EQ(find(), "enforce");
  unpublish();
  EXPECT_EQ(find(), "enforce");
}

TEST_F(StsStoreTest, ForgetsAPolicyThatHasExpired) {
  publish("1", "enforce");
  EXPECT_EQ(find(), "enforce");
  unpublish();
  clock_.advance(std::chrono::seconds(3601));
  EXPECT_EQ(find(), "none");
}

// RFC 8460 4.3.2.2
TEST_F(StsStoreTest, TellsWhyAPolicyCannotBeHad) {
  const auto problem = [&] {
    StsStore store(folder_ / "mxsend/mta-sts", *resolver_, source_, clock_, logger_);
    store.find("x.test");
    return store.problem_with("x.test");
  };
  EXPECT_EQ(problem(), "");
  publish("1", "");
  EXPECT_EQ(problem(), "sts-policy-fetch-error");
  source_.failure.status = mailauth::sts_untrusted;
  EXPECT_EQ(problem(), "sts-webpki-invalid");
  publish("1", "rubbish");
  EXPECT_EQ(problem(), "sts-policy-invalid");
}

TEST_F(StsStoreTest, TakesANewPolicyUnderANewId) {
  publish("1", "enforce");
  EXPECT_EQ(find(), "enforce");
  publish("2", "testing");
  EXPECT_EQ(find(), "testing");
}

TEST_F(StsStoreTest, KeepsTheOldOneWhereTheNewCannotBeRead) {
  publish("1", "enforce");
  EXPECT_EQ(find(), "enforce");
  publish("2", "rubbish");
  EXPECT_EQ(find(), "enforce");
}

TEST_F(StsStoreTest, HasNoneWithoutARecord) {
  publish("1", "enforce");
  resolver_ = std::make_unique<test_support::FakeResolver>();
  EXPECT_EQ(find(), "none");
  EXPECT_EQ(source_.fetched, 0);
}

TEST_F(StsStoreTest, MakesNoFileOutOfWhatIsNoName) {
  StsStore store(folder_.path(), *resolver_, source_, clock_, logger_);
  EXPECT_FALSE(store.find("../../etc/passwd"));
  EXPECT_TRUE(resolver_->queries.empty());
}

}  // namespace
}  // namespace tubepost::mxsend
