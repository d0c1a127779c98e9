#include "frontend/frontend.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/unique_fd.h"
#include "net/fd_stream.h"

namespace tubepost::frontend {
namespace {

// contracts.md: what a wrapper such as tcpserver or `listen` says of the client, by the environment.
class ClientOfStdio : public ::testing::Test {
protected:
  void SetUp() override { forget(); }
  void TearDown() override { forget(); }
  static void forget() {
    for (const char* name : {"TLS", "TCPREMOTEIP", "TCPLOCALIP"}) ::unsetenv(name);
  }
  static Client known(const Options& options) {
    auto client = client_of_stdio(options);
    EXPECT_TRUE(client) << (client ? "" : client.error().text);
    return client ? std::move(*client) : Client();
  }
};

TEST_F(ClientOfStdio, TheCommandLineSaysWhoItIsBeforeTheEnvironmentDoes) {
  ::setenv("TCPREMOTEIP", "192.0.2.1", 1);
  EXPECT_EQ(known({}).address_text(), "192.0.2.1");
  Options options;
  options.client = "[2001:db8::7]:4711";
  EXPECT_EQ(known(options).address_text(), "2001:db8::7");
}

TEST_F(ClientOfStdio, NobodySaysWhoItIs) {
  const auto client = known({});
  EXPECT_FALSE(client.address);
  EXPECT_EQ(client.address_text(), "");
  EXPECT_FALSE(client.tls);
}

TEST_F(ClientOfStdio, TheOwnAddressComesFromTheEnvironmentToo) {
  ::setenv("TCPLOCALIP", "192.0.2.25", 1);
  const auto client = known({});
  ASSERT_TRUE(client.local);
  EXPECT_EQ(client.local->address.to_text(), "192.0.2.25");
}

TEST_F(ClientOfStdio, ItIsUnderTlsIfTheCommandLineOrTheEnvironmentSaysSo) {
  Options options;
  options.tls_done = true;
  EXPECT_TRUE(known(options).tls);
  ::setenv("TLS", "1", 1);
  EXPECT_TRUE(known({}).tls);
}

TEST_F(ClientOfStdio, WhatIsNoAddressIsSaidToBeNone) {
  Options options;
  options.client = "example.com\n";
  const auto client = client_of_stdio(options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().text, "--client example.com\\x0A: no address");
}

TEST(OptionsOfAFrontend, EachBelongsToListenersOrToStdio) {
  Options options;
  EXPECT_FALSE(options.for_listeners());
  EXPECT_FALSE(options.for_stdio());
  options.lf = true;
  EXPECT_TRUE(options.for_stdio());
  options.ready_fd = "3";
  EXPECT_TRUE(options.for_listeners());
}

TEST(TlsFromTheStart, WithoutACertificateTheLogSaysSoAndNobodyIsServed) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd log(ends[0]);
  {
    const UniqueFd writer(ends[1]);
    const log::Logger logger("test", log::Level::info, log::Format::logfmt, writer.get());
    net::FdStream stream(-1, -1);
    Client client;
    client.address = net::parse_endpoint("192.0.2.1", 0);
    EXPECT_EQ(secure(nullptr, stream, client, logger), nullptr);
    EXPECT_FALSE(client.tls);
  }
  std::array<char, 512> line{};
  const auto length = ::read(log.get(), line.data(), line.size());
  ASSERT_GT(length, 0);
  const std::string_view said(line.data(), static_cast<std::size_t>(length));
  EXPECT_NE(said.find("tls-failed"), said.npos) << said;
  EXPECT_NE(said.find("192.0.2.1"), said.npos) << said;
}

}  // namespace
}  // namespace tubepost::frontend
