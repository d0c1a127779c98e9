// Child processes without a shell: fork, redirect, exec. The child inherits no descriptor but those named
// here; it gets default signal dispositions and an empty signal mask. Reaped by wait() or, killed first, by
// the destructor. Threading: spawn() may be called from a threaded process (only async-signal-safe calls
// between fork and exec).
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tubepost::process {

struct Redirect {
  int from;  // the descriptor in this process
  int to;    // its number in the child
};

// setrlimit(2), soft and hard; a limit above the hard one of this process stays at that.
struct ResourceLimit {
  int resource;
  rlim_t most;
};

struct ChildOptions {
  std::vector<Redirect> redirects;                           // 0, 1, 2 not named: inherited as they are
  std::vector<std::pair<std::string, std::string>> set_env;  // added to this process's environment
  std::vector<std::string> unset_env;
  bool only_set_env = false;  // set_env is the whole environment
  bool own_group = false;  // a process group of its own, so that kill_group reaches its children too
  std::string directory;   // chdir there, if not empty
  std::vector<ResourceLimit> limits;
  bool die_with_parent = false;  // killed when the thread that spawned it ends, kill -9 included (PR_SET_PDEATHSIG)
};

struct Ended {
  bool by_signal = false;
  int code = 0;  // exit status, or the signal's number
};

class Child {
public:
  // argv[0] without a slash is looked up in PATH. A program that cannot be executed is a Failure here (not
  // 127).
  static Result<Child> spawn(const std::vector<std::string>& argv, const ChildOptions& options = {});
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  std::optional<Ended> poll();  // nullopt: still running
  Ended wait();
  std::optional<Ended> wait_for(std::chrono::milliseconds limit);  // nullopt: still running
  void kill(int signal);                      // the group, where it has its own; not once reaped
  int pidfd() const { return pidfd_.get(); }  // readable when it has ended

private:
  Child(pid_t pid, bool own_group);
  std::optional<Ended> reap(int flags);
  void end();
  pid_t pid_ = -1;
  bool own_group_ = false;
  std::optional<Ended> ended_;
  UniqueFd pidfd_;
};

struct Pipe {
  UniqueFd read_end, write_end;  // both close-on-exec
};
Result<Pipe> make_pipe();

// The folder this process's executable is in: where its siblings are (build/bin, <prefix>/lib/tubepost/bin).
std::string sibling_program(std::string_view name);

}  // namespace tubepost::process
