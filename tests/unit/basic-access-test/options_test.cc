#include "basic-access-test/options.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "basic-access-test/conversation.h"
#include "basic-access-test/target.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace tubepost::basic_access_test {
namespace {

Words words_of(std::vector<std::string> operands) {
  Words words;
  words.operands = std::move(operands);
  return words;
}

TEST(Options, TheFirstOperandIsACommandOrADomain) {
  EXPECT_EQ(read_options(words_of({}), false)->command, Command::test);
  EXPECT_EQ(read_options(words_of({"example.test"}), false)->domain, "example.test");
  EXPECT_EQ(read_options(words_of({"serve"}), false)->command, Command::serve);
  EXPECT_EQ(read_options(words_of({"explain", "550 no"}), false)->reply, "550 no");
  EXPECT_EQ(read_options(words_of({"client", "a@b.test"}), false)->account->address, "a@b.test");
}

TEST(Options, WhatDoesNotFitIsRefused) {
  EXPECT_FALSE(read_options(words_of({"explain"}), false));
  EXPECT_FALSE(read_options(words_of({"a.test", "b.test"}), false));
  Words words = words_of({});
  words.only = {"local,nothing"};
  EXPECT_FALSE(read_options(words, false));
  words = words_of({});
  words.ports = {"smtpd=25"};
  EXPECT_FALSE(read_options(words, false)) << "without --server";
  words.as_is.server = "mx.example.test";
  EXPECT_EQ(read_options(words, false)->ports.at("smtpd"), 25);
  words.ports = {"smtpd=70000"};
  EXPECT_FALSE(read_options(words, false));
  words = words_of({});
  words.openmetrics = true;
  EXPECT_FALSE(read_options(words, true)) << "with --json";
  words = words_of({});
  words.check_time = "0s";
  EXPECT_FALSE(read_options(words, false));
  words = words_of({});
  words.as_is.peer = "no host:0";
  EXPECT_FALSE(read_options(words, false));
  words.as_is.peer = "[2001:db8::1]:5525";
  EXPECT_TRUE(read_options(words, false));
}

TEST(Options, AnEmptyWordIsNoHostAndNoDomain) {
  for (const auto given : {&Words::servers, &Words::peers}) {
    Words words = words_of({});
    words.*given = {""};
    EXPECT_FALSE(read_options(words, false));
    words.*given = {"a.test", "b.test"};
    EXPECT_FALSE(read_options(words, false)) << "two";
    words.*given = {"a.test"};
    EXPECT_TRUE(read_options(words, false));
  }
  EXPECT_FALSE(read_options(words_of({""}), false));
}

TEST(Options, TheExternalPortIsThatOfSmtpAndKnownToBeNamed) {
  Words words = words_of({});
  EXPECT_EQ(read_options(words, false)->external_port, 25);
  EXPECT_FALSE(read_options(words, false)->external_port_named);
  words.external_port = "25";
  EXPECT_TRUE(read_options(words, false)->external_port_named);
  for (const char* wrong : {"0", "65536", "smtp"}) {
    words.external_port = wrong;
    EXPECT_FALSE(read_options(words, false)) << wrong;
  }
}

TEST(Options, GroupsMayStandInOneListOrSeveral) {
  Words words = words_of({});
  words.only = {"local,relay", "legs"};
  EXPECT_EQ(read_options(words, false)->only, (std::vector<std::string>{"local", "relay", "legs"}));
}

TEST(Options, APasswordIsTheFirstLineOfWhereItIsPromised) {
  const test_support::TemporaryFolder folder;
  const auto name = folder / "password";
  ASSERT_TRUE(write_file_atomically(name, "secret with blanks \r\nsecond line\n", 0600));
  Words words = words_of({});
  words.account = "a@b.test";
  words.password_file = name;
  EXPECT_EQ(read_options(words, false)->account->password, "secret with blanks ");
  words.password_stdin = true;
  EXPECT_FALSE(read_options(words, false)) << "two sources";
  words.password_stdin = false;
  words.account.clear();
  EXPECT_FALSE(read_options(words, false)) << "no account";
}

TEST(Services, AreFoundByTheNamesOfTheirSettings) {
  EXPECT_EQ(find_service("imaps")->usual_port, 993);
  EXPECT_EQ(find_service("smtp"), nullptr);
}

TEST(Services, OnAllAddressesAreAskedAtOurOwnOfTheirFamily) {
  const auto settings = config::load_text({"/nowhere", "", {}, nullptr},
                                          "[smtpd]\nlisten=[::]:25\n[popd]\nlisten=0.0.0.0:110\n")
                            .settings;
  ASSERT_TRUE(settings);
  const Target target = own_target(*settings);
  ASSERT_TRUE(target.find("smtpd") && target.find("popd"));
  for (const auto& endpoint : target.find("smtpd")->endpoints) EXPECT_TRUE(endpoint.address.is_v6());
  for (const auto& endpoint : target.find("popd")->endpoints) EXPECT_FALSE(endpoint.address.is_v6());
  EXPECT_EQ(target.find("imapd"), nullptr) << "it is off";
}

TEST(Recorder, KeepsBothSidesLineByLineAndNotWhatIsHidden) {
  test_support::MemoryStream stream("220 hi\r\n334 \r\n235 in\r\n",
                                    test_support::MemoryStream::AtEnd::end_of_input, 5);
  Recorder recorder(stream);
  std::array<char, 64> buffer{};
  recorder.read(buffer);
  recorder.read(buffer);
  recorder.write("EHLO me\r\n");
  {
    const Hidden hidden(recorder);
    recorder.write("AUTH PLAIN c2VjcmV0\r\n");
    recorder.write("c2VjcmV0\r\n");
  }
  recorder.write("QUIT\r\n");
  EXPECT_EQ(recorder.text(), "S: 220 hi\nS: 33\nC: EHLO me\nC: (login, hidden)\nC: QUIT\n");
  EXPECT_NE(stream.output.find("c2VjcmV0"), std::string::npos);
}

TEST(Recorder, IsBounded) {
  test_support::MemoryStream stream;
  Recorder recorder(stream);
  for (int i = 0; i < 1000; ++i) recorder.write(std::string(1000, 'x') + "\r\n");
  EXPECT_LE(recorder.text().size(), record_max + 1100);
}

}  // namespace
}  // namespace tubepost::basic_access_test
