// Fetches messages by POP3 as fast as they come; a slow client's own time would be part of it otherwise.
//
//   pop3-load PORT MESSAGES AHEAD      the first MESSAGES of the mailbox, AHEAD of them asked for at a time (RFC 2449 6.6)
//
// Prints the seconds, without the login. A reply that is not +OK ends all.
#include <algorithm>
#include <chrono>
#include <string>

#include "load/tcp_client.h"

namespace {

using load::fail, load::number;

class Session {
public:
  explicit Session(std::uint16_t port) : client_(port) {
    expect_line();
    for (const char* command : {"USER bob@example.test\r\n", "PASS secret\r\n"}) {
      client_.write(command);
      expect_line();
    }
  }

  void send(const std::string& commands) { client_.write(commands); }
  void expect_line() { expect("\r\n"); }
  void expect_message() { expect("\r\n.\r\n"); }

private:
  // A reply of +OK, up to what ends it.
  void expect(const std::string& end) {
    std::size_t looked = 0;
    std::size_t at = 0;
    while ((at = rest_.find(end, looked)) == std::string::npos) {
      looked = rest_.size() - std::min(rest_.size(), end.size());
      client_.read_to(rest_);
    }
    if (!rest_.starts_with("+OK")) fail("refused:", rest_.substr(0, 200));
    rest_.erase(0, at + end.size());
  }

  load::TcpClient client_;
  std::string rest_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: pop3-load PORT MESSAGES AHEAD");
  const unsigned messages = number(argv[2]), ahead = std::max(number(argv[3]), 1u);
  Session session(static_cast<std::uint16_t>(number(argv[1])));
  const auto begin = std::chrono::steady_clock::now();
  for (unsigned first = 1; first <= messages; first += ahead) {
    const unsigned last = std::min(first + ahead - 1, messages);
    std::string commands;
    for (unsigned message = first; message <= last; ++message) commands += "RETR " + std::to_string(message) + "\r\n";
    session.send(commands);
    for (unsigned message = first; message <= last; ++message) session.expect_message();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.6f\n", took.count());
}
