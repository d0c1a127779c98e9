// The program itself, on its socket, asked as the daemons ask it.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "auth/dovecot_client.h"
#include "instance.h"

namespace tubepost::authd {
namespace {

using namespace std::string_literals;
using Kind = auth::Step::Kind;
using AuthdProgram = Instance;

TEST_F(AuthdProgram, AnswersEveryMechanism) {
  add("alice@example.test", "secret");
  start();
  const auto daemon = auth::make_dovecot_client(socket());
  for (const char* mechanism : {"PLAIN", "LOGIN", "SCRAM-SHA-256"}) {
    const auto right = log_in(*daemon, mechanism, "alice@example.test", "secret");
    EXPECT_EQ(right.kind, Kind::ok) << mechanism << ": " << right.text;
    EXPECT_EQ(right.user, "alice@example.test");
    const auto wrong = log_in(*daemon, mechanism, "alice@example.test", "Secret");
    EXPECT_EQ(wrong.kind, Kind::failed) << mechanism;
    EXPECT_FALSE(wrong.temporary) << mechanism << ": " << wrong.text;
  }
}

TEST_F(AuthdProgram, AnnouncesItsMechanisms) {
  start();
  const auto known = auth::make_dovecot_client(socket())->mechanisms();
  ASSERT_TRUE(known);
  ASSERT_EQ(known->size(), 4u);
  EXPECT_EQ(known->at(3).name, "SCRAM-SHA-256-PLUS");
  EXPECT_TRUE(known->at(3).channel_binding);
  EXPECT_EQ(known->at(0).name, "PLAIN");
  EXPECT_TRUE(known->at(0).plaintext);
  EXPECT_EQ(known->at(2).name, "SCRAM-SHA-256");
  EXPECT_FALSE(known->at(2).plaintext);
}

TEST_F(AuthdProgram, IsReachedByItsGroupAlone) {
  start();
  struct stat status {};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TEST_F(AuthdProgram, ServesManyThreadsOverOneConnection) {
  for (int i = 0; i < 8; ++i)
    add("user" + std::to_string(i) + "@example.test", "password" + std::to_string(i));
  start();
  const auto daemon = auth::make_dovecot_client(socket());
  std::atomic<int> right{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        const std::string number = std::to_string((t + i) % 8), user = "user" + number + "@example.test";
        const auto step = log_in(*daemon, i % 2 ? "PLAIN" : "SCRAM-SHA-256", user, "password" + number);
        (step.kind == Kind::ok && step.user == user ? right : wrong)++;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 128);
  EXPECT_EQ(wrong, 0);
}

TEST_F(AuthdProgram, KilledFailsTemporarilyAndIsFoundAgain) {
  add("alice@example.test", "secret");
  start();
  const auto daemon = auth::make_dovecot_client(socket());
  ASSERT_EQ(log_in(*daemon, "PLAIN", "alice@example.test", "secret").kind, Kind::ok);
  auto begun = daemon->begin(request("LOGIN"));
  ASSERT_EQ(begun.step.kind, Kind::challenge);
  kill_authd();
  const auto cut = begun.exchange->step("alice@example.test");
  EXPECT_EQ(cut.kind, Kind::failed);
  EXPECT_TRUE(cut.temporary);
  const auto dead = log_in(*daemon, "PLAIN", "alice@example.test", "secret");
  EXPECT_EQ(dead.kind, Kind::failed);
  EXPECT_TRUE(dead.temporary);
  EXPECT_FALSE(daemon->mechanisms());
  start();
  EXPECT_EQ(log_in(*daemon, "PLAIN", "alice@example.test", "secret").kind, Kind::ok);
}

TEST_F(AuthdProgram, KilledUnderClientsNeverGivesAWrongAnswer) {
  add("alice@example.test", "secret");
  start();
  const auto daemon = auth::make_dovecot_client(socket());
  std::atomic<bool> stop{false};
  std::atomic<int> ok{0}, refused{0}, believed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      while (!stop) {
        const bool right = t % 2 == 0;
        const auto step = log_in(*daemon, "SCRAM-SHA-256", "alice@example.test", right ? "secret" : "guess");
        if (step.kind == Kind::ok) ++(right ? ok : believed);
        if (step.kind == Kind::failed && right && !step.temporary) ++refused;
      }
    });
  for (int round = 0; round < 4; ++round) {
    const int before = ok;
    // It works (again): bounded by tries, so that a broken authd fails here and does not hang.
    for (int tries = 0; tries < 1000 && ok < before + 5; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_GE(ok, before + 5);
    kill_authd();
    start({"--failures-max", "1000000"});
  }
  stop = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(believed, 0);
  EXPECT_EQ(refused, 0);
}

TEST_F(AuthdProgram, ThatHangsFailsTemporarilyWithinTheLimit) {
  add("alice@example.test", "secret");
  start();
  using std::chrono::milliseconds;
  const auto daemon =
      auth::dovecot::make_client(socket(), {milliseconds(500), milliseconds(500), milliseconds(500)});
  // On a slow machine the first logins may themselves be too slow for these limits.
  auto first = log_in(*daemon, "SCRAM-SHA-256", "alice@example.test", "secret");
  for (int tries = 0; tries < 60 && first.temporary; ++tries)
    first = log_in(*daemon, "SCRAM-SHA-256", "alice@example.test", "secret");
  ASSERT_EQ(first.kind, Kind::ok) << first.text;
  child_->kill(SIGSTOP);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(log_in(*daemon, "PLAIN", "alice@example.test", "secret").temporary);
  child_->kill(SIGCONT);
}

TEST_F(AuthdProgram, LogsSuccessAndFailureWithoutPasswords) {
  add("alice@example.test", "correct-horse");
  start({"--log-level", "debug"});
  const auto daemon = auth::make_dovecot_client(socket());
  log_in(*daemon, "PLAIN", "alice@example.test", "correct-horse");
  log_in(*daemon, "PLAIN", "alice@example.test", "battery-staple");
  log_in(*daemon, "LOGIN", "mallory@example.test\nevent=login", "tr0ub4dor");
  const std::string text = log();
  EXPECT_NE(text.find("event=login client=192.0.2.7 user=alice@example.test"), std::string::npos) << text;
  EXPECT_NE(text.find("event=login-failed client=192.0.2.7 user=alice@example.test"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("\nevent=login"), std::string::npos) << text;
  for (const char* secret : {"correct-horse", "battery-staple", "tr0ub4dor"})
    EXPECT_EQ(text.find(secret), std::string::npos) << text;
}

TEST_F(AuthdProgram, RefusesASocketOfTheNetwork) {
  auto child = process::Child::spawn(
      {process::sibling_program("authd"), "--home", home_, "--listen", "127.0.0.1:21400"});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait().code, 64);
}

class OtherMechanisms : public AuthdProgram {
protected:
  static constexpr const char* all =
      "mechanisms = PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-1 SCRAM-SHA-1-PLUS CRAM-MD5 NTLM APOP OAUTHBEARER XOAUTH2 SCRAM-SHA-256\n";

