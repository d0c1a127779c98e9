// An IMAP service for tests: bob@example.test has a store, his password is "secret", gone@example.test is
// suspended.
#pragma once

#include "base/file.h"
#include "imapd/session.h"
#include "support/fake_authenticator.h"
#include "support/memory_stream.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::imapd::test {

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
    watcher = std::move(*mailstore::ChangeWatcher::start(*store, ""));
  }

  void deliver(const std::string& name, const std::string& body, const std::string& mailbox = "INBOX") {
    deliver_to(bob, name, body, mailbox);
  }
  void deliver_to(mailstore::AccountId account, const std::string& name, const std::string& body,
                  const std::string& mailbox) {
    auto letter = mailstore::test::message(name).to(account).into(mailbox).saying(body);
    letter.head = "Delivered-To: bob@example.test\r\n";
    store.deliver(letter);
  }

  void offer_tls() {
    const auto made = tls::make_self_signed("mx.example.test", 10).value();
    const auto certificate = store.folder / "c.pem", key = store.folder / "k.pem";
    EXPECT_TRUE(write_file_atomically(certificate, made.certificate, 0600));
    EXPECT_TRUE(write_file_atomically(key, made.key, 0600));
    tls = tls::ServerContext::load({{certificate, key}}, logger).value();
  }

  // Ann and the account of all, and what bob may do with their mailboxes.
  void share_mailboxes() {
    const auto ann = directory->add_account("ann@example.test", {})->id;
    const auto shared = directory->add_account("shared@example.test", {})->id;
    EXPECT_TRUE(directory->add_account("carl@example.test", {}).has_value());
    rules.shared_account = "shared";
    const auto grant = [&](mailstore::AccountId owner, const char* mailbox, const char* who,
                           const char* rights) {
      const auto made = store->create(owner, mailbox);
      ASSERT_TRUE(made.has_value());
      ASSERT_TRUE(store->set_acl({owner, made->id}, {who, rights}).has_value());
    };
    grant(ann, "INBOX", "bob@example.test", "lr");
    grant(ann, "INBOX/Work", "bob@example.test", "lrsik");
    grant(ann, "INBOX/Work/Hidden", "carl@example.test", "lr");
    grant(ann, "Tray", "bob@example.test", "i");
    grant(ann, "Shown", "bob@example.test", "l");
    grant(ann, "Private", "carl@example.test", "lr");
    grant(shared, "News", "anyone", "lrp");
    grant(shared, "Secret", "carl@example.test", "lr");
  }

  Services services() { return {*store, watcher.get(), *directory, authenticator, tls, store.clock, logger}; }
  // One session over `stream`, logged in as bob unless `client` says otherwise.
  void serve(net::Stream& stream, Client client) {
    Session(services(), rules, std::move(client), stream).run();
  }
  // What is said after the greeting.
  std::string talk(const std::string& input, const Client& client) {
    MemoryStream stream(input);
    serve(stream, client);
    return stream.output.substr(stream.output.find("\r\n") + 2);
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
  std::unique_ptr<mailstore::ChangeWatcher> watcher;
  std::optional<directory::Directory> directory;
  FakeAuthenticator authenticator;
  std::shared_ptr<tls::ServerContext> tls;
  log::Logger logger{"imapd", log::Level::error, log::Format::logfmt, -1};
  Rules rules{"mx.example.test", false, std::chrono::seconds(1800), 1 << 20};
  directory::AccountId bob = 0;
};

}  // namespace tubepost::imapd::test
