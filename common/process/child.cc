// How a child comes to be: everything it needs (argv, environment, the path of its program, the plan of its
// descriptors) is made before the fork, because after it, in a threaded process, only async-signal-safe calls
// are allowed.
#include "process/child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <span>

#include "base/file.h"
#include "process/find_program.h"

extern "C" char** environ;

namespace tubepost::process {
namespace {

std::vector<std::string> environment_for(const ChildOptions& options) {
  const auto replaced = [&](std::string_view name) {
    const auto named = [&](const auto& pair) { return pair.first == name; };
    return std::any_of(options.set_env.begin(), options.set_env.end(), named) ||
           std::find(options.unset_env.begin(), options.unset_env.end(), name) != options.unset_env.end();
  };
  std::vector<std::string> environment;
  char** const inherited = options.only_set_env ? nullptr : environ;
  for (char** variable = inherited; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!replaced(text.substr(0, text.find('=')))) environment.emplace_back(text);
  }
  for (const auto& [name, value] : options.set_env) environment.push_back(name + '=' + value);
  return environment;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the child needs to know, in plain memory.
struct Plan {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* directory;  // or nullptr
  std::span<const Redirect> redirects;
  int* scratch;               // as many as redirects
  std::span<const int> kept;  // descriptors of the child beyond 2, ascending
  int lowest_free;            // above every target of a redirect
  int report_fd;              // a Report goes here if there is no exec
  bool own_group;
  std::span<const ResourceLimit> limits;
  bool die_with_parent;
};

enum class Step : int { group, directory, redirect, limits, exec };
struct Report {
  Step step;
  int error;
};

[[noreturn]] void report(const Plan& plan, Step step) {
  const Report said{step, errno};
  [[maybe_unused]] const auto written = ::write(plan.report_fd, &said, sizeof said);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction ours {
  }, standard{};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal)
    if (::sigaction(signal, nullptr, &ours) == 0 && ours.sa_handler != SIG_DFL)
      ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// First all sources above all targets, so that no dup2 overwrites one that is still needed.
bool redirect(const Plan& plan) {
  for (std::size_t i = 0; i < plan.redirects.size(); ++i) {
    plan.scratch[i] = ::fcntl(plan.redirects[i].from, F_DUPFD_CLOEXEC, plan.lowest_free);
    if (plan.scratch[i] < 0) return false;
  }
  for (std::size_t i = 0; i < plan.redirects.size(); ++i)
    if (::dup2(plan.scratch[i], plan.redirects[i].to) < 0) return false;
  return true;
}

void close_range_on_exec(unsigned first, unsigned last) {
  if (first > last) return;
  if (::syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (unsigned fd = first; fd <= last && fd < 65536; ++fd)
    ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
}

void close_all_others_on_exec(const Plan& plan) {
  unsigned next = 3;
  for (const int fd : plan.kept) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > next) close_range_on_exec(next, kept - 1);
    next = kept + 1;
  }
  close_range_on_exec(next, UINT_MAX);
}

bool limit(const Plan& plan) {
  for (const ResourceLimit& wanted : plan.limits) {
    const auto resource = static_cast<__rlimit_resource>(wanted.resource);
    rlimit set{};
    if (::getrlimit(resource, &set) != 0) return false;
    set.rlim_max = std::min(set.rlim_max, wanted.most);
    set.rlim_cur = set.rlim_max;
    if (::setrlimit(resource, &set) != 0) return false;
  }
  return true;
}

[[noreturn]] void become(const Plan& plan) {
  reset_signals();
  if (plan.die_with_parent && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) report(plan, Step::limits);
  if (plan.own_group && ::setpgid(0, 0) != 0) report(plan, Step::group);
  if (!redirect(plan)) report(plan, Step::redirect);
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) report(plan, Step::directory);
  close_all_others_on_exec(plan);
  if (!limit(plan)) report(plan, Step::limits);
  ::execve(plan.program, plan.argv, plan.environment);
  report(plan, Step::exec);
}

Failure failure_of(const Report& report, const std::string& program, const ChildOptions& options) {
  const std::string text = error_text(report.error);
  switch (report.step) {
    case Step::directory:
      return Failure::permanent(options.directory + ": " + text, {5, 3, 5});
    case Step::exec:
      if (report.error == ENOMEM || report.error == ETXTBSY || report.error == EMFILE)
        return Failure::temporary(program + ": " + text);
      return Failure::permanent(program + ": " + text, {5, 3, 5});
    default:
      return Failure::temporary(program + ": cannot be started: " + text);
  }
}

