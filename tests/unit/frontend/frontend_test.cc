#include "frontend/frontend.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>
#include <tuple>

#include "base/file.h"
#include "base/unique_fd.h"
#include "frontend/mail_access.h"
#include "net/fd_stream.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

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

// A server, the test's thread, and a client on a pipe.
class TlsInTheMiddle : public ::testing::Test {
protected:
  TlsInTheMiddle() {
    const auto made = tls::make_self_signed("mx.example.test", 10).value();
    const auto certificate = folder_ / "c.pem", key = folder_ / "k.pem";
    EXPECT_TRUE(write_file_atomically(certificate, made.certificate, 0600));
    EXPECT_TRUE(write_file_atomically(key, made.key, 0600));
    context_ = tls::ServerContext::load({{certificate, key}}, logger_).value();
    std::tie(client_, server_) = test_support::make_pipe_streams();
    client_->set_time_limit(std::chrono::seconds(30));
  }
  ~TlsInTheMiddle() override {
    server_.reset();
    thread_.join();
  }

  // The client says `before`, reads a line, and under TLS says `after`; then it waits for the server's end.
  void begin_client(std::string before, std::string after) {
    thread_ = std::thread([this, before = std::move(before), after = std::move(after)] {
      try {
        net::LineStream clear(*client_);
        clear << before;
        clear.read_line(100);
        auto secured = tls::ClientContext::create("", false).value()->connect(*client_, "mx.example.test");
        net::LineStream lines(*secured.value());
        lines << after;
        lines.read_line(100);
      } catch (const net::StreamEnd&) {
      }
      client_.reset();
    });
  }
  std::unique_ptr<tls::TlsStream> secure_all(net::LineStream& lines, std::chrono::milliseconds limit) {
    lines << "Go on\r\n";
    Client client;
    auto secured = start_tls(context_.get(), *server_, lines, client, limit, logger_);
    EXPECT_TRUE(client.tls);
    return secured;
  }

  test_support::TemporaryFolder folder_;
  log::Logger logger_{"test", log::Level::error, log::Format::logfmt, STDERR_FILENO};
  std::shared_ptr<tls::ServerContext> context_;
  std::unique_ptr<test_support::PipeStream> client_, server_;
  std::thread thread_;
};

TEST_F(TlsInTheMiddle, WhoSaysNothingAfterwardsIsNotWaitedForLonger) {
  begin_client("STARTTLS\r\n", "");
  net::LineStream lines(*server_);
  EXPECT_EQ(lines.read_line(100).text, "STARTTLS");
  const auto secured = secure_all(lines, std::chrono::milliseconds(50));
  ASSERT_NE(secured, nullptr);
  EXPECT_THROW(lines.read_line(100), net::TimedOut);
}

TEST_F(TlsInTheMiddle, WhatCameBeforeIsForgotten) {
  begin_client("STARTTLS\r\nNOOP injected\r\n", "NOOP own\r\n");
  net::LineStream lines(*server_);
  EXPECT_EQ(lines.read_line(100).text, "STARTTLS");
  const auto secured = secure_all(lines, std::chrono::seconds(30));
  ASSERT_NE(secured, nullptr);
  EXPECT_EQ(lines.read_line(100).text, "NOOP own");
}

}  // namespace
TEST(MailProgram, WhoIsLoggedInIsNamed) {
  test_support::TemporaryFolder home;
  std::string program = "imapd", stdio = "--stdio", preauth = "--preauth", none;
  std::string where = "--home=" + home.path();
  std::array<char*, 6> words{program.data(), stdio.data(), where.data(), preauth.data(), none.data(), nullptr};
  const MailProtocol protocol{"imapd", "", "imaps", 143, 993, "", ""};
  const auto converse = [](MailAccess&, MailClient, net::Stream&, bool) { ADD_FAILURE() << "nobody is logged in"; };
  EXPECT_EQ(run(protocol, converse, 5, words.data()), to_int(ExitStatus::usage));
}

}  // namespace tubepost::frontend
