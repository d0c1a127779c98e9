// STLS, RFC 2595 4, with a real handshake over an in-memory pipe.
#include <thread>

#include "net/line_stream.h"
#include "unit/popd/fixture.h"

namespace tubepost::popd::test {
namespace {

class Stls : public testing::Test {
protected:
  Stls() {
    const auto made = tls::make_self_signed("mx.example.test", 10).value();
    const auto certificate = service_.store.folder / "c.pem", key = service_.store.folder / "k.pem";
    EXPECT_TRUE(write_file_atomically(certificate, made.certificate, 0600));
    EXPECT_TRUE(write_file_atomically(key, made.key, 0600));
    service_.tls = tls::ServerContext::load({{certificate, key}}, service_.logger).value();
    auto [here, there] = test_support::make_pipe_streams();
    client_ = std::move(here);
    client_->set_time_limit(std::chrono::seconds(30));
    session_ = std::thread([this, stream = std::move(there)]() mutable {
      service_.serve(*stream, Service::stranger(false));
      stream.reset();
    });
  }
  ~Stls() override {
    client_.reset();
    session_.join();
  }
  static std::string next(net::LineStream& lines) { return std::string(lines.read_line(1000).text); }

  Service service_;
  std::unique_ptr<test_support::PipeStream> client_;
  std::thread session_;
};

TEST_F(Stls, AllowsPasswordsAfterwards) {
  net::LineStream clear(*client_);
  next(clear);
  clear << "USER bob@example.test\r\nSTLS\r\n";
  EXPECT_TRUE(next(clear).starts_with("-ERR [AUTH]"));
  EXPECT_EQ(next(clear), "+OK Begin TLS negotiation");
  auto secured = tls::ClientContext::create("", false).value()->connect(*client_, "mx.example.test");
  ASSERT_TRUE(secured.has_value()) << secured.error().text;
  net::LineStream lines(**secured);
  lines << "USER bob@example.test\r\nPASS secret\r\nSTLS\r\nQUIT\r\n";
  EXPECT_EQ(next(lines), "+OK Send your password");
  EXPECT_EQ(next(lines), "+OK 0 messages, 0 octets");
  EXPECT_EQ(next(lines), "-ERR You are logged in already");
  EXPECT_EQ(next(lines), "+OK Goodbye");
  EXPECT_TRUE(service_.authenticator.requests.at(0).secured);
}

TEST_F(Stls, ForgetsWhatWasSaidInClearText) {
  net::LineStream clear(*client_);
  next(clear);
  // An attacker in between puts commands behind STLS; they must not be taken for the client's own.
  clear << "STLS\r\nUSER mallory@example.test\r\nCAPA\r\n";
  EXPECT_EQ(next(clear), "+OK Begin TLS negotiation");
  auto secured = tls::ClientContext::create("", false).value()->connect(*client_, "mx.example.test");
  ASSERT_TRUE(secured.has_value()) << secured.error().text;
  net::LineStream lines(**secured);
  lines << "PASS secret\r\nNOOP\r\n";
  EXPECT_EQ(next(lines), "-ERR Send USER first");
  EXPECT_EQ(next(lines), "-ERR Log in first");
}

TEST_F(Stls, IsOfferedBeforeTlsOnly) {
  net::LineStream clear(*client_);
  next(clear);
  clear << "CAPA\r\n";
  std::vector<std::string> lines;
  do lines.push_back(next(clear));
  while (lines.back() != ".");
  EXPECT_NE(std::find(lines.begin(), lines.end(), "STLS"), lines.end());
}

}  // namespace
}  // namespace tubepost::popd::test
