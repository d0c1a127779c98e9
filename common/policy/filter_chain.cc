// run_filters(): pipelines of programs, and services, one behind the other.
#include <algorithm>

#include "policy/filter_pipeline.h"
#include "policy/filter_service.h"

namespace tubepost::policy {
namespace {

using Iterator = FilterCommands::const_iterator;

bool is_service(const std::vector<std::string>& argv) { return is_filter_service(argv.front()); }

// One service, or the programs up to the next one.
Iterator link_end(Iterator begin, Iterator end) {
  return is_service(*begin) ? begin + 1 : std::find_if(begin, end, is_service);
}

}  // namespace

Filtered run_filters(const FilterCommands& commands, const FilterEnvelope& envelope,
                     const MessageSource& message, const FilterOptions& options, const FilterSink& sink) {
  if (std::none_of(commands.begin(), commands.end(), is_service))
    return run_programs(commands, envelope, message, options, sink);
  const auto deadline = std::chrono::steady_clock::now() + options.time_limit;
  MessageSource now = message;
  std::string held;  // what a link has changed, until the next has seen it
  Filtered all;
  for (auto at = commands.begin(); at != commands.end();) {
    const auto end = link_end(at, commands.end());
    FilterOptions left = options;
    left.time_limit =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    left.time_limit = std::max(left.time_limit, std::chrono::milliseconds(1));
    std::string next;
    const FilterSink hold = [&next](std::string_view piece) { next += piece; };
    auto link = is_service(*at) ? ask_filter_service(at->front(), envelope, now, left, hold)
                                : run_programs(FilterCommands(at, end), envelope, now, left, hold);
    if (link.verdict != FilterVerdict::go_on) return link;
    if (link.changed) {
      held = std::move(next);
      now = MessageSource::in_memory(held);
      all.changed = true;
      all.eight_bit = link.eight_bit;
    }
    at = end;
  }
  if (all.changed) sink(held);
  return all;
}

}  // namespace tubepost::policy
