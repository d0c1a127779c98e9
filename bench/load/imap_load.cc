// Loads an IMAP server with short commands, whose time is that of a slow client otherwise.
//
//   imap-load logins PORT COUNT COMMAND…     a thread for each COMMAND connects, logs in, sends it and closes, COUNT times
//   imap-load commands PORT COUNT COMMAND…   a session for each COMMAND sends it COUNT times, the next when the reply has come; the
//                                            time begins when all have logged in
//
// A COMMAND that ends in {+} is followed by what stands on stdin, as a literal. Prints the seconds. A reply that is not OK ends all.
#include <poll.h>

#include <chrono>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "load/tcp_client.h"

namespace {

using load::fail, load::number;

class Session {
public:
  explicit Session(std::uint16_t port) : client_(port) {
    while (replies_.find("\r\n") == std::string::npos) client_.read_to(replies_);
    command("LOGIN bob@example.test secret");
  }

  int fd() const { return client_.fd(); }
  void command(const std::string& text) {
    send(text);
    while (!receive()) continue;
  }
  void send(const std::string& text) {
    client_.write("a " + text + "\r\n");
    replies_ = "\r\n";
  }
  // Takes what there is; says whether the tagged reply is complete.
  bool receive() {
    client_.read_to(replies_);
    const auto tagged = replies_.find("\r\na ");
    if (tagged == std::string::npos || !replies_.ends_with("\r\n")) return false;
    if (replies_.compare(tagged + 4, 2, "OK") != 0) fail("refused:", replies_.substr(tagged));
    return true;
  }

private:
  load::TcpClient client_;
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
