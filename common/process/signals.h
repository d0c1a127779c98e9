// Signals as events: blocked in every thread, read from a signalfd. No handlers, so nothing is interrupted
// midway.
#pragma once

#include <initializer_list>

#include "base/unique_fd.h"

namespace tubepost::process {

void ignore_sigpipe();

// Blocks the signals in this thread (and those it starts later) and gives a descriptor that reads them.
// Make it in main, before any thread.
class SignalSource {
public:
  explicit SignalSource(std::initializer_list<int> signals);
  int fd() const { return fd_.get(); }
  int take();  // the next pending signal, 0 if none

private:
  UniqueFd fd_;
};

}  // namespace tubepost::process
