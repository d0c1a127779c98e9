#include "avscan-wrap/clamd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <functional>
#include <thread>

#include "avscan-wrap/limits.h"
#include "unit/avscan-wrap/fakes.h"

namespace tubepost::avscan {
namespace {

// A clamd for as many connections as there are answers. "" closes without a word; an answer that begins with
// '!' is sent before the message is read.
class FakeClamd {
public:
  explicit FakeClamd(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listen();
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeClamd() { thread_.join(); }

  std::string address() const { return "unix:" + path_; }
  std::vector<std::string> messages;  // after the object's end only; here: after the last answer

private:
  void listen() {
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(socket_.get(), 5), 0);
  }

  static std::string read_exactly(int fd, std::size_t count) {
    std::string bytes(count, '\0');
    const auto got = ::recv(fd, bytes.data(), count, MSG_WAITALL);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  static std::string read_message(int fd) {
    EXPECT_EQ(read_exactly(fd, 10), std::string("zINSTREAM\0", 10));
    std::string message;
    for (;;) {
      std::size_t length = 0;
      for (const char c : read_exactly(fd, 4)) length = length << 8 | static_cast<unsigned char>(c);
      if (length == 0) return message;
      message += read_exactly(fd, length);
    }
  }

  void serve() {
    for (const auto& answer : answers_) {
      const UniqueFd client(::accept(socket_.get(), nullptr, nullptr));
      if (answer.empty()) continue;
      if (answer[0] != '!') messages.push_back(read_message(client.get()));
      const std::string reply = answer.substr(answer[0] == '!' ? 1 : 0) + '\0';
      ::send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
      if (answer[0] == '!') ::shutdown(client.get(), SHUT_RD);
    }
  }

  Folder folder_;
  std::string path_ = folder_ / "clamd";
  UniqueFd socket_;
  std::vector<std::string> answers_;
  std::thread thread_;
};

Finding ask(const std::string& address, std::string_view bytes,
            std::chrono::milliseconds time = std::chrono::seconds(20)) {
  Options options;
  options.clamd = address;
  return ClamdScanner(options).scan(bytes, "x", net::Deadline(time));
}

TEST(Clamd, AnswersAreUnderstood) {
  struct Row {
    const char* reply;
    Verdict verdict;
    const char* virus;
  };
  const Row rows[] = {{"stream: OK", Verdict::clean, ""},
                      {"stream: Eicar-Test FOUND", Verdict::infected, "Eicar-Test"},
                      {"stream: a: b FOUND", Verdict::infected, "a: b"},
                      {"stream:  FOUND", Verdict::failed, ""},
                      {"FOUND", Verdict::failed, ""},
                      {"INSTREAM size limit exceeded. ERROR", Verdict::failed, ""},
                      {"UNKNOWN COMMAND", Verdict::failed, ""},
                      {"", Verdict::failed, ""},
                      {"stream: OK FOUND", Verdict::infected, "OK"}};
  for (const Row& row : rows) {
    const auto finding = finding_of_reply(row.reply);
    EXPECT_EQ(finding.verdict, row.verdict) << row.reply;
    EXPECT_EQ(finding.virus, row.virus) << row.reply;
  }
}

TEST(Clamd, IsGivenTheWholeMessageInPieces) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{256 << 10},
                                 std::size_t{(256 << 10) + 1}, std::size_t{900000}}) {
    const std::string message(size, 'm');
    std::vector<std::string> got;
    {
      FakeClamd clamd({"stream: OK"});
      EXPECT_EQ(ask(clamd.address(), message).verdict, Verdict::clean) << size;
      got = clamd.messages;
    }
    EXPECT_EQ(got, std::vector<std::string>{message}) << size;
  }
}

TEST(Clamd, ThatRestartsIsAskedAgain) {
  FakeClamd clamd({"", "", "stream: V FOUND"});
  EXPECT_EQ(ask(clamd.address(), "x").verdict, Verdict::infected);
}

TEST(Clamd, ThatTakesNoMoreIsHeardNonetheless) {
  FakeClamd clamd({"!INSTREAM size limit exceeded. ERROR"});
  const auto finding = ask(clamd.address(), "x");
  EXPECT_EQ(finding.verdict, Verdict::failed);
  EXPECT_NE(finding.reason.find("size limit"), std::string::npos) << finding.reason;
}

TEST(Clamd, ThatIsNotThereIsAFailureInTime) {
  const auto finding = ask("unix:/no/such/clamd", "x", std::chrono::milliseconds(100));
  EXPECT_EQ(finding.verdict, Verdict::failed);
  EXPECT_NE(finding.reason.find("/no/such/clamd"), std::string::npos);
}

TEST(Clamd, ThatSaysNothingIsAFailureInTime) {
  Folder folder;
  const std::string path = folder / "s";
  const UniqueFd silent(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(silent.get(), 5), 0);
  EXPECT_EQ(ask("unix:" + path, "x", std::chrono::milliseconds(300)).verdict, Verdict::failed);
}

TEST(Clamd, ThatAnswersWithoutEndIsAFailure) {
  FakeClamd clamd({std::string(clamd_reply_max * 3, 'x')});
  EXPECT_EQ(ask(clamd.address(), "x", std::chrono::milliseconds(300)).verdict, Verdict::failed);
}

}  // namespace
}  // namespace tubepost::avscan
