// A spool whose process dies at a step that docs/spool-states.md names.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include "unit/spool/fixture.h"

namespace tubepost::spool {

class Crash : public SpoolTest {
protected:
  // Runs `work` on this spool in a child that ends at `step`. An Environment is opened after fork, never
  // before.
  void crash_after(std::string_view step, const std::function<void(Spool&)>& work) {
    close();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Spool::Options options = options_;
      options.at_step = [step](std::string_view here) {
        if (here == step) ::_exit(42);
      };
      auto opened = Spool::open(folder_, options, clock_);
      if (opened) work(*opened);
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 42) << "the step was not reached: " << step;
    open();
    legal();
  }
  void legal(bool with_orphan = false) {
    std::vector<std::string> sentences = broken();
    if (with_orphan)
      std::erase_if(sentences, [](const std::string& s) { return s.ends_with("belongs to no message"); });
    for (const std::string& sentence : sentences) ADD_FAILURE() << sentence;
  }
  Message in(Spool& spool, const SpoolId& id, std::string_view content) {
    BodyWriter writer = spool.new_body();
    writer.append(content);
    return {id, from("alice@example.test"), to({"a@x", "b@x"}), std::move(*writer.finish())};
  }
};

}  // namespace tubepost::spool
