#include <openssl/ssl.h>
#include <sys/socket.h>

#include "net/fd_stream.h"
#include "unit/tls/handshake.h"

namespace tubepost::tls {
namespace {

TEST(Tls, CarriesBytesBothWaysAndSaysGoodbye) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  auto h = shake_hands(*context, *trusting_client(), "mx.example.test");
  ASSERT_TRUE(h.server && h.client) << h.server_failure << h.client_failure;
  h.client->write("EHLO");
  EXPECT_EQ(read_some(*h.server), "EHLO");
  h.server->write("250");
  EXPECT_EQ(read_some(*h.client), "250");
  h.server->close();
  EXPECT_EQ(read_some(*h.client), "");
}

TEST(Tls, AnEndWithoutGoodbyeIsNoCleanEnd) {
  Fixture f;
  auto h = shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "");
  ASSERT_TRUE(h.server);
  h.below_client->close();
  EXPECT_THROW(read_some(*h.server), net::Disconnected);
  EXPECT_THROW(read_some(*h.server), net::Disconnected);
  EXPECT_THROW(h.server->write("x"), net::Disconnected);
}

TEST(Tls, KnowsWhatWasAgreed) {
  Fixture f;
  auto h =
      shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "mx.example.test");
  ASSERT_TRUE(h.server && h.client);
  const auto server = h.server->info(), client = h.client->info();
  EXPECT_EQ(server.protocol, "TLSv1.3");
  EXPECT_EQ(server.cipher.substr(0, 4), "TLS_");
  EXPECT_EQ(server.server_name, "mx.example.test");
  EXPECT_EQ(server.tls_exporter.size(), 32U);
  EXPECT_EQ(server.tls_exporter, client.tls_exporter);
  EXPECT_EQ(server.server_end_point.size(), 32U);
  EXPECT_EQ(server.server_end_point, client.server_end_point);
}

TEST(Tls, EachConnectionHasAnExporterOfItsOwn) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  auto one = shake_hands(*context, *trusting_client(), ""),
       two = shake_hands(*context, *trusting_client(), "");
  EXPECT_NE(one.server->info().tls_exporter, two.server->info().tls_exporter);
}

TEST(Tls, AVerifyingClientTakesTheRightNameOnly) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  const auto client = ClientContext::create(f.path("a.crt"), true).value();
  EXPECT_TRUE(shake_hands(*context, *client, "mx.example.test").client);
  const auto wrong_name = shake_hands(*context, *client, "mx.example.org");
  EXPECT_FALSE(wrong_name.client);
  EXPECT_NE(wrong_name.client_failure.find("ostname mismatch"), std::string::npos)
      << wrong_name.client_failure;
  EXPECT_FALSE(wrong_name.server);
  EXPECT_NE(wrong_name.server_failure.find("alert"), std::string::npos) << wrong_name.server_failure;
}

TEST(Tls, AVerifyingClientRefusesAStranger) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  f.certificate("other", "mx.example.test");
  const auto client = ClientContext::create(f.path("other.crt"), true).value();
  EXPECT_FALSE(shake_hands(*context, *client, "mx.example.test").client);
}

TEST(Tls, WhatIsNoHandshakeIsAFailure) {
  Fixture f;
  test_support::MemoryStream stream("EHLO me.example.test\r\nMAIL FROM:<>\r\n");
  const auto accepted = f.server({f.certificate("a", "mx.example.test")})->accept(stream);
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().text.substr(0, 14), "TLS handshake:");
}

TEST(Tls, APeerThatGoesAwayInTheHandshakeIsDisconnected) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  test_support::MemoryStream gone;
  EXPECT_THROW((void)context->accept(gone), net::Disconnected);
  test_support::MemoryStream slow("", test_support::MemoryStream::AtEnd::timed_out);
  EXPECT_THROW((void)context->accept(slow), net::TimedOut);
}

// A client of OpenSSL's own making, that speaks no later version than `version`.
bool connects_with_at_most(ServerContext& server, int version) {
  int fds[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  net::FdStream below{UniqueFd(fds[0])};
  const UniqueFd client_fd(fds[1]);
  std::string failure;
  auto accepted = std::async(std::launch::async, [&] {
    auto stream = outcome([&] { return server.accept(below); }, failure);
    below.close();
    return stream != nullptr;
  });
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  SSL_CTX_set_security_level(context.get(), 0);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(ssl.get(), client_fd.get());
  const bool connected = SSL_connect(ssl.get()) == 1;
  ::shutdown(client_fd.get(), SHUT_WR);
  return accepted.get() && connected;
}

TEST(Tls, Speaks12AndNothingOlder) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  EXPECT_TRUE(connects_with_at_most(*context, TLS1_3_VERSION));
  EXPECT_TRUE(connects_with_at_most(*context, TLS1_2_VERSION));
  EXPECT_FALSE(connects_with_at_most(*context, TLS1_1_VERSION));
}

TEST(Tls, SniChoosesTheCertificate) {
  Fixture f;
  const auto context =
      f.server({f.certificate("a", "mx.example.test"), f.certificate("b", "mail.example.org")});
  const auto a = ClientContext::create(f.path("a.crt"), true).value();
  const auto b = ClientContext::create(f.path("b.crt"), true).value();
  EXPECT_TRUE(shake_hands(*context, *a, "mx.example.test").client);
  EXPECT_TRUE(shake_hands(*context, *b, "mail.example.org").client);
  EXPECT_FALSE(shake_hands(*context, *b, "mx.example.test").client);
  auto unknown = shake_hands(*context, *trusting_client(), "other.example.net");
  ASSERT_TRUE(unknown.client);
  auto unnamed = shake_hands(*context, *trusting_client(), "");
  EXPECT_EQ(unknown.client->info().server_end_point, unnamed.client->info().server_end_point);
}

