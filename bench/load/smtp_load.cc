// Loads an SMTP server as many clients do, each with an address of its own out of 127/8, which Postfix's smtp-source cannot.
//
//   smtp-load PORT SESSIONS MESSAGES PER-CONNECTION FIRST-CLIENT
//
// Sessions are threads that wait for each reply. Connection number n (from FIRST-CLIENT on) comes from host n / 250 of network n % 250.
// Prints "accepted refused seconds"; a recipient that is refused ends its connection, anything else that is not as expected ends all.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr unsigned networks = 250, message_size = 10'240;

[[noreturn]] void fail(const char* what, const std::string& said = {}) {
  std::fprintf(stderr, "smtp-load: %s %s\n", what, said.c_str());
  std::exit(1);
}

in_addr_t address_of(unsigned client) {
  const unsigned host = client / networks;
  return htonl(127u << 24 | (10 + host / 250) << 16 | (1 + client % networks) << 8 | (1 + host % 250));
}

class Connection {
public:
  Connection(std::uint16_t port, unsigned client) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in from{}, to{};
    from.sin_family = to.sin_family = AF_INET;
    from.sin_addr.s_addr = address_of(client);
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) fail("bind");
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("connect");
    expect('2');
    say("EHLO client.source.test\r\n", '2');
  }
  Connection(const Connection&) = delete;
  ~Connection() {
    say("QUIT\r\n", '2');
    ::close(fd_);
  }

  bool send_message(const std::string& text) {
    say("MAIL FROM:<sender@source.test>\r\n", '2');
    write("RCPT TO:<sink@discard.test>\r\n");
    const auto reply = read();
    if (reply[0] == '4') return false;
    if (reply[0] != '2') fail("RCPT:", reply);
    say("DATA\r\n", '3');
    say(text, '2');
    return true;
  }

private:
  void say(const std::string& text, char expected) {
    write(text);
    expect(expected);
  }
  void expect(char first) {
    if (const auto reply = read(); reply[0] != first) fail("unexpected:", reply);
  }
  void write(const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
      const auto size = ::send(fd_, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (size <= 0) fail("send");
      done += static_cast<std::size_t>(size);
    }
  }
  // A whole reply; nothing is pipelined.
  std::string read() {
    std::string reply;
    char buffer[4096];
    for (;;) {
      const auto size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size <= 0) fail("the server closed:", reply);
      reply.append(buffer, static_cast<std::size_t>(size));
      if (!reply.ends_with("\r\n")) continue;
      const auto last = reply.rfind('\n', reply.size() - 2);
      if (reply[(last == reply.npos ? 0 : last + 1) + 3] != '-') return reply;
    }
  }

  int fd_;
};

std::string message() {
  std::string text = "From: sender@source.test\r\nTo: sink@discard.test\r\nSubject: load\r\n\r\n";
  while (text.size() < message_size) text += std::string(70, 'x') + "\r\n";
  return text + ".\r\n";
}

unsigned number(const char* text) { return static_cast<unsigned>(std::strtoul(text, nullptr, 10)); }

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
