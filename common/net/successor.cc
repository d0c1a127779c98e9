#include "net/successor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "net/listening.h"

namespace tubepost::net {
namespace {

constexpr int out_of_their_way = 512;  // more are not passed (listening.cc)
constexpr std::string_view ready_option = "--ready-fd";

struct Successor {
  std::vector<std::string> arguments;
  std::vector<int> sockets;
  std::string names;
};

// Between here and exit(3) there is nothing to pass it in: the one global of this library.
Successor& successor() {
  static auto* const kept = new Successor;  // outlives every destructor
  return *kept;
}

std::vector<std::string> own_arguments() {
  std::vector<std::string> arguments;
  const auto line = read_file("/proc/self/cmdline", 1 << 20);
  if (!line) return arguments;
  const auto words = split(*line, '\0');
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {  // behind the last NUL there is nothing
    if (words[i] == ready_option)
      ++i;
    else if (!words[i].starts_with(std::string(ready_option) + '='))
      arguments.emplace_back(words[i]);
  }
  return arguments;
}

void give_up(Successor& next) {
  for (const int socket : next.sockets) ::close(socket);
  next = {};
}

void execute() {
  auto& next = successor();
  for (std::size_t i = 0; i < next.sockets.size(); ++i)
    ::dup2(next.sockets[i], first_passed_fd + static_cast<int>(i));
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", std::to_string(next.sockets.size()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", next.names.c_str(), 1);
  std::vector<char*> arguments;
  for (auto& argument : next.arguments) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());  // if it fails the supervisor starts it, with new sockets
}

}  // namespace

void be_succeeded(const std::vector<ListeningSocket>& sockets, const std::vector<ListenerSpec>& specs) {
  auto& next = successor();
  next.arguments = own_arguments();
  if (next.arguments.empty() || !next.sockets.empty()) return;
  for (const auto& socket : sockets) {
    const int kept = ::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, out_of_their_way);
    if (kept < 0) return give_up(next);  // RLIMIT_NOFILE: it simply ends, and the supervisor starts it
    next.sockets.push_back(kept);
    next.names += (next.names.empty() ? "" : ":") + specs[socket.listener].name;
  }
  std::atexit(execute);
}

}  // namespace tubepost::net
