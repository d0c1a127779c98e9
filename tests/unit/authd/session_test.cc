// What goes over the line, on a socket pair.
#include "authd/session.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <thread>

#include "base/file.h"
#include "instance.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"

namespace tubepost::authd {
namespace {

class Line : public Instance {
protected:
  Line() {
    add("alice@example.test", "secret");
    config::Inputs inputs;
    inputs.home = home_;
    live_.emplace(inputs, config::load(inputs).settings, logger_);
    service_.emplace(*directory_, *secrets_, *live_, clock_, logger_);
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    ours_.emplace(UniqueFd(pair[0]));
    ours_->set_time_limit(std::chrono::seconds(20));
    lines_.emplace(*ours_);
    lines_->set_accept_lf(true);
    session_ = std::thread([this, fd = pair[1]] {
      net::FdStream stream{UniqueFd(fd)};
      Session(*service_, stream, 7).run();
    });
  }
  ~Line() override {
    lines_.reset();
    ours_.reset();
    session_.join();
    service_.reset();
    live_.reset();
  }

  void say(const std::string& text) { *lines_ << text, lines_->flush(); }
  std::string hear() {
    const auto line = lines_->read_line(20000);
    return line.kind == net::LineStream::Line::Kind::ok ? std::string(line.text) : "(end)";
  }
  void shake_hands() {
    say("VERSION\t1\t1\nCPID\t99\n");
    while (hear() != "DONE") {
    }
  }

  log::Logger logger_{"authd", log::Level::error, log::Format::logfmt};
  SystemClock clock_;
  std::optional<config::LiveSettings> live_;
  std::optional<Service> service_;
  std::optional<net::FdStream> ours_;
  std::optional<net::LineStream> lines_;
  std::thread session_;
};

TEST_F(Line, BeginsWithTheHandshake) {
  EXPECT_EQ(hear(), "VERSION\t1\t3");
  EXPECT_EQ(hear(), "MECH\tPLAIN\tplaintext");
  EXPECT_EQ(hear(), "MECH\tLOGIN\tplaintext");
  EXPECT_EQ(hear(), "MECH\tSCRAM-SHA-256");
  EXPECT_EQ(hear(), "MECH\tSCRAM-SHA-256-PLUS\tprivate\tchannel-binding");
  EXPECT_TRUE(hear().starts_with("SPID\t"));
  EXPECT_EQ(hear(), "CUID\t7");
  EXPECT_TRUE(hear().starts_with("COOKIE\t"));
  EXPECT_EQ(hear(), "DONE");
}

TEST_F(Line, AnswersALogin) {
  shake_hands();
  say("AUTH\t1\tPLAIN\tservice=smtp\trip=192.0.2.7\tresp=AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQ=\n");
  EXPECT_EQ(hear(), "OK\t1\tuser=alice@example.test");
  say("AUTH\t2\tPLAIN\tservice=smtp\trip=192.0.2.7\tresp=AGFsaWNlQGV4YW1wbGUudGVzdAB3cm9uZw==\n");
  EXPECT_EQ(hear(), "FAIL\t2\tuser=alice@example.test");
}

TEST_F(Line, AsksAndIsAnswered) {
  shake_hands();
  say("AUTH\t5\tLOGIN\tservice=imap\n");
  EXPECT_EQ(hear(), "CONT\t5\tVXNlcm5hbWU6");
  say("CONT\t5\tYWxpY2U=\n");
  EXPECT_EQ(hear(), "CONT\t5\tUGFzc3dvcmQ6");
  say("CONT\t5\tc2VjcmV0\n");
  EXPECT_EQ(hear(), "OK\t5\tuser=alice@example.test");
}

TEST_F(Line, ForgetsWhatIsCancelled) {
  shake_hands();
  say("AUTH\t5\tLOGIN\tservice=imap\n");
  hear();
  say("CANCEL\t5\nCONT\t5\tYWxpY2U=\n");
  EXPECT_EQ(hear(), "FAIL\t5\treason=No such login");
}

TEST_F(Line, KnowsNoOtherMechanism) {
  shake_hands();
  say("AUTH\t1\tNTLM\tservice=smtp\n");
  EXPECT_EQ(hear(), "FAIL\t1\treason=Unsupported authentication mechanism");
}

TEST_F(Line, EndsAtWhatIsNotTheProtocol) {
  shake_hands();
  say("AUTH\tx\n");
  EXPECT_EQ(hear(), "(end)");
}

TEST_F(Line, EndsAtAnotherVersion) {
  say("VERSION\t2\t0\n");
  while (hear() != "DONE") {
  }
  EXPECT_EQ(hear(), "(end)");
}

TEST_F(Line, EndsAtALoginBeforeTheHandshake) {
  say("AUTH\t1\tLOGIN\tservice=imap\n");
  while (hear() != "DONE") {
  }
  EXPECT_EQ(hear(), "(end)");
}

TEST_F(Line, EndsAtAnIdThatIsInUse) {
  shake_hands();
  say("AUTH\t1\tLOGIN\tservice=imap\nAUTH\t1\tLOGIN\tservice=imap\n");
  hear();
  EXPECT_EQ(hear(), "(end)");
}

TEST_F(Line, EndsWithTheClientWhileAHashIsMade) {
  shake_hands();
  say("AUTH\t1\tPLAIN\tservice=smtp\tresp=AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQ=\n");
}

// printf '…' | authd --stdio: the end of input comes before the password is hashed, and long before a failure is told.
TEST_F(Line, OnAPipeAnswersAllThatWasAskedBeforeTheEnd) {
  int input[2], output[2];
  ASSERT_EQ(::pipe2(input, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
  const std::string asked =
      "VERSION\t1\t2\nCPID\t9\n"
      "AUTH\t1\tPLAIN\tservice=smtp\trip=192.0.2.7\tresp=AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQ=\n"
      "AUTH\t2\tPLAIN\tservice=smtp\trip=192.0.2.7\tresp=AGFsaWNlQGV4YW1wbGUudGVzdAB3cm9uZw==\n"
      "AUTH\t3\tLOGIN\tservice=smtp\n";
  ASSERT_TRUE(write_all(input[1], asked));
  ::close(input[1]);
  {
    const UniqueFd reads(input[0]), writes(output[1]);
    net::FdStream stream(reads.get(), writes.get());
    Session(*service_, stream, 8).run_and_answer_all();
  }
  const UniqueFd heard(output[0]);
  const std::string said = *read_all(heard.get(), 1 << 16);
  EXPECT_NE(said.find("OK\t1\tuser=alice@example.test\n"), std::string::npos) << said;
  EXPECT_NE(said.find("FAIL\t2\tuser=alice@example.test\n"), std::string::npos) << said;
}

}  // namespace
}  // namespace tubepost::authd
