#include "auth/smarthost_account.h"

#include <gtest/gtest.h>

namespace tubepost::auth {
namespace {

TEST(SmarthostAccount, IsReadLineByLine) {
  const auto account = parse_smarthost_account(
      "# ours\nuser=me\r\npassword= p=w #1 \nmechanism=cram-md5\ntls=encrypt\nclear-text=yes\n");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->user, "me");
  EXPECT_EQ(account->password.view(), " p=w #1 ");
  EXPECT_EQ(account->mechanism, "CRAM-MD5");
  EXPECT_EQ(account->tls, SmarthostAccount::Tls::encrypt);
  EXPECT_TRUE(account->clear_text);
}

TEST(SmarthostAccount, DemandsAGoodCertificateUnlessTold) {
  const auto account = parse_smarthost_account("user=me\npassword=x\n");
  EXPECT_EQ(account->tls, SmarthostAccount::Tls::verify);
  EXPECT_FALSE(account->clear_text);
}

TEST(SmarthostAccount, IsRefusedWithoutSayingItsSecret) {
  for (const char* text : {"", "user=me\n", "password=geheim\n", "user=me\npassword=geheim\ngeheim\n",
                           "user=me\npassword=geheim\ntls=geheim\n"}) {
    const auto account = parse_smarthost_account(text);
    ASSERT_FALSE(account) << text;
    EXPECT_EQ(account.error().text.find("geheim"), std::string::npos);
  }
}

TEST(SmarthostAccount, AFileThatIsNotThereIsAMistakeInTheSettings) {
  const auto account = read_smarthost_account("/nonexistent/account");
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().retry, Retry::never);
  EXPECT_EQ(account.error().status.subject, 3) << "exit status 78";
  EXPECT_NE(account.error().text.find("/nonexistent/account"), std::string::npos);
}

}  // namespace
}  // namespace tubepost::auth
