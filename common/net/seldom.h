// For events that a flood of clients can cause: says which of them may be logged, at most one a second, and
// how many were not. Threading: one thread at a time.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

namespace tubepost::net {

class Seldom {
public:
  // nullopt: not this one. Else how many have been left out since the last.
  std::optional<std::size_t> due() {
    const auto now = std::chrono::steady_clock::now();
    if (last_ && now - *last_ < std::chrono::seconds(1)) return ++left_out_, std::nullopt;
    last_ = now;
    return std::exchange(left_out_, 0);
  }

private:
  std::optional<std::chrono::steady_clock::time_point> last_;
  std::size_t left_out_ = 0;
};

}  // namespace tubepost::net
