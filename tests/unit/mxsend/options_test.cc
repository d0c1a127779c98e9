#include "mxsend/options.h"

#include <gtest/gtest.h>

namespace tubepost::mxsend {
namespace {

TEST(HostPort, IsReadAsPeopleWriteIt) {
  struct Case {
    const char *text, *expected;
  };
  const Case cases[] = {
      {"relay.test", "relay.test:25"},
      {"Relay.Test:587", "relay.test:587"},
      {"192.0.2.1", "192.0.2.1:25"},
      {"192.0.2.1:26", "192.0.2.1:26"},
      {"[2001:db8::1]:26", "[2001:db8::1]:26"},
      {"relay.test:", ""},
      {"relay.test:0", ""},
      {"relay.test:99999", ""},
      {"", ""},
      {"a b", ""},
  };
  for (const auto& c : cases) {
    const auto host = parse_host_port(c.text, 25);
    EXPECT_EQ(host ? host->to_text() : "", c.expected) << c.text;
  }
}

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

}  // namespace
}  // namespace tubepost::mxsend
