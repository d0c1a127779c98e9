// An SMTP service for tests: a real directory (bob, alice, gone who is suspended, the alias team, a discard route) and a real spool in a
// folder of its own, an auth service that knows one password, and the policy that given settings make.
//
//   Service service("submission", {{"submission.ranges", "192.0.2.0/24"}});
//   service.talk("EHLO me\r\n…", Service::stranger())   ->   what the session said
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "smtpd/session.h"
#include "support/fake_authenticator.h"
#include "support/fake_resolver.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace tubepost::smtpd::test {

using Arguments = std::multimap<std::string, std::string>;
using test_support::MemoryStream;

inline Result<std::shared_ptr<const Policy>> policy_of(Role role, Arguments arguments) {
  arguments.emplace("server.hostname", "mx.example.test");
  config::Inputs inputs;
  inputs.home = "/nonexistent";
  inputs.arguments = std::move(arguments);
  const auto loaded = config::load(inputs);
  if (!loaded.settings) return Failure::permanent(loaded.problems.front().text);
  return Policy::make(*loaded.settings, role);
}

class Service {
 public:
  explicit Service(Role role = Role::mx, Arguments arguments = {}) {
    std::filesystem::create_directory(folder / "spool");
    std::filesystem::create_directory(folder / "directory");
    directory::Directory::Options writable;
    writable.create = true;
    writable.read_only = false;
    directory.emplace(std::move(*directory::Directory::open(folder / "directory", writable)));
    EXPECT_TRUE(directory->add_domain("example.test", {{"primary", "yes"}}));
    for (const char* account : {"bob@example.test", "alice@example.test", "gone@example.test"})
      EXPECT_TRUE(directory->add_account(account, {}));
    EXPECT_TRUE(directory->set_account("gone@example.test", {{"suspended", "yes"}}));
    EXPECT_TRUE(directory->add_alias("team@example.test", {"bob@example.test", "alice@example.test"}));
    EXPECT_TRUE(directory->add_route({"discard.test", false, directory::RouteKind::discard, ""}));
    EXPECT_TRUE(directory->add_route({".", false, directory::RouteKind::discard, ""}));
    spool::Spool::Options options;
    options.create = true;
    options.group_commit = false;
    options.disk_reserve = 0;
    spool.emplace(std::move(*spool::Spool::open(folder / "spool", options, clock)));
    policy = std::move(*policy_of(role, std::move(arguments)));
  }

  void serve(net::Stream& stream) { serve(stream, stranger()); }
  void serve(net::Stream& stream, Client client) {
    Services services{*spool, *directory, authenticator, nullptr, clock, logger};
    services.layers = std::make_shared<tubepost::policy::Layers>(policy->layers(), dns, *directory, rates, clock, logger);
    Session(services, policy, std::move(client), stream).run();
  }
  std::string talk(const std::string& input) { return talk(input, stranger()); }
  std::string talk(const std::string& input, Client client) {
    MemoryStream stream(input);
    serve(stream, std::move(client));
    return stream.output;
  }
  // The messages of the spool, whole, in order of age.
  std::vector<std::string> queued() {
    std::vector<std::string> messages;
    EXPECT_TRUE(spool->list({}, [&](const spool::Queued& queued) {
      messages.emplace_back(spool->body(queued.id)->bytes());
      last = queued;
      return true;
    }));
    return messages;
  }
  static Client stranger() {
    Client client;
    client.address = net::parse_endpoint("192.0.2.7:4711", 0);
    return client;
  }
  static Client under_tls() {
    auto client = stranger();
    client.tls = true;
    return client;
  }

  const test_support::TemporaryFolder own;
  const std::filesystem::path folder = own.path();
  ManualClock clock;
  std::optional<directory::Directory> directory;
  std::optional<spool::Spool> spool;
  test_support::FakeAuthenticator authenticator;
  test_support::FakeResolver dns;
  tubepost::policy::RateLimits rates{clock};
  std::shared_ptr<const Policy> policy;
  log::Logger logger{"smtpd", log::Level::error, log::Format::logfmt, -1};
  spool::Queued last;  // of the last queued()
};

}  // namespace tubepost::smtpd::test
