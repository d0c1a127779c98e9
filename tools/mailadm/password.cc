#include "mailadm/password.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace tubepost::mailadm {
namespace {

constexpr std::size_t line_max = 4096;

// A line without its end. nullopt: the input ended, or an interrupt character came.
std::optional<std::string> read_line(int fd) {
  std::string line;
  for (char c = 0;;) {
    const ssize_t got = ::read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\3') return line.empty() || c == '\3' ? std::nullopt : std::optional(line);
    if (c == '\n') break;
    if (line.size() < line_max) line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// The terminal without echo. Interrupt keys come as characters meanwhile, so that the echo is always
// restored.
class SilentTerminal {
public:
  explicit SilentTerminal(int fd) : fd_(fd), usable_(::tcgetattr(fd, &before_) == 0) {
    if (!usable_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    ::tcsetattr(fd_, TCSAFLUSH, &silent);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (usable_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }

private:
  int fd_;
  termios before_{};
  bool usable_;
};

Failure no_password(const char* text) { return Failure::permanent(text, {5, 6, 0}); }

}  // namespace

Result<std::string> password_from_stdin() {
  auto line = read_line(STDIN_FILENO);
  if (!line || line->empty()) return no_password("no password on stdin");
  return std::move(*line);
}

Result<std::string> ask_for_password(const std::string& account) {
  const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal || ::isatty(STDIN_FILENO) != 1)
    return no_password("there is no terminal to ask on; give the password with --password-stdin");
  const SilentTerminal silent(terminal.get());
  const auto ask = [&](const std::string& question) {
    (void)write_all(terminal.get(), question);
    auto line = read_line(terminal.get());
    (void)write_all(terminal.get(), "\n");
    return line;
  };
  auto first = ask("Password for " + account + ": ");
  if (!first || first->empty()) return no_password("no password was given");
  const auto second = ask("The same again: ");
  if (first != second) return no_password("the two passwords differ");
  return std::move(*first);
}

}  // namespace tubepost::mailadm
