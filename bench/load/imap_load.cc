// Loads an IMAP server with short commands, whose time is that of a slow client otherwise.
//
//   imap-load logins PORT COUNT COMMAND…     a thread for each COMMAND connects, logs in, sends it and closes, COUNT times
//   imap-load commands PORT COUNT COMMAND…   a session for each COMMAND sends it COUNT times, the next when the reply has come; the
//                                            time begins when all have logged in
//
// A COMMAND that ends in {+} is followed by what stands on stdin, as a literal. Prints the seconds. A reply that is not OK ends all.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <string>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what, const std::string& said = {}) {
  std::fprintf(stderr, "imap-load: %s %s\n", what, said.c_str());
  std::exit(1);
}

class Session {
public:
  explicit Session(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("connect");
    while (replies_.find("\r\n") == std::string::npos) receive();
    command("LOGIN bob@example.test secret");
  }
  Session(const Session&) = delete;
  ~Session() { ::close(fd_); }

  int fd() const { return fd_; }
  void command(const std::string& text) {
    send(text);
    while (!receive()) continue;
  }
  void send(const std::string& text) {
    const std::string line = "a " + text + "\r\n";
    for (std::size_t done = 0; done < line.size();) {
      const auto size = ::send(fd_, line.data() + done, line.size() - done, MSG_NOSIGNAL);
      if (size <= 0) fail("send");
      done += static_cast<std::size_t>(size);
    }
    replies_ = "\r\n";
  }
  // Takes what there is; says whether the tagged reply is complete.
  bool receive() {
    char buffer[16'384];
    const auto size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size <= 0) fail("the server closed:", replies_);
    replies_.append(buffer, static_cast<std::size_t>(size));
    const auto tagged = replies_.find("\r\na ");
    if (tagged == std::string::npos || !replies_.ends_with("\r\n")) return false;
    if (replies_.compare(tagged + 4, 2, "OK") != 0) fail("refused:", replies_.substr(tagged));
    return true;
  }

private:
  int fd_;
  std::string replies_;  // since the last command, behind a line end
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double logins(std::uint16_t port, unsigned count, const std::vector<std::string>& texts) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (const auto& text : texts)
    threads.emplace_back([&] {
      for (unsigned done = 0; done < count; ++done) Session(port).command(text);
    });
  for (auto& thread : threads) thread.join();
  return seconds_since(begin);
}

// One thread for all.
double commands(std::uint16_t port, unsigned count, const std::vector<std::string>& texts) {
  std::list<Session> sessions;
  std::vector<pollfd> polled;
  for (std::size_t i = 0; i < texts.size(); ++i) polled.push_back({sessions.emplace_back(port).fd(), POLLIN, 0});
  std::vector<unsigned> left(texts.size(), count);
  const auto begin = std::chrono::steady_clock::now();
  auto session = sessions.begin();
  for (const auto& text : texts) (session++)->send(text);
  for (std::size_t active = texts.size(); active > 0;) {
    if (::poll(polled.data(), polled.size(), -1) < 0) fail("poll");
    session = sessions.begin();
    for (std::size_t i = 0; i < texts.size(); ++i, ++session) {
      if (polled[i].revents == 0 || !session->receive()) continue;
      if (--left[i] > 0) {
        session->send(texts[i]);
      } else {
        polled[i].fd = -1;
        --active;
      }
    }
  }
  return seconds_since(begin);
}

std::string all_of_stdin() {
  std::string all;
  char buffer[16'384];
  while (const auto size = std::fread(buffer, 1, sizeof buffer, stdin)) all.append(buffer, size);
  return all;
}

// RFC 7888: the server is not asked first.
std::string with_literal(const std::string& command) {
  static const std::string literal = all_of_stdin();
  return command.substr(0, command.size() - 2) + std::to_string(literal.size()) + "+}\r\n" + literal;
}

unsigned number(const char* text) { return static_cast<unsigned>(std::strtoul(text, nullptr, 10)); }

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (argc < 5 || (mode != "commands" && mode != "logins"))
    fail("usage: imap-load logins|commands PORT COUNT COMMAND...");
  const auto port = static_cast<std::uint16_t>(number(argv[2]));
  const unsigned count = number(argv[3]);
  std::vector<std::string> texts(argv + 4, argv + argc);
  for (auto& text : texts)
    if (text.ends_with("{+}")) text = with_literal(text);
  std::printf("%.6f\n", mode == "logins" ? logins(port, count, texts) : commands(port, count, texts));
}
