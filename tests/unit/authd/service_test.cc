// Who a login means, and how it ends; the service alone, without socket or process.
#include "authd/service.h"

#include <future>

#include "authd/trial.h"
#include "instance.h"

namespace tubepost::authd {
namespace {

using auth::dovecot::AuthRequest;
using auth::dovecot::Fail;
using auth::dovecot::Ok;

class Logins : public Instance {
protected:
  Logins() {
    add("alice@example.test", "secret");
    add("Bob@example.test", "bobs");
    add("alice@other.test", "others");
    add("carol@example.test", "carols", {{"suspended", "yes"}});
  }

  struct Ended {
    Answer answer;
    std::chrono::milliseconds delay;
    std::string user() const {
      const auto* ok = std::get_if<Ok>(&answer);
      return ok ? ok->user : "";
    }
    const Fail& fail() const { return std::get<Fail>(answer); }
  };

  Service& service() {
    if (service_) return *service_;
    config::Inputs inputs;
    inputs.home = home_;
    auto loaded = config::load(inputs);
    EXPECT_TRUE(loaded.settings) << (loaded.problems.empty() ? "" : loaded.problems[0].text);
    live_.emplace(inputs, loaded.settings, logger_);
    service_.emplace(*directory_, *secrets_, *live_, clock_, logger_);
    return *service_;
  }

  Ended ask(AuthRequest request) {
    const auto response = std::exchange(request.initial_response, std::nullopt);
    const auto promise = std::make_shared<std::promise<Ended>>();
    const auto conversation = service().begin(std::move(request));
    conversation->step(*response, [promise](const Answer& answer, std::chrono::milliseconds delay) {
      promise->set_value({answer, delay});
    });
    return promise->get_future().get();
  }
  Ended log_in(const std::string& user, const std::string& password, const std::string& local_address = "",
               const std::string& for_service = "imap") {
    AuthRequest request;
    request.id = 1, request.mechanism = "PLAIN", request.service = for_service;
    request.remote_address = "192.0.2.7", request.local_address = local_address;
    request.initial_response = plain(user, password);
    return ask(request);
  }

