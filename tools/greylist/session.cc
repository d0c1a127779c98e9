#include "greylist/session.h"

#include <algorithm>

#include "base/text.h"
#include "policy/policy_server.h"

namespace tubepost::greylist {
namespace {

std::string delay_text(const Step& step, const Parameters& parameters) {
  const auto minutes = std::max<long long>(std::chrono::ceil<std::chrono::minutes>(step.wait).count(), 1);
  return std::to_string(parameters.reply_code) + " 4.7.1 Greylisted: not seen before, please try again in " +
         std::to_string(minutes) + (minutes == 1 ? " minute" : " minutes");
}

void log_step(const log::Logger& logger, const Triplet& triplet, const Step& step) {
  const bool routine = step.outcome == Outcome::known || step.outcome == Outcome::exempt;
  const auto level = routine ? log::Level::debug : log::Level::info;
  if (!logger.shows(level)) return;
  const auto seconds = step.wait.count();
  const std::string sender = printable(triplet.sender), recipient = printable(triplet.recipient);
  if (is_delayed(step.outcome))
    logger.info("delayed", {{"client", triplet.client},
                            {"from", sender},
                            {"to", recipient},
                            {"attempt", step.entry.count},
                            {"wait", seconds}});
  else if (step.outcome == Outcome::came_back)
    logger.info("came-back", {{"client", triplet.client},
                              {"from", sender},
                              {"to", recipient},
                              {"attempt", step.entry.count},
                              {"after", seconds}});
  else
    logger.debug(step.outcome == Outcome::exempt ? "exempt" : "known",
                 {{"client", triplet.client}, {"from", sender}, {"to", recipient}});
}

}  // namespace

Rule::Rule(config::LiveSettings& live, Parameters first, const log::Logger& logger)
    : live_(live), logger_(logger), seen_(live.current()), parameters_(first) {}

Parameters Rule::current() {
  auto settings = live_.current();
  const std::lock_guard lock(mutex_);
  if (settings == seen_) return parameters_;
  seen_ = std::move(settings);
  auto made = Parameters::of(*seen_);
  if (made)
    parameters_ = *made;
  else
    logger_.error("configuration-error", {{"reason", made.error().text}});
  return parameters_;
}

std::string answer(const Services& services, const policy::Record& request) {
  const auto parameters = services.rule.current();
  const auto triplet = triplet_of(request, parameters.key);
  if (!triplet) {
    services.store.count(Count::not_ours);
    return "dunno";
  }
  const auto step = services.store.ask(*triplet, parameters);
  if (!step) {
    services.logger.error("not-recorded", {{"client", triplet->client}, {"reason", step.error().text}});
    return "dunno";
  }
  if (services.durability == Durability::before_answer && services.store.has_waiting())
    if (const auto done = services.store.commit(parameters); !done) {
      services.logger.error("commit-failed", {{"reason", done.error().text}});
      return "dunno";
    }
  log_step(services.logger, *triplet, *step);
  return is_delayed(step->outcome) ? delay_text(*step, parameters) : "dunno";
}

ExitStatus converse(const Services& services, net::Stream& stream) {
  return policy::serve_requests(
      stream, [&](const policy::Record& request) { return answer(services, request); }, services.logger);
}

}  // namespace tubepost::greylist
