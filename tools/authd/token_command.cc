#include "authd/token_command.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "auth/sasl.h"
#include "base/file.h"
#include "base/text.h"
#include "process/child.h"

namespace tubepost::authd {
namespace {

using std::chrono::milliseconds;
using Moment = std::chrono::steady_clock::time_point;

constexpr std::size_t output_max = 4096;

milliseconds left_until(Moment end) {
  const auto left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
  return std::max(left, milliseconds(0));
}

// What the program prints, up to its bound; the rest is not waited for.
std::string read_output(int fd, Moment end) {
  std::string text;
  std::array<char, 1024> buffer;
  while (text.size() < output_max) {
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left_until(end).count())) <= 0) break;
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

Result<TokenVerdict> judge(const process::Ended& ended, const std::string& user, std::string_view output) {
  if (ended.by_signal || ended.code > 1)
    return Failure::temporary("the token command ended with " + std::string(ended.by_signal ? "signal " : "status ") +
                              std::to_string(ended.code));
  if (ended.code == 1) return TokenVerdict{false, user};
  const std::string named(trim(output.substr(0, output.find('\n'))));
  const std::string& who = named.empty() ? user : named;
  if (!auth::is_login_name(who)) return Failure::temporary("the token command named no account");
  return TokenVerdict{true, who};
}

}  // namespace

Result<TokenVerdict> check_token(std::vector<std::string> command, const std::string& user, std::string_view token,
                                 milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  command.push_back(user);
  auto in = process::make_pipe(), out = process::make_pipe();
  if (!in || !out) return Failure::temporary("no pipe for the token command");
  process::ChildOptions options;
  options.redirects = {{in->read_end.get(), STDIN_FILENO}, {out->write_end.get(), STDOUT_FILENO}};
  options.own_group = true;
  auto child = process::Child::spawn(command, options);
  if (!child) return std::move(child).error();
  in->read_end.reset(), out->write_end.reset();
  std::string line = std::string(token) + '\n';  // smaller than a pipe's buffer: never blocks
  const auth::Wiped guard(line);
  (void)write_all(in->write_end.get(), line);  // a program that does not read it may still say no
  in->write_end.reset();
  const std::string output = read_output(out->read_end.get(), end);
  out->read_end.reset();
  const auto ended = child->wait_for(left_until(end));
  if (ended) return judge(*ended, user, output);
  child->kill(SIGKILL);
  child->wait();
  return Failure::temporary("the token command took too long");
}

}  // namespace tubepost::authd
