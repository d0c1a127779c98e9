// A home with a directory and secrets, in a temporary folder, and authd running in it if asked for.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "auth/authenticator.h"
#include "auth/secrets.h"
#include "authd/service.h"
#include "base/file.h"
#include "config/settings.h"
#include "directory/directory.h"
#include "process/child.h"

namespace tubepost::authd {

class Instance : public testing::Test {
protected:
  Instance() {
    home_ = testing::TempDir() + "/authd-" + std::to_string(::getpid()) + '-' +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(home_ + "/run");
    std::filesystem::create_directories(home_ + "/directory");
    configure("");
    directory::Directory::Options write_directory;
    write_directory.create = true, write_directory.read_only = false;
    directory_.emplace(*directory::Directory::open(home_ + "/directory", write_directory));
    auth::Secrets::Options write_secrets;
    write_secrets.create = true;
    secrets_.emplace(*auth::Secrets::open(home_ + "/secrets", write_secrets));
    must(directory_->add_domain("example.test", {}));
    must(directory_->add_domain("other.test", {{"address", "127.0.0.9"}}));
  }
  ~Instance() override {
    child_.reset();
    secrets_.reset();
    directory_.reset();
    std::filesystem::remove_all(home_);
  }

  static void must(const Result<void>& result) { ASSERT_TRUE(result) << result.error().text; }

  // More lines of tubepost.conf.
  void configure(const std::string& lines) {
    std::ofstream(home_ + "/tubepost.conf")
        << "[server]\nhostname = mx.example.test\n[authd]\nfailure-delay = 0\n"
        << lines;
  }
  void add(const std::string& address, const std::string& password,
           const directory::Properties& properties = {}) {
    const auto account = directory_->add_account(address, properties);
    ASSERT_TRUE(account) << account.error().text;
    must(secrets_->set_password(account->id, password));
  }
  std::string socket() const { return home_ + "/run/authd.sock"; }

  // Starts the program and waits until it says that it is ready.
  void start(const std::vector<std::string>& more = {}) {
    auto pipe = process::make_pipe();
    ASSERT_TRUE(pipe);
    std::vector<std::string> argv = {process::sibling_program("authd"), "--home", home_, "--ready-fd", "3"};
    argv.insert(argv.end(), more.begin(), more.end());
    log_.reset(::open((home_ + "/log").c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600));
    process::ChildOptions options;
    options.redirects = {{pipe->write_end.get(), 3}, {log_.get(), 2}};
    auto child = process::Child::spawn(argv, options);
    ASSERT_TRUE(child) << child.error().text;
    child_.emplace(std::move(*child));
    pipe->write_end.reset();
    char ready = 0;
    ASSERT_EQ(::read(pipe->read_end.get(), &ready, 1), 1) << "authd did not become ready: " << log();
  }
  void kill_authd() {
    child_->kill(SIGKILL);
    child_->wait();
    child_.reset();
  }
  std::string log() const { return *read_file(home_ + "/log"); }

  static auth::Request request(const std::string& mechanism,
                               std::optional<std::string> response = std::nullopt) {
    auth::Request made;
    made.service = "imap", made.mechanism = mechanism, made.client_address = "192.0.2.7", made.secured = true;
    made.initial_response = std::move(response);
    return made;
  }
  static std::string plain(const std::string& user, const std::string& password) {
    return '\0' + user + '\0' + password;
  }
  // A whole login, as a daemon plays it.
  static auth::Step log_in(auth::Authenticator& authenticator, const std::string& mechanism,
                           const std::string& user, const std::string& password) {
    const auto client = auth::make_sasl_client(mechanism, {user, auth::Password(password)});
    auto [step, exchange] = authenticator.begin(request(mechanism, client->initial_response()));
    while (step.kind == auth::Step::Kind::challenge) {
      const auto response = client->answer(step.text);
      if (!response) return {auth::Step::Kind::failed, response.error().text, {}, false, "client"};
      step = exchange->step(*response);
    }
    return step;
  }

  std::string home_;
  std::optional<directory::Directory> directory_;
  std::optional<auth::Secrets> secrets_;
  std::optional<process::Child> child_;
  UniqueFd log_;
};

}  // namespace tubepost::authd
