// A POP3 service for tests: a store with letters of bob's, a directory, and an auth service that knows two
// words.
//
//   service.deliver("a", "Subject: hi\r\n\r\nhello\r\n");
//   EXPECT_EQ(service.talk("STAT\r\nQUIT\r\n"), ...);
#pragma once

#include <gtest/gtest.h>

#include "base/file.h"

#include "popd/session.h"
#include "support/fake_authenticator.h"
#include "support/memory_stream.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::popd::test {

using test_support::FakeAuthenticator;
using test_support::MemoryStream;

class Service {
public:
  Service() {
    directory::Directory::Options options;
    options.create = true;
    options.read_only = false;
    auto opened = directory::Directory::open(store.folder / "directory", options);
    if (!opened) std::abort();
    directory.emplace(std::move(*opened));
    EXPECT_TRUE(directory->add_domain("example.test", {}).has_value());
    bob = directory->add_account("bob@example.test", {})->id;
    EXPECT_TRUE(directory->add_account("gone@example.test", {{"suspended", "yes"}}).has_value());
  }

  void deliver(const std::string& name, const std::string& body) {
    auto letter = mailstore::test::message(name).to(bob).saying(body);
    letter.head = "Delivered-To: bob@example.test\r\n";
    store.deliver(letter);
  }
  std::uint32_t uid_validity() { return store.status(bob).uid_validity; }

  Services services() { return {*store, *directory, authenticator, tls, logger}; }
  // One session over `stream`, logged in as bob unless `client` says otherwise.
  void serve(net::Stream& stream, Client client) {
    Session(services(), rules, std::move(client), stream).run();
  }
  std::string talk(const std::string& input, const Client& client) {
    MemoryStream stream(input);
    serve(stream, client);
    return stream.output;
  }
  std::string talk(const std::string& input) { return talk(input, bobs()); }
  static Client bobs() {
    Client client;
    client.preauthenticated = smtp::Mailbox{"bob", "example.test"};
    return client;
  }
  static Client stranger(bool tls = true) {
    Client client;
    client.address = net::parse_endpoint("192.0.2.7:4711", 0);
    client.tls = tls;
    return client;
  }

  mailstore::test::Store store;
  std::optional<directory::Directory> directory;
  FakeAuthenticator authenticator;
  std::shared_ptr<tls::ServerContext> tls;
  log::Logger logger{"popd", log::Level::error, log::Format::logfmt, -1};
  Rules rules{"mx.example.test", false, std::chrono::seconds(600)};
  directory::AccountId bob = 0;
};

}  // namespace tubepost::popd::test