// vfork: this thread stands still until the child has its program or has given up, and no page table is
// copied, however large the process. The child borrows our memory, so no signal may reach it before it has
// default dispositions.
pid_t fork_into(const Plan& plan) {
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) become(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// The report that comes where the exec did not happen; nullopt: it did, and closed the pipe.
std::optional<Report> read_report(int fd) {
  Report said{};
  ssize_t got = 0;
  do got = ::read(fd, &said, sizeof said);
  while (got < 0 && errno == EINTR);
  if (got != sizeof said) return std::nullopt;
  return said;
}

int wait_for_pid(pid_t pid, int flags, int& status) {
  int got = 0;
  do got = ::waitpid(pid, &status, flags);
  while (got < 0 && errno == EINTR);
  return got;
}

Ended ended_from(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

}  // namespace

Result<Child> Child::spawn(const std::vector<std::string>& argv, const ChildOptions& options) {
  if (argv.empty()) return Failure::permanent("no program to run", {5, 3, 5});
  const auto program = find_program(argv.front());
  if (!program) return program.error();
  auto report_pipe = make_pipe();
  if (!report_pipe) return std::move(report_pipe).error();

  const auto environment = environment_for(options);
  const auto argv_pointers = pointers_to(argv), environment_pointers = pointers_to(environment);
  std::vector<int> scratch(options.redirects.size()), kept;
  int lowest_free = 3;
  for (const Redirect& redirect : options.redirects) {
    lowest_free = std::max(lowest_free, redirect.to + 1);
    if (redirect.to > 2) kept.push_back(redirect.to);
  }
  std::sort(kept.begin(), kept.end());
  // The report's descriptor must not be the target of a redirect either.
  UniqueFd report_fd(::fcntl(report_pipe->write_end.get(), F_DUPFD_CLOEXEC, lowest_free));
  report_pipe->write_end.reset();
  if (!report_fd) return Failure::temporary("dup: " + error_text(errno));

  Plan plan{};
  plan.program = program->c_str();
  plan.argv = argv_pointers.data();
  plan.environment = environment_pointers.data();
  plan.directory = options.directory.empty() ? nullptr : options.directory.c_str();
  plan.redirects = options.redirects;
  plan.scratch = scratch.data();
  plan.kept = kept;
  plan.lowest_free = lowest_free;
  plan.report_fd = report_fd.get();
  plan.own_group = options.own_group;
  plan.limits = options.limits;
  plan.die_with_parent = options.die_with_parent;
  const pid_t pid = fork_into(plan);
  if (pid < 0) return Failure::temporary("fork: " + error_text(errno));
  report_fd.reset();
  if (const auto said = read_report(report_pipe->read_end.get())) {
    int status = 0;
    wait_for_pid(pid, 0, status);
    return failure_of(*said, argv.front(), options);
  }
  return Child(pid, options.own_group);
}

Child::Child(pid_t pid, bool own_group)
    : pid_(pid), own_group_(own_group), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      own_group_(other.own_group_),
      ended_(other.ended_),
      pidfd_(std::move(other.pidfd_)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  end();
  pid_ = std::exchange(other.pid_, -1);
  own_group_ = other.own_group_;
  ended_ = other.ended_;
  pidfd_ = std::move(other.pidfd_);
  return *this;
}

Child::~Child() { end(); }

void Child::end() {
  if (pid_ < 0 || ended_) return;
  kill(SIGKILL);
  wait();
}

std::optional<Ended> Child::reap(int flags) {
  if (ended_ || pid_ < 0) return ended_;
  int status = 0;
  const int got = wait_for_pid(pid_, flags, status);
  if (got == pid_) ended_ = ended_from(status);
  if (got < 0) ended_ = Ended{false, 127};  // somebody else has reaped it: its status is lost
  return ended_;
}

std::optional<Ended> Child::poll() { return reap(WNOHANG); }
Ended Child::wait() { return reap(0).value_or(Ended{}); }

std::optional<Ended> Child::wait_for(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!reap(WNOHANG)) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd waiting{pidfd_.get(), POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), INT_MAX)));
  }
  return ended_;
}

void Child::kill(int signal) {
  if (pid_ > 0 && !ended_) ::kill(own_group_ ? -pid_ : pid_, signal);
}

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Failure::temporary("pipe: " + error_text(errno));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string sibling_program(std::string_view name) {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string_view self(path, length > 0 ? static_cast<std::size_t>(length) : 0);
  const auto slash = self.rfind('/');
  if (slash == std::string_view::npos) return std::string(name);  // no /proc: PATH has to do
  return std::string(self.substr(0, slash + 1)) + std::string(name);
}

}  // namespace tubepost::process
