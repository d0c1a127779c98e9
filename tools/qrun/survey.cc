#include "qrun/survey.h"

#include "base/text.h"

namespace tubepost::qrun {
namespace {

bool is_due(const spool::Recipient& recipient, Timestamp now) {
  return (recipient.state == spool::State::queued || recipient.state == spool::State::deferred) &&
         recipient.next <= now;
}

}  // namespace

Result<void> print_plan(const spool::Spool& spool, const Addresses& addresses, Timestamp now,
                        std::FILE* out) {
  Router router(addresses);
  return spool.list({}, [&](const spool::Queued& queued) {
    for (const spool::Recipient& recipient : queued.recipients) {
      if (!is_due(recipient, now)) continue;
      const std::string what = describe(router.decide(recipient, queued.envelope.reverse_path));
      std::fprintf(out, "%s\t%u\t%s\t%s\n", queued.id.to_text().c_str(), recipient.number,
                   printable(recipient.address).c_str(), printable(what, 4000).c_str());
    }
    return std::ferror(out) == 0;
  });
}

Result<bool> has_work(const spool::Spool& spool, Timestamp now) {
  bool found = false;
  const auto look = [&](const spool::Queued& queued) {
    for (const spool::Recipient& recipient : queued.recipients)
      found = found || is_due(recipient, now) || recipient.state == spool::State::working;
    return !found;
  };
  if (const auto listed = spool.list({}, look); !listed) return Failure(listed.error());
  return found;
}

}  // namespace tubepost::qrun
