// LIMITS RCPTDOMAINMAX (RFC 9422 4.3), with a server that has more than one session.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "mxsend/courier.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "support/fake_resolver.h"

namespace tubepost::mxsend {
namespace {

constexpr int patience = 30'000;  // milliseconds

// Takes one domain a session, as it says; `after_message`: what it answers to the message of each session.
class OneDomainServer {
public:
  explicit OneDomainServer(std::vector<std::string> after_message)
      : after_message_(std::move(after_message)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&own), size) != 0 ||
        ::listen(socket_.get(), 8) != 0)
      std::abort();
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size);
    port_ = ntohs(own.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  std::uint16_t port() const { return port_; }
  // The recipients that were named, "|" between sessions.
  std::string end() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
    return named_;
  }

private:
  void serve() {
    for (const auto& answer : after_message_) {
      pollfd one{socket_.get(), POLLIN, 0};
      if (::poll(&one, 1, patience) != 1) return;
      UniqueFd peer(::accept(socket_.get(), nullptr, nullptr));
      if (!peer) return;
      net::FdStream stream(std::move(peer));
      stream.set_time_limit(std::chrono::milliseconds(patience));
      net::LineStream lines(stream);
      try {
        hold_session(lines, answer);
      } catch (const net::StreamEnd&) {
        named_ += " gone";
      }
      named_ += '|';
    }
  }
  void hold_session(net::LineStream& lines, const std::string& answer) {
    lines << "220 mx\r\n";
    for (bool in_message = false;;) {
      const auto read = lines.read_line(2000);
      if (read.kind != net::LineStream::Line::Kind::ok) return;
      const std::string line(read.text);
      if (in_message && line != ".") continue;
      if (line.starts_with("RCPT")) named_ += line.substr(8);
      in_message = line == "DATA";
      lines << (line == "."                ? answer
                : in_message               ? "354 go on\r\n"
                : line.starts_with("EHLO") ? "250-mx\r\n250 LIMITS RCPTDOMAINMAX=1\r\n"
                                           : "250 ok\r\n");
      lines.flush();
      if (line == "QUIT") return;
    }
  }

  const std::vector<std::string> after_message_;
  UniqueFd socket_;
  std::uint16_t port_ = 0;
  std::string named_;
  std::thread thread_;
};

// The verdicts, of three recipients in two domains.
std::string send(std::uint16_t port) {
  ManualClock clock;
  const log::Logger logger{"mxsend", log::Level::error, log::Format::logfmt, -1};
  Options options;
  options.hostname = "me.test";
  test_support::FakeResolver resolver;
  const Routes routes(options, resolver, nullptr);
  TlsContexts contexts("");
  Watch watch;
  Admission admission(clock);
  process::Record record;
  record.set("id", spool::SpoolId::make(clock).to_text())
      .set("domain", "one.test")
      .set("sender", "a@sender.test");
  record.set("route", "host:127.0.0.1:" + std::to_string(port));
  record.set("rcpt", "0 - - x@one.test").set("rcpt", "1 - - y@two.test").set("rcpt", "2 - - z@ONE.test");
  const auto job = relay::parse_job(record);
  if (!job) return job.error().text;
  Courier courier({options, routes, contexts, watch, clock, logger, admission});
  std::string all;
  for (const auto& verdict : courier.carry(*job, "Subject: x\r\n\r\nbody\r\n").verdicts)
    all += std::to_string(verdict.reply) + ' ' + verdict.text + ';';
  return all;
}

TEST(DomainLimit, TheOthersGetASessionOfTheirOwnAtOnce) {
  OneDomainServer server({"250 first\r\n", "250 second\r\n"});
  EXPECT_EQ(send(server.port()), "250 first;250 second;250 first;");
  EXPECT_EQ(server.end(), "<x@one.test><z@ONE.test>|<y@two.test>|");
}

TEST(DomainLimit, WhoIsPutOffIsNotNamedAgainInTheNextSession) {
  OneDomainServer server({"451 later\r\n", "250 second\r\n"});
  EXPECT_EQ(send(server.port()), "451 later;250 second;451 later;");
  EXPECT_EQ(server.end(), "<x@one.test><z@ONE.test>|<y@two.test>|");
}

}  // namespace
}  // namespace tubepost::mxsend
