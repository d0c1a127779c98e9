#include "process/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cstdlib>

namespace tubepost::process {

void ignore_sigpipe() { ::signal(SIGPIPE, SIG_IGN); }

SignalSource::SignalSource(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_.reset(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd_) std::abort();  // out of descriptors before anything is open: nothing sensible is left to do
}

int SignalSource::take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return 0;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace tubepost::process