TEST(Tls, AReloadTakesNewFilesAndLeavesLiveConnections) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  auto before = shake_hands(*context, *trusting_client(), "");
  f.certificate("a", "mx.example.test");
  context->reload();
  auto after = shake_hands(*context, *trusting_client(), "");
  EXPECT_NE(before.client->info().server_end_point, after.client->info().server_end_point);
  before.client->write("still");
  EXPECT_EQ(read_some(*before.server), "still");
  EXPECT_NE(f.log_text().find("event=certificate-loaded"), std::string::npos);
}

TEST(Tls, ChangedFilesAreSeenWithoutBeingTold) {
  Fixture f;
  const auto context = f.server({f.certificate("a", "mx.example.test")});
  const auto before = shake_hands(*context, *trusting_client(), "").client->info().server_end_point;
  f.certificate("a", "mx.example.test");
  std::string now;  // looked at once a second
  do now = shake_hands(*context, *trusting_client(), "").client->info().server_end_point;
  while (now == before);
  EXPECT_FALSE(now.empty());
}

TEST(Tls, FilesThatDoNotFitAreRefusedAndTheOldOnesKept) {
  Fixture f;
  const auto files = f.certificate("a", "mx.example.test");
  const auto context = f.server({files});
  const auto before = shake_hands(*context, *trusting_client(), "").client->info().server_end_point;
  f.write("a.key", make_self_signed("mx.example.test", 10).value().key);
  context->reload();
  EXPECT_EQ(shake_hands(*context, *trusting_client(), "").client->info().server_end_point, before);
  EXPECT_NE(f.log_text().find("event=certificate-rejected"), std::string::npos);
}

TEST(Tls, LoadingSaysWhichFileIsWrong) {
  Fixture f;
  const auto a = f.certificate("a", "mx.example.test"), b = f.certificate("b", "mx.example.test");
  f.write("empty", "");
  const struct {
    CertificateFiles files;
    std::string named;
  } cases[] = {
      {{a.certificate, b.key}, b.key},
      {{f.path("missing"), a.key}, f.path("missing")},
      {{a.certificate, f.path("empty")}, f.path("empty")},
  };
  for (const auto& c : cases) {
    const auto loaded = ServerContext::load({c.files}, *f.logger);
    ASSERT_FALSE(loaded) << c.named;
    EXPECT_NE(loaded.error().text.find(c.named), std::string::npos) << loaded.error().text;
  }
  EXPECT_FALSE(ServerContext::load({}, *f.logger));
}

TEST(Tls, ReadingStopsAtTheTimeLimit) {
  Fixture f;
  auto h = shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "");
  ASSERT_TRUE(h.server);
  h.server->set_time_limit(10ms);
  EXPECT_THROW(read_some(*h.server), net::TimedOut);
  h.client->write("late");
  h.server->set_time_limit(patience);
  EXPECT_EQ(read_some(*h.server), "late");
}

TEST(Tls, AnInterruptEndsTheWaitAndLeavesWriting) {
  Fixture f;
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  auto h = shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "",
                       std::make_unique<net::FdStream>(UniqueFd(fds[0])),
                       std::make_unique<net::FdStream>(UniqueFd(fds[1])));
  ASSERT_TRUE(h.server && h.client) << h.server_failure << h.client_failure;
  h.server->interrupt();
  EXPECT_THROW(read_some(*h.server), net::ShuttingDown);
  h.server->write("421");
  h.server->close();
  EXPECT_EQ(read_some(*h.client), "421");
  EXPECT_EQ(read_some(*h.client), "");
}

TEST(Tls, WhatIsDecryptedAlreadyIsReadable) {
  Fixture f;
  auto h = shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "");
  ASSERT_TRUE(h.server && h.client);
  EXPECT_FALSE(h.server->wait_readable(0ms));
  h.client->write("two parts");
  EXPECT_TRUE(h.server->wait_readable(patience));
  EXPECT_EQ(read_some(*h.server, 3), "two");
  EXPECT_TRUE(h.server->wait_readable(0ms));
  EXPECT_EQ(read_some(*h.server), " parts");
  EXPECT_FALSE(h.server->wait_readable(0ms));
}

TEST(Tls, LargeTransfersArriveWhole) {
  Fixture f;
  auto h = shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "");
  ASSERT_TRUE(h.server && h.client);
  std::string large(3 << 20, 'x');
  large.front() = 'a', large.back() = 'z';
  auto written = std::async(std::launch::async, [&] { h.client->write(large), h.client->close(); });
  std::string got;
  for (std::string part = read_some(*h.server, 50000); !part.empty(); part = read_some(*h.server, 50000))
    got += part;
  written.get();
  EXPECT_EQ(got, large);
}

TEST(SelfSigned, IsForHostNamesOnly) {
  for (const char* name : {"", "a b", "a,DNS:evil.example", "a\nb", "*.example.test", "a/b"})
    EXPECT_FALSE(make_self_signed(name, 10)) << name;
  EXPECT_TRUE(make_self_signed(std::string(60, 'a') + "." + std::string(60, 'b') + ".example", 10));
}

}  // namespace
}  // namespace tubepost::tls
