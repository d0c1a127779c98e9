// What another server said, as the text of an outcome keeps it ("mx.example.net[192.0.2.1]:25 said: 550 5.1.1 no such
// user"), and what that means to people (spec O11): for qrun, who writes it, and for notices and mailq, who tell it. Also
// found behind other words: "could not be delivered in 5d; last: HOST said: …", "…; last: 554 5.7.1 …". Pure functions; the
// text is of strangers and may be anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relay/job.h"

namespace tubepost::relay {

struct Said {
  std::string_view host;   // empty: not told
  int code = 0;            // 4yz or 5yz
  std::string_view reply;  // with its code
  bool is_all = false;     // nothing is before it
};

std::string text_of(const Verdict& verdict);
std::optional<Said> find_said(std::string_view text);  // views into `text`; nullopt: no server said no

// Why mail for a destination waits that failed so many times in a row; `text`: of the last time.
std::string why_not_tried(std::string_view destination, std::uint64_t failures, std::string_view text);

// One line: a sentence, and the web addresses that the reply names; empty: nothing is known of it. `status`: of the outcome,
// for a reply whose own was taken off. `given_up`: nothing is said of trying again.
std::string advice_on(std::string_view text, std::optional<EnhancedStatus> status = {},
                      bool given_up = false);

}  // namespace tubepost::relay