  void add_legacy(const std::string& address, const std::string& password, auth::LegacySet kinds) {
    const auto account = directory_->add_account(address, {});
    ASSERT_TRUE(account) << account.error().text;
    must(secrets_->set_password(account->id, password, kinds));
  }
  static constexpr auth::LegacySet every = 7;

  auth::Step log_in_bound(auth::Authenticator& daemon, const std::string& mechanism, const std::string& channel_said,
                          const std::string& channel_seen) {
    auth::Login login{"alice@example.test", auth::Password("secret")};
    login.binding = {"tls-server-end-point", channel_said};
    const auto client = auth::make_sasl_client(mechanism, std::move(login));
    auto asked = request(mechanism, client->initial_response());
    asked.tls_server_end_point = channel_seen;
    auto [step, exchange] = daemon.begin(asked);
    while (step.kind == auth::Step::Kind::challenge) step = exchange->step(client->answer(step.text).value_or("*"));
    return step;
  }
};

TEST_F(OtherMechanisms, KnowRightFromWrong) {
  must(directory_->set_domain("example.test", {{"legacy-logins", "cram-md5,ntlm,apop"}}));
  add_legacy("alice@example.test", "secret", every);
  configure(all);
  start();
  auto daemon = auth::make_dovecot_client(socket());
  for (const char* mechanism : {"SCRAM-SHA-1", "CRAM-MD5"}) {
    EXPECT_EQ(log_in(*daemon, mechanism, "alice@example.test", "secret").user, "alice@example.test") << mechanism;
    EXPECT_EQ(log_in(*daemon, mechanism, "alice@example.test", "Secret").kind, Kind::failed) << mechanism;
    EXPECT_EQ(log_in(*daemon, mechanism, "nobody.here@example.test", "secret").kind, Kind::failed) << mechanism;
  }
  EXPECT_TRUE(daemon->offers_internal("APOP"));
  EXPECT_FALSE(daemon->offers_internal("CRAM-MD5"));
  const auto apop = [&](const std::string& password) {
    return daemon->begin(request("APOP", "<1@mx>\0alice@example.test\0"s + auth::md5("<1@mx>" + password))).step;
  };
  EXPECT_EQ(apop("secret").user, "alice@example.test");
  EXPECT_EQ(apop("Secret").kind, Kind::failed);
}

TEST_F(OtherMechanisms, OfPlusSeeAnotherChannel) {
  add("alice@example.test", "secret");
  configure(all);
  start();
  auto daemon = auth::make_dovecot_client(socket());
  for (const char* mechanism : {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}) {
    EXPECT_EQ(log_in_bound(*daemon, mechanism, "ours", "ours").user, "alice@example.test") << mechanism;
    EXPECT_EQ(log_in_bound(*daemon, mechanism, "theirs", "ours").kind, Kind::failed) << mechanism;
    EXPECT_EQ(log_in_bound(*daemon, mechanism, "ours", "").kind, Kind::failed) << mechanism;
  }
}

TEST_F(OtherMechanisms, OfOldCountOnlyWhereTheDomainAllowsThem) {
  add_legacy("alice@example.test", "secret", every);  // kept before the domain was changed
  configure(all);
  start();
  auto daemon = auth::make_dovecot_client(socket());
  EXPECT_EQ(log_in(*daemon, "CRAM-MD5", "alice@example.test", "secret").kind, Kind::failed);
  must(directory_->set_domain("example.test", {{"legacy-logins", "cram-md5"}}));
  EXPECT_EQ(log_in(*daemon, "CRAM-MD5", "alice@example.test", "secret").user, "alice@example.test");
  const auto file = read_file(home_ + "/secrets/data.mdb");
  EXPECT_EQ(file->find("secret"), std::string::npos) << "APOP's password is kept, but not in clear text";
}

TEST_F(OtherMechanisms, WithTokensAskTheCommand) {
  add("alice@example.test", "secret");
  const std::string command = home_ + "/check-token";
  std::ofstream(command) << "#!/bin/sh\nread -r token\ncase $token in good) ;; slow) sleep 60 ;; broken) exit 7 ;; *) exit 1 ;; esac\n"
                            "[ \"$1\" != by-token ] || echo alice@example.test\n";
  std::filesystem::permissions(command, std::filesystem::perms::owner_all);
  configure(std::string(all) + "token-command = " + command + "\ntoken-timeout = 1\n");
  start();
  auto daemon = auth::make_dovecot_client(socket());
  for (const char* mechanism : {"OAUTHBEARER", "XOAUTH2"}) {
    EXPECT_EQ(log_in(*daemon, mechanism, "alice@example.test", "good").user, "alice@example.test") << mechanism;
    EXPECT_EQ(log_in(*daemon, mechanism, "by-token", "good").user, "alice@example.test") << "the command names the account";
    const auto refused = log_in(*daemon, mechanism, "alice@example.test", "bad");
    EXPECT_EQ(refused.kind, Kind::failed);
    EXPECT_FALSE(refused.temporary);
    EXPECT_EQ(log_in(*daemon, mechanism, "nobody.here@example.test", "good").kind, Kind::failed);
  }
  EXPECT_TRUE(log_in(*daemon, "XOAUTH2", "alice@example.test", "broken").temporary);
  EXPECT_TRUE(log_in(*daemon, "XOAUTH2", "alice@example.test", "slow").temporary);
}

}  // namespace
}  // namespace tubepost::authd
