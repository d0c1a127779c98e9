#include "avscan-wrap/supervised_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "process/child.h"
#include "process/signals.h"

namespace tubepost::avscan {
namespace {

constexpr int end_rounds = 100;  // each kills all who are there; children of the killed may come after them

// What the scanner has printed. Read without blocking: a grandchild may hold the pipe for ever.
class Output {
public:
  explicit Output(UniqueFd pipe, std::size_t most) : pipe_(std::move(pipe)), most_(most) {
    ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  }
  int fd() const { return pipe_ ? pipe_.get() : -1; }
  bool too_much() const { return size_ > most_; }
  std::string take() { return std::move(kept_); }

  // At most `most` and a buffer more at a time, so that one who prints without end is not read without end.
  void read() {
    std::array<char, 16384> buffer;
    while (pipe_ && !too_much()) {
      const ssize_t got = ::read(pipe_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return pipe_.reset();
      const auto count = static_cast<std::size_t>(got);
      size_ += count;
      kept_.append(buffer.data(), std::min(count, output_kept - kept_.size()));
    }
  }

private:
  UniqueFd pipe_;
  std::size_t most_, size_ = 0;
  std::string kept_;
};

std::vector<process::ResourceLimit> resource_limits(const RunLimits& limits, const net::Deadline& deadline) {
  const auto seconds = static_cast<rlim_t>(std::max(deadline.poll_milliseconds() / 1000, 0) + 2);
  return {{RLIMIT_AS, limits.memory},
          {RLIMIT_NPROC, limits.processes},
          {RLIMIT_FSIZE, limits.file},
          {RLIMIT_CPU, seconds},
          {RLIMIT_CORE, 0}};
}

// A descriptor of an exclusive /dev/null, if there is no input.
Result<UniqueFd> null_input() {
  UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return Failure::temporary("/dev/null: " + error_text(errno));
  return null;
}

// Until it has ended, or must be.
RunEnd::Kind watch(const process::Child& child, Output& output, process::SignalSource& told,
                   const net::Deadline& deadline) {
  for (;;) {
    std::array<pollfd, 3> fds{{{child.pidfd(), POLLIN, 0}, {output.fd(), POLLIN, 0}, {told.fd(), POLLIN, 0}}};
    if (net::poll_until(fds, deadline.poll_milliseconds()) == 0) return RunEnd::Kind::timed_out;
    if (fds[2].revents != 0) return RunEnd::Kind::stopped;
    output.read();
    if (output.too_much()) return RunEnd::Kind::printed_too_much;
    if (fds[0].revents != 0) return RunEnd::Kind::exited;
  }
}

// Those who left the group (setsid) and whose parents are dead are ours, see adopt_orphans().
bool end_adopted() {
  const auto list = read_file("/proc/thread-self/children", 64 << 10);
  if (!list) return false;
  const auto pids = split_words(*list);
  for (const auto word : pids)
    if (const auto pid = parse_number<pid_t>(word)) ::kill(*pid, SIGKILL);
  for (const auto word : pids)
    if (const auto pid = parse_number<pid_t>(word)) ::waitpid(*pid, nullptr, 0);
  return !pids.empty();
}

// The group while its leader is not reaped, so that its number cannot be somebody else's.
process::Ended end_all(process::Child& child) {
  ::kill(-child.pid(), SIGKILL);
  const auto ended = child.wait();
  for (int i = 0; i < end_rounds && end_adopted(); ++i) {
  }
  return ended;
}

}  // namespace

Result<RunEnd> run_supervised(const RunPlan& plan, const net::Deadline& deadline) {
  process::SignalSource told({SIGTERM, SIGINT, SIGHUP});
  auto pipe = process::make_pipe();
  if (!pipe) return std::move(pipe).error();
  auto null = null_input();
  if (!null) return std::move(null).error();
  process::ChildOptions options;
  options.redirects = {{plan.input >= 0 ? plan.input : null->get(), 0},
                       {pipe->write_end.get(), 1},
                       {pipe->write_end.get(), 2}};
  options.own_group = options.die_with_parent = true;
  options.directory = plan.folder;
  options.set_env = {{"TMPDIR", plan.temporary}};
  options.limits = resource_limits(plan.limits, deadline);
  auto child = process::Child::spawn(plan.argv, options);
  if (!child) return std::move(child).error();
  pipe->write_end.reset();

  Output output(std::move(pipe->read_end), plan.limits.output);
  RunEnd end;
  end.kind = watch(*child, output, told, deadline);
  const auto ended = end_all(*child);
  output.read();
  end.code = ended.code;
  if (end.kind == RunEnd::Kind::exited && output.too_much()) end.kind = RunEnd::Kind::printed_too_much;
  if (end.kind == RunEnd::Kind::exited && ended.by_signal) end.kind = RunEnd::Kind::killed;
  end.output = output.take();
  return end;
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

}  // namespace tubepost::avscan
