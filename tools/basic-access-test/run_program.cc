#include "basic-access-test/run_program.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "net/fd_stream.h"
#include "net/wait.h"
#include "process/child.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::chrono::milliseconds end_grace{1000};

std::chrono::milliseconds milliseconds_left(const net::Deadline& deadline) {
  return std::chrono::milliseconds(std::max(0, deadline.poll_milliseconds()));
}

// Until the end of what it says, or of the time: false.
bool collect(int fd, const net::Deadline& deadline, std::string& output) {
  std::array<char, 4096> buffer{};
  for (;;) {
    pollfd waiting{fd, POLLIN, 0};
    if (net::poll_until({&waiting, 1}, deadline.poll_milliseconds()) == 0) return false;
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count <= 0) return true;
    const auto room = program_output_max - output.size();
    output.append(buffer.data(), std::min(static_cast<std::size_t>(count), room));
  }
}

}  // namespace

Result<ProgramRun> run_program(const std::vector<std::string>& argv, std::chrono::milliseconds limit) {
  auto pipe = process::make_pipe();
  if (!pipe) return std::move(pipe).error();
  const UniqueFd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  process::ChildOptions options;
  options.redirects = {{nothing.get(), 0}, {pipe->write_end.get(), 1}, {pipe->write_end.get(), 2}};
  options.own_group = true;
  auto child = process::Child::spawn(argv, options);
  if (!child) return std::move(child).error();
  pipe->write_end.reset();
  const net::Deadline deadline(limit);
  ProgramRun run;
  const bool said_all = collect(pipe->read_end.get(), deadline, run.output);
  // Who has closed its output may go on for ever.
  const auto ended = said_all ? child->wait_for(milliseconds_left(deadline)) : std::nullopt;
  if (!ended) {
    child->kill(SIGTERM);  // what has files and children of its own takes them away
    if (!child->wait_for(end_grace)) child->kill(SIGKILL);
    return Failure::temporary(argv.front() + " took too long\n" + run.output);
  }
  run.status = ended->by_signal ? 128 + ended->code : ended->code;
  return run;
}

}  // namespace tubepost::basic_access_test
