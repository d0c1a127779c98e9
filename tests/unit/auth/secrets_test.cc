#include "auth/secrets.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"

namespace tubepost::auth {
namespace {

class SecretsFolder : public testing::Test {
protected:
  SecretsFolder() {
    folder_ = testing::TempDir() + "/secrets-" + std::to_string(::getpid()) + '-' +
              testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  ~SecretsFolder() override { std::filesystem::remove_all(folder_); }
  Result<Secrets> open(bool create) {
    Secrets::Options options;
    options.create = create, options.read_only = !create;
    return Secrets::open(folder_, options);
  }
  std::string folder_;
};

TEST_F(SecretsFolder, KeepsVerifiersAcrossOpens) {
  {
    auto secrets = open(true);
    ASSERT_TRUE(secrets);
    ASSERT_TRUE(secrets->set_password(7, "one"));
  }
  auto secrets = open(false);
  ASSERT_TRUE(secrets);
  const auto found = secrets->find(7);
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE(matches((*found)->crypt, "one"));
  EXPECT_FALSE(*secrets->has_password(8));
}

TEST_F(SecretsFolder, ForgetsWhatIsRemoved) {
  auto secrets = *open(true);
  ASSERT_TRUE(secrets.set_password(7, "one"));
  EXPECT_TRUE(*secrets.has_password(7));
  ASSERT_TRUE(secrets.remove(7));
  ASSERT_TRUE(secrets.remove(7));
  EXPECT_FALSE(*secrets.has_password(7));
}

TEST_F(SecretsFolder, ReplacesAPassword) {
  auto secrets = *open(true);
  ASSERT_TRUE(secrets.set_password(7, "one"));
  ASSERT_TRUE(secrets.set_password(7, "two"));
  EXPECT_FALSE(matches((**secrets.find(7)).crypt, "one"));
  EXPECT_TRUE(matches((**secrets.find(7)).crypt, "two"));
}

TEST_F(SecretsFolder, RefusesABadPasswordAndKeepsTheOld) {
  auto secrets = *open(true);
  ASSERT_TRUE(secrets.set_password(7, "one"));
  EXPECT_FALSE(secrets.set_password(7, ""));
  EXPECT_TRUE(matches((**secrets.find(7)).crypt, "one"));
}

TEST_F(SecretsFolder, IsForItsOwnerAlone) {
  auto secrets = *open(true);
  ASSERT_TRUE(secrets.set_password(7, "a-clear-text-password"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
    const auto content = read_file(entry.path().string());
    ASSERT_TRUE(content);
    EXPECT_EQ(content->find("a-clear-text-password"), std::string::npos) << entry.path();
  }
}

TEST_F(SecretsFolder, MustBeMadeFirst) { EXPECT_FALSE(open(false)); }

TEST_F(SecretsFolder, KeepsItsDecoyKey) {
  std::string key;
  {
    auto secrets = *open(true);
    key = secrets.decoy_key();
  }
  EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(open(true)->decoy_key(), key);
}

}  // namespace
}  // namespace tubepost::auth