  UniqueFd log_fd_{::open((home_ + "/log").c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600)};
  log::Logger logger_{"authd", log::Level::debug, log::Format::logfmt, log_fd_.get()};
  ManualClock clock_;
  std::optional<config::LiveSettings> live_;
  std::optional<Service> service_;
};

TEST_F(Logins, MeanAccounts) {
  const struct {
    const char *login, *password, *local_address, *user, *why;
  } cases[] = {
      {"alice@example.test", "secret", "", "alice@example.test", "whole"},
      {"alice@EXAMPLE.test", "secret", "", "alice@example.test", "the domain in any case"},
      {"Alice@example.test", "secret", "", "", "A7: the name in its case"},
      {"Bob@example.test", "bobs", "", "Bob@example.test", "A7: the name in its case"},
      {"bob@example.test", "bobs", "", "", "A7: the name in its case"},
      {"alice@example.test", "Secret", "", "", "A7: the password in its case"},
      {"alice", "secret", "", "alice@example.test", "A8: bare, of the primary domain"},
      {"alice", "others", "127.0.0.9", "alice@other.test", "A10: bare, of the domain of this address"},
      {"alice", "secret", "127.0.0.9", "", "A10: and of no other"},
      {"alice%other.test", "others", "", "alice@other.test", "A8: percent"},
      {"alice%x%other.test", "others", "", "", "A8: the last percent"},
      {"alice%other.test@example.test", "others", "", "", "A8: with @, % is a letter"},
      {"alice@nowhere.test", "secret", "", "", "a foreign domain"},
      {"mallory@example.test", "secret", "", "", "nobody"},
      {"alice+x@example.test", "secret", "", "", "a sub-address is no login"},
  };
  for (const auto& each : cases) {
    service_.reset();  // the throttle is another test's matter
    EXPECT_EQ(log_in(each.login, each.password, each.local_address).user(), each.user)
        << each.login << ": " << each.why;
  }
}

TEST_F(Logins, ThatAreBareAndAmbiguousAreLogged) {
  log_in("alice", "secret");
  EXPECT_NE(log().find("event=bare-login user=alice domain=example.test"), std::string::npos) << log();
}

TEST_F(Logins, OfSuspendedAccountsSaySoToWhoKnowsThePassword) {
  EXPECT_EQ(log_in("carol@example.test", "carols").fail().code, "user_disabled");
  EXPECT_FALSE(log_in("carol@example.test", "carols").fail().temporary);
  EXPECT_EQ(log_in("carol@example.test", "wrong").fail().code, "");
}

TEST_F(Logins, OfAccountsWithoutPasswordFail) {
  ASSERT_TRUE(directory_->add_account("dave@example.test", {}));
  EXPECT_EQ(log_in("dave@example.test", "x").fail().temporary, false);
}

TEST_F(Logins, AreRememberedUntilThePasswordChanges) {
  EXPECT_EQ(log_in("alice@example.test", "secret").user(), "alice@example.test");
  EXPECT_EQ(log_in("alice@example.test", "secret").user(), "alice@example.test");
  const auto id = (*directory_->find_account({"alice", "example.test"}))->id;
  must(secrets_->set_password(id, "new"));
  EXPECT_EQ(log_in("alice@example.test", "secret").user(), "");
  EXPECT_EQ(log_in("alice@example.test", "new").user(), "alice@example.test");
  must(secrets_->remove(id));
  EXPECT_EQ(log_in("alice@example.test", "new").user(), "");
}

TEST_F(Logins, ThatAreRememberedAreNotHashed) {
  log_in("alice@example.test", "secret");
  // Answered within step(), so not by the pool.
  AuthRequest request;
  request.id = 1, request.mechanism = "PLAIN", request.service = "imap";
  const auto conversation = service().begin(request);
  bool answered = false;
  conversation->step(plain("alice@example.test", "secret"),
                     [&](const Answer& answer, std::chrono::milliseconds) {
                       answered = std::holds_alternative<Ok>(answer);
                     });
  EXPECT_TRUE(answered);
}

TEST_F(Logins, ThatFailTooOftenAreRefusedUnseen) {
  configure("failures-max = 3\nfailure-delay = 2\n");
  std::ofstream(home_ + "/tubepost.conf") << "[authd]\nfailures-max = 3\nfailure-delay = 2\n";
  for (int i = 0; i < 3; ++i) {
    const auto ended = log_in("alice@example.test", "guess" + std::to_string(i));
    EXPECT_FALSE(ended.fail().temporary);
    EXPECT_EQ(ended.delay.count(), 500 << i);
  }
  const auto refused = log_in("alice@example.test", "secret");
  EXPECT_TRUE(refused.fail().temporary);
  EXPECT_EQ(refused.fail().code, "temp_fail");
  EXPECT_EQ(refused.delay.count(), 0);
  clock_.advance(std::chrono::minutes(11));
  const auto right = log_in("alice@example.test", "secret");
  EXPECT_EQ(right.user(), "alice@example.test");
  EXPECT_EQ(right.delay.count(), 0);
}

TEST_F(Logins, ByScramAreThrottledToo) {
  std::ofstream(home_ + "/tubepost.conf") << "[authd]\nfailures-max = 3\nfailure-delay = 0\n";
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(
        try_login(service(), "SCRAM-SHA-256", {"alice@example.test", auth::Password("guess")}).temporary);
  EXPECT_TRUE(
      try_login(service(), "SCRAM-SHA-256", {"alice@example.test", auth::Password("secret")}).temporary);
}

TEST_F(Logins, OfNobodyLookLikeOthersToScram) {
  const auto salt_of = [&](const std::string& user) {
    AuthRequest request;
    request.id = 1, request.mechanism = "SCRAM-SHA-256", request.service = "imap";
    const auto conversation = service().begin(request);
    std::string challenge;
    conversation->step("n,,n=" + user + ",r=abc", [&](const Answer& answer, std::chrono::milliseconds) {
      challenge = std::get<auth::dovecot::Continue>(answer).data;
    });
    return challenge.substr(challenge.find(",s="));
  };
  const auto nobody = salt_of("mallory@example.test");
  EXPECT_EQ(nobody.size(), salt_of("alice@example.test").size());
  service_.reset();
  EXPECT_EQ(salt_of("mallory@example.test"), nobody) << "after a restart it is the same salt";
  for (const std::string user : {"alice", "mallory"})
    for (const std::string spelling : {"", "@EXAMPLE.test", "%example.test"})
      EXPECT_EQ(salt_of(user + spelling), salt_of(user + "@example.test")) << user << spelling;
}

TEST_F(Logins, OfNobodyAreCountedAsOneHoweverTheyAreSpelled) {
  std::ofstream(home_ + "/tubepost.conf") << "[authd]\nfailures-max = 2\nfailure-delay = 0\n";
  for (const std::string user : {"alice", "mallory"}) {
    int client = 0;
    const auto fails_for_now = [&](const std::string& login) {
      AuthRequest request;
      request.id = 1, request.mechanism = "PLAIN", request.service = "imap";
      request.remote_address = "192.0.2." + std::to_string(++client);
      request.initial_response = plain(login, "guess " + std::to_string(client));
      return ask(std::move(request)).fail().temporary;
    };
    EXPECT_FALSE(fails_for_now(user)) << user;
    EXPECT_FALSE(fails_for_now(user + "%example.test")) << user;
    EXPECT_TRUE(fails_for_now(user + "@EXAMPLE.test")) << user;
  }
}

TEST_F(Logins, ForSubmissionMayBeOfOneFixedUser) {
  const auto verifiers = auth::make_verifiers("relay-pw");
  std::ofstream(home_ + "/fixed") << "relay:" << verifiers->to_text() << '\n';
  std::ofstream(home_ + "/tubepost.conf") << "[submission]\nauthentication = fixed:fixed\n";
  EXPECT_EQ(log_in("relay", "relay-pw", "", "submission").user(), "relay");
  EXPECT_EQ(log_in("relay", "other", "", "submission").user(), "");
  EXPECT_EQ(log_in("alice@example.test", "secret", "", "submission").user(), "");
  EXPECT_EQ(log_in("relay", "relay-pw").user(), "");
  EXPECT_EQ(log_in("alice@example.test", "secret").user(), "alice@example.test");
}

TEST_F(Logins, ForSubmissionWithABrokenFileFailTemporarily) {
  std::ofstream(home_ + "/tubepost.conf") << "[submission]\nauthentication = fixed:fixed\n";
  EXPECT_TRUE(log_in("relay", "relay-pw", "", "submission").fail().temporary);
  std::ofstream(home_ + "/fixed") << "relay:relay-pw\n";
  EXPECT_TRUE(log_in("relay", "relay-pw", "", "submission").fail().temporary);
}

TEST_F(Logins, ForSubmissionMayBeOff) {
  std::ofstream(home_ + "/tubepost.conf") << "[submission]\nauthentication = off\n";
  EXPECT_EQ(log_in("alice@example.test", "secret", "", "submission").user(), "");
}

TEST_F(Logins, WithMechanismsSwitchedOffAreNotBegun) {
  std::ofstream(home_ + "/tubepost.conf") << "[authd]\nmechanisms = SCRAM-SHA-256 SCRAM-SHA-256-PLUS\n";
  AuthRequest request;
  request.mechanism = "PLAIN";
  EXPECT_EQ(service().begin(request), nullptr);
  ASSERT_EQ(service().mechanisms().size(), 2u);
}

TEST(Pool, RefusesWhatDoesNotFitItsQueue) {
  std::promise<void> go, begun;
  const auto gate = go.get_future().share();
  HashPool pool(1, 2);
  ASSERT_TRUE(pool.submit([&] { begun.set_value(), gate.wait(); }));
  begun.get_future().wait();
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  go.set_value();
}

}  // namespace
}  // namespace tubepost::authd
