#include "mxsend/direct.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "message/seven_bit.h"
#include "mxsend/dry_run.h"

namespace tubepost::mxsend {
namespace {

relay::Verdict verdict_of(const Failure& failure) {
  relay::Verdict verdict;
  verdict.status = failure.retry == Retry::later ? relay::Status::deferred : relay::Status::failed;
  verdict.code = failure.status;
  verdict.text = failure.text;
  return verdict;
}

struct Transfer {  // recipients that go together
  std::string route, domain;
  auto operator<=>(const Transfer&) const = default;
};

relay::Job make_job(const Errand& errand, const Transfer& way, const Clock& clock) {
  relay::Job job;
  job.id = spool::SpoolId::make(clock);
  job.route = way.route;
  job.domain = way.domain;
  job.sender = errand.sender;
  job.body =
      message::has_eight_bit(errand.message) ? spool::BodyType::eight_bit_mime : spool::BodyType::seven_bit;
  job.smtputf8 = message::has_eight_bit(errand.sender);
  return job;
}

}  // namespace

std::vector<relay::Verdict> send_now(const Errand& errand, const directory::Directory* directory,
                                     Courier& courier, const Clock& clock) {
  std::vector<relay::Verdict> verdicts(errand.recipients.size());
  std::map<Transfer, std::vector<std::size_t>> ways;
  for (std::size_t i = 0; i < errand.recipients.size(); ++i) {
    const auto address = smtp::parse_mailbox(errand.recipients[i]);
    auto route = !address ? Result<std::string>(Failure::permanent("not a mail address", {5, 1, 3}))
                 : !errand.via.empty() ? Result<std::string>(errand.via)
                                       : route_of(directory, *address, errand.sender);
    if (route)
      ways[{*route, address->domain}].push_back(i);
    else
      verdicts[i] = verdict_of(route.error());
  }
  for (const auto& [way, places] : ways) {
    for (std::size_t from = 0; from < places.size(); from += relay::recipients_max) {
      auto job = make_job(errand, way, clock);
      const auto end = std::min(places.size(), from + relay::recipients_max);
      for (std::size_t i = from; i < end; ++i) {
        const auto& address = errand.recipients[places[i]];
        job.smtputf8 = job.smtputf8 || message::has_eight_bit(address);
        job.recipients.push_back({static_cast<std::uint32_t>(places[i]), "", "", address});
      }
      const auto answer = courier.carry(job, errand.message);
      for (const auto& verdict : answer.verdicts) verdicts[verdict.number] = verdict;
    }
  }
  return verdicts;
}

ExitStatus exit_status(const std::vector<relay::Verdict>& verdicts) {
  const auto any = [&](relay::Status status) {
    return std::any_of(verdicts.begin(), verdicts.end(), [&](const auto& v) { return v.status == status; });
  };
  if (any(relay::Status::deferred) || any(relay::Status::postponed)) return ExitStatus::later;
  return any(relay::Status::failed) ? ExitStatus::refused : ExitStatus::ok;
}

}  // namespace tubepost::mxsend
