#include "mxsend/courier.h"

#include "mxsend/round.h"

namespace tubepost::mxsend {

relay::Answer Courier::carry(const relay::Job& job, std::string_view body) {
  const auto begun = parts_.clock.since_boot();
  auto answer = Round(*this, job, body).run();
  const auto took = parts_.clock.since_boot() - begun;
  answer.seconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(took).count());
  std::size_t counts[4] = {};
  for (const auto& verdict : answer.verdicts) ++counts[static_cast<std::size_t>(verdict.status)];
  parts_.logger.info("sent", {{"id", job.id.to_text()},
                              {"domain", job.domain},
                              {"host", answer.verdicts.front().host},
                              {"tls", answer.tls},
                              {"delivered", counts[0]},
                              {"deferred", counts[1]},
                              {"failed", counts[2]},
                              {"trouble", relay::to_text(answer.trouble)},
                              {"ms", took.count()}});
  return answer;
}

void Courier::hang_up() {
  if (kept_.connection) kept_.connection->say_goodbye();
  kept_ = {};
}

}  // namespace tubepost::mxsend
