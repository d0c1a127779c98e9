// STARTTLS, RFC 9051 6.2.1, with a real handshake over an in-memory pipe.
#include <thread>

#include "net/line_stream.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

class Starttls : public testing::Test {
protected:
  Starttls() {
    service_.offer_tls();
    auto [here, there] = test_support::make_pipe_streams();
    client_ = std::move(here);
    client_->set_time_limit(std::chrono::seconds(30));
    session_ = std::thread([this, stream = std::move(there)]() mutable {
      service_.serve(*stream, Service::stranger(false));
      stream.reset();
    });
  }
  ~Starttls() override {
    client_.reset();
    session_.join();
  }
  static std::string next(net::LineStream& lines) { return std::string(lines.read_line(2000).text); }

  Service service_;
  std::unique_ptr<test_support::PipeStream> client_;
  std::thread session_;
};

std::unique_ptr<tls::TlsStream> secure(net::Stream& stream) {
  auto secured = tls::ClientContext::create("", false).value()->connect(stream, "mx.example.test");
  EXPECT_TRUE(secured.has_value()) << secured.error().text;
  return std::move(*secured);
}

TEST_F(Starttls, AllowsPasswordsAfterwards) {
  net::LineStream clear(*client_);
  EXPECT_NE(next(clear).find("STARTTLS LOGINDISABLED"), std::string::npos);
  clear << "a LOGIN bob@example.test secret\r\nb STARTTLS\r\n";
  EXPECT_TRUE(next(clear).starts_with("a NO [PRIVACYREQUIRED]"));
  EXPECT_EQ(next(clear), "b OK Begin TLS negotiation");
  const auto secured = secure(*client_);
  net::LineStream lines(*secured);
  lines << "c LOGIN bob@example.test secret\r\nd STARTTLS\r\ne LOGOUT\r\n";
  EXPECT_TRUE(next(lines).starts_with("c OK [CAPABILITY "));
  EXPECT_EQ(next(lines), "d BAD Not in this state");
  EXPECT_EQ(next(lines), "* BYE Goodbye");
  EXPECT_TRUE(service_.authenticator.requests.at(0).secured);
  EXPECT_FALSE(service_.authenticator.requests.at(0).tls_exporter.empty());  // -PLUS binds to it
}

TEST_F(Starttls, ForgetsWhatWasSaidInClearText) {
  net::LineStream clear(*client_);
  next(clear);
  // An attacker in between puts commands behind STARTTLS; they must not be taken for the client's own.
  clear << "a STARTTLS\r\nb CAPABILITY\r\nc LOGIN {5}\r\n";
  EXPECT_EQ(next(clear), "a OK Begin TLS negotiation");
  const auto secured = secure(*client_);
  net::LineStream lines(*secured);
  lines << "d NOOP\r\n";
  EXPECT_EQ(next(lines), "d OK Done");
}

}  // namespace
}  // namespace tubepost::imapd::test
