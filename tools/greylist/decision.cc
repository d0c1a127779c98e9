#include "greylist/decision.h"

#include <algorithm>

#include "base/text.h"
#include "config/settings.h"

namespace tubepost::greylist {
namespace {

std::chrono::seconds between(Timestamp from, Timestamp to) {
  return std::max(std::chrono::floor<std::chrono::seconds>(to - from), std::chrono::seconds(0));
}

Step first_seen(Timestamp now, const Parameters& parameters) {
  Step step{Outcome::first, {now, now, std::nullopt, 1}, true, parameters.block};
  if (parameters.block.count() > 0) return step;
  step.outcome = Outcome::known;
  step.entry.passed = now;
  return step;
}

}  // namespace

Result<Parameters> Parameters::of(const config::Settings& settings) {
  Parameters parameters;
  parameters.block = settings.duration("greylist.block");
  parameters.pending = settings.duration("greylist.pending");
  parameters.pass = settings.duration("greylist.pass");
  const auto key = settings.text("greylist.key");
  parameters.key = key == "exact" ? KeyKind::exact : key == "net" ? KeyKind::net : KeyKind::domain;
  parameters.reply_code = settings.text("greylist.reply-code") == "452" ? 452 : 451;
  parameters.exempt_after = static_cast<std::uint32_t>(settings.number("greylist.exempt-after"));
  parameters.records_max = settings.number("greylist.records-max");
  if (parameters.block >= parameters.pending)
    return Failure::permanent("greylist.block = " + format_duration(parameters.block) +
                              " is not shorter than greylist.pending = " +
                              format_duration(parameters.pending) + ": nobody could ever pass");
  return parameters;
}

bool is_expired(const Entry& entry, Timestamp now, const Parameters& parameters) {
  if (entry.passed) return between(entry.last, now) >= parameters.pass;
  return between(entry.first, now) >= parameters.pending;
}

std::chrono::seconds use_granularity(const Parameters& parameters) { return parameters.pass / 1000; }

Step decide(const std::optional<Entry>& stored, Timestamp now, const Parameters& parameters) {
  if (!stored || is_expired(*stored, now, parameters)) return first_seen(now, parameters);
  Step step{Outcome::known, *stored, true, std::chrono::seconds(0)};
  if (stored->passed) {
    step.changed = stored->last > now || between(stored->last, now) > use_granularity(parameters);
    if (step.changed) step.entry.last = now;
    return step;
  }
  // A first attempt that is yet to come was noted by a clock that was wrong since: the block counts from now.
  step.entry.first = std::min(stored->first, now);
  const auto since_first = between(step.entry.first, now);
  step.entry.last = now;
  ++step.entry.count;
  if (since_first < parameters.block) {
    step.outcome = Outcome::early;
    step.wait = parameters.block - since_first;
  } else {
    step.outcome = Outcome::came_back;
    step.entry.passed = now;
    step.wait = since_first;
  }
  return step;
}

}  // namespace tubepost::greylist
