// The questions of one decision, whoever has a part in it: what is added before ask() leaves at once, and is waited for once. What
// the answers lead to is added, and asked in another round.
//
// Each question has an end of its own; one that has more time than the others is asked again when theirs is over. Threading: that of
// whoever made it. The resolver must outlive it.
#pragma once

#include <chrono>
#include <vector>

#include "dns/resolver.h"

namespace tubepost::dns {

class Inquiry {
public:
  using Time = std::chrono::steady_clock;

  explicit Inquiry(Resolver& resolver) : resolver_(resolver) {}
  // The place of its answer.
  std::size_t add(Question question, Time::time_point end);
  // What was added since the last time; nobody, if that is nothing.
  void ask();
  AnyAnswer take(std::size_t place) { return std::move(all_[place].answer); }  // after ask(), once

private:
  struct Asked {
    Question question;
    Time::time_point end;
    AnyAnswer answer;
  };
  Resolver& resolver_;
  std::vector<Asked> all_;
  std::size_t answered_ = 0;
};

}  // namespace tubepost::dns
