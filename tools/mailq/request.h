// What mailq was asked for, from the words of its command line (contracts.md, mailq). Pure: words in, request
// out.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "spool/spool.h"

namespace tubepost::mailq {

enum class Verb {
  list,
  show,
  cat,
  trace,
  schedule,
  find,
  stats,
  top,
  simulate,
  replay,
  suppress,
  hold,  // from here on they change the queue
  release,
  retry,
  drop,
  fail,
  reroute
};
std::string_view to_text(Verb verb);
bool changes_queue(Verb verb);
struct Request;
bool writes(const Request& request);
spool::Action action_of(Verb verb);  // of a verb that changes the queue

struct Request {
  Verb verb = Verb::list;
  std::vector<std::string> ids;  // as written; for show, cat and trace the beginning of one may do
  spool::Filter filter;
  bool filters = false;  // a FILTER was given
  bool all = false;
  std::vector<std::string> words;  // of suppress: list, or remove ADDRESS; of replay: ID or since=TIME
};

// A Failure says what is wrong with the words (exit 64).
Result<Request> parse_request(const std::vector<std::string>& words, Timestamp now);

}  // namespace tubepost::mailq
