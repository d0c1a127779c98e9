// Loads an SMTP server as many clients do, each with an address of its own out of 127/8, which Postfix's smtp-source cannot.
//
//   smtp-load PORT SESSIONS MESSAGES PER-CONNECTION FIRST-CLIENT
//
// Sessions are threads that wait for each reply. Connection number n (from FIRST-CLIENT on) comes from host n / 250 of network n % 250.
// Prints "accepted refused seconds"; a recipient that is refused ends its connection, anything else that is not as expected ends all.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "load/tcp_client.h"

namespace {

constexpr unsigned networks = 250, message_size = 10'240;

using load::fail, load::number;

in_addr_t address_of(unsigned client) {
  const unsigned host = client / networks;
  return htonl(127u << 24 | (10 + host / 250) << 16 | (1 + client % networks) << 8 | (1 + host % 250));
}

class Connection {
public:
  Connection(std::uint16_t port, unsigned client) : client_(port, address_of(client)) {
    expect('2');
    say("EHLO client.source.test\r\n", '2');
  }
  ~Connection() { say("QUIT\r\n", '2'); }

  bool send_message(const std::string& text) {
    say("MAIL FROM:<sender@source.test>\r\n", '2');
    client_.write("RCPT TO:<sink@discard.test>\r\n");
    const auto reply = read();
    if (reply[0] == '4') return false;
    if (reply[0] != '2') fail("RCPT:", reply);
    say("DATA\r\n", '3');
    say(text, '2');
    return true;
  }

private:
  void say(const std::string& text, char expected) {
    client_.write(text);
    expect(expected);
  }
  void expect(char first) {
    if (const auto reply = read(); reply[0] != first) fail("unexpected:", reply);
  }
  // A whole reply; nothing is pipelined.
  std::string read() {
    std::string reply;
    for (;;) {
      client_.read_to(reply);
      if (!reply.ends_with("\r\n")) continue;
      const auto last = reply.rfind('\n', reply.size() - 2);
      if (reply[(last == reply.npos ? 0 : last + 1) + 3] != '-') return reply;
    }
  }

  load::TcpClient client_;
};

std::string message() {
  std::string text = "From: sender@source.test\r\nTo: sink@discard.test\r\nSubject: load\r\n\r\n";
  while (text.size() < message_size) text += std::string(70, 'x') + "\r\n";
  return text + ".\r\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) fail("usage: smtp-load PORT SESSIONS MESSAGES PER-CONNECTION FIRST-CLIENT");
  const auto port = static_cast<std::uint16_t>(number(argv[1]));
  const unsigned sessions = number(argv[2]), messages = number(argv[3]), each = number(argv[4]),
                 first = number(argv[5]);
  const unsigned connections = messages / each;
  const auto text = message();
  std::atomic<unsigned> next{0}, accepted{0}, refused{0};
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < sessions; ++i)
    threads.emplace_back([&] {
      for (unsigned n = next++; n < connections; n = next++) {
        Connection connection(port, first + n);
        for (unsigned m = 0; m < each; ++m) {
          if (connection.send_message(text)) {
            ++accepted;
          } else {
            ++refused;
            break;
          }
        }
      }
    });
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%u %u %.6f\n", accepted.load(), refused.load(), took.count());
}
