// The program itself: into a spool, and to a scripted server in the place of smtpd's local socket.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "process/child.h"
#include "spool/spool.h"

namespace tubepost::sendmail {
namespace {

class SendmailProgram : public testing::Test {
protected:
  SendmailProgram() {
    home_ = testing::TempDir() + "/sendmail-" + std::to_string(::getpid()) + '-' +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(home_ + "/run");
    std::ofstream(home_ + "/tubepost.conf")
        << "[server]\nhostname = mx.example.test\n[smtpd]\nmessage-size-max = 100K\n";
  }
  ~SendmailProgram() override { std::filesystem::remove_all(home_); }

  void make_spool() {
    std::filesystem::create_directories(home_ + "/spool");
    spool::Spool::Options options;
    options.create = true;
    ASSERT_TRUE(spool::Spool::open(home_ + "/spool", options, clock_));
  }

  int run(const std::vector<std::string>& arguments, const std::string& message) {
    std::ofstream(home_ + "/message") << message;
    const UniqueFd input(::open((home_ + "/message").c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd errors(
        ::open((home_ + "/stderr").c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
    std::vector<std::string> argv = {process::sibling_program("sendmail"), "--home", home_};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    process::ChildOptions options;
    options.redirects = {{input.get(), 0}, {errors.get(), 2}};
    auto child = process::Child::spawn(argv, options);
    if (!child) return -1;
    return child->wait().code;
  }
  std::string errors() const { return *read_file(home_ + "/stderr"); }

  // What is in the spool, and the first message's text.
  std::vector<spool::Queued> queue() const {
    std::vector<spool::Queued> all;
    spool::Spool::Options options;
    options.read_only = true;
    const auto spool = spool::Spool::open(home_ + "/spool", options, clock_);
    EXPECT_TRUE(spool->list({}, [&](const spool::Queued& each) { return all.push_back(each), true; }));
    if (!all.empty()) text_ = std::string(spool->body(all[0].id)->bytes());
    return all;
  }

  // Plays smtpd's local socket: one connection, answers by the table, and keeps what it heard.
  std::thread serve(std::vector<std::string> replies, std::string& heard) {
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = home_ + "/run/submit.sock";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    return std::thread([listener, replies = std::move(replies), &heard] {
      net::FdStream stream{UniqueFd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC))};
      ::close(listener);
      net::LineStream lines(stream);
      try {
        for (const auto& reply : replies) {
          lines << reply << "\r\n";
          const bool data = reply.starts_with("354");
          for (auto line = lines.read_line(10000); line.kind == net::LineStream::Line::Kind::ok;
               line = lines.read_line(10000)) {
            heard += std::string(line.text) + '\n';
            if (!data || line.text == ".") break;
          }
        }
      } catch (const net::StreamEnd&) {
      }
    });
  }

  SystemClock clock_;
  std::string home_;
  mutable std::string text_;
};

TEST_F(SendmailProgram, PutsAMessageIntoTheSpool) {
  make_spool();
  ASSERT_EQ(run({"-t", "-N", "never"},
                "To: bob@example.test\nBcc: eve@example.test\nSubject: hi\n\nhällo\n.\nno\n"),
            0)
      << errors();
  const auto all = queue();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].envelope.reverse_path.ends_with("@mx.example.test"));
  EXPECT_EQ(all[0].envelope.body_type, spool::BodyType::eight_bit_mime);
  EXPECT_EQ(all[0].envelope.origin.role, "local");
  ASSERT_EQ(all[0].recipients.size(), 2u);
  EXPECT_EQ(all[0].recipients[1].address, "eve@example.test");
  EXPECT_EQ(all[0].recipients[1].notify, "NEVER");
  EXPECT_TRUE(text_.starts_with("Received: "));
  EXPECT_TRUE(text_.ends_with("Subject: hi\r\n\r\nhällo\r\n")) << text_;
  EXPECT_EQ(text_.find("eve"), std::string::npos);
}

TEST_F(SendmailProgram, PutsNothingIntoTheSpoolWhereItRefuses) {
  make_spool();
  EXPECT_EQ(run({}, "Subject: x\n\n"), 64);
  EXPECT_EQ(run({"-bd"}, ""), 64);
  EXPECT_EQ(run({"not an address@x"}, "Subject: x\n\n"), 65);
  EXPECT_EQ(run({"bob@example.test"}, "Subject: x\n\n" + std::string(200 << 10, 'x') + "\n"), 65);
  EXPECT_EQ(run({"bob@example.test"}, "Subject: x\n\na\rb\n"), 77);
  EXPECT_TRUE(queue().empty());
}

TEST_F(SendmailProgram, FailsTemporarilyWithoutSpoolAndService) {
  EXPECT_EQ(run({"bob@example.test"}, "Subject: x\n\n"), 75);
  EXPECT_NE(errors().find("submit.sock"), std::string::npos) << errors();
}

TEST_F(SendmailProgram, HandsOverWhereItMayNotWrite) {
  std::string heard;
  auto server = serve(
      {"220 mx", "250-mx\r\n250 8BITMIME", "250 ok", "250 ok", "354 go", "250 2.0.0 Ok: queued as x"}, heard);
  EXPECT_EQ(run({"-oi", "-f", "joe@example.test", "bob@example.test"}, "Subject: x\n\n.\nend\n"), 0)
      << errors();
  server.join();
  EXPECT_NE(heard.find("MAIL FROM:<joe@example.test> BODY=8BITMIME\nRCPT TO:<bob@example.test>\nDATA\n"),
            std::string::npos)
      << heard;
  EXPECT_NE(heard.find("Subject: x\n\n..\nend\n.\n"), std::string::npos) << heard;
}

// Who may not read the directory: "bob" is of the domain that smtpd names, not of this host.
TEST_F(SendmailProgram, IsToldThePrimaryDomain) {
  std::string heard;
  auto server = serve({"220 mx", "250-mx\r\n250-XPRIMARYDOMAIN j+C3+B6.test\r\n250 8BITMIME", "250 ok",
                       "250 ok", "354 go", "250 2.0.0 Ok: queued as x"},
                      heard);
  EXPECT_EQ(run({"-t"}, "To: bob\n\nx\n"), 0) << errors();
  server.join();
  EXPECT_NE(heard.find("RCPT TO:<bob@jö.test>\n"), std::string::npos) << heard;
  EXPECT_NE(heard.find("To: bob@jö.test\n"), std::string::npos) << heard;
}

TEST_F(SendmailProgram, PassesRefusalsOn) {
  std::string heard;
  auto server = serve({"220 mx", "250 mx", "250 ok", "550 5.1.1 no such user"}, heard);
  EXPECT_EQ(run({"bob@example.test"}, "Subject: x\n\n"), 77);
  server.join();
  EXPECT_NE(errors().find("no such user"), std::string::npos) << errors();
}

TEST_F(SendmailProgram, FailsTemporarilyWhenTheServiceDiesBeforeItsAnswer) {
  std::string heard;
  auto server = serve({"220 mx", "250 mx", "250 ok", "250 ok", "354 go"}, heard);
  EXPECT_EQ(run({"bob@example.test"}, "Subject: x\n\n"), 75);
  server.join();
}

TEST_F(SendmailProgram, BecomesItsSiblings) {
  make_spool();
  const bool built = std::filesystem::exists(process::sibling_program("mailq"));
  EXPECT_EQ(run({"-bp"}, ""), built ? 0 : 75);
  EXPECT_EQ(run({"-bi"}, ""), 0);
  EXPECT_EQ(run({"-q"}, ""), 0);
}

TEST_F(SendmailProgram, TakesNothingWhileItsListsCannotBeRead) {
  make_spool();
  std::filesystem::create_directories(home_ + "/directory");
  std::ofstream(home_ + "/directory/data.mdb") << std::string(8192, 'x');
  EXPECT_EQ(run({"bob@example.test"}, "Subject: hi\n\nx\n"), 75);
  EXPECT_NE(errors().find("access rules: "), std::string::npos) << errors();
  EXPECT_EQ(queue().size(), 0u);
}

TEST_F(SendmailProgram, MessageFiltersDecideHereToo) {
  make_spool();
  const auto filter = [&](const std::string& script) {
    std::ofstream(home_ + "/tubepost.conf")
        << "[server]\nhostname = mx.example.test\n[smtpd]\nfilter = /bin/sh -c \"" << script << "\"\n";
  };
  const std::string message = "Subject: hi\n\nhello\n";
  filter("echo Infected: Eicar >&2; exit 77");
  EXPECT_EQ(run({"bob@example.test"}, message), 77);
  EXPECT_NE(errors().find("Infected: Eicar"), std::string::npos);
  filter("exit 75");
  EXPECT_EQ(run({"bob@example.test"}, message), 75);
  filter("exit 99");
  EXPECT_EQ(run({"bob@example.test"}, message), 0);
  EXPECT_EQ(queue().size(), 0U);
  filter("echo X-Sender: $SENDER $AUTH_USER; cat");
  EXPECT_EQ(run({"-f", "alice@example.test", "bob@example.test"}, message), 0);
  ASSERT_EQ(queue().size(), 1U);
  EXPECT_TRUE(text_.starts_with("X-Sender: alice@example.test ")) << text_;
}

}  // namespace
}  // namespace tubepost::sendmail
