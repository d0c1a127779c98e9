// Sending on at once what waits for one domain: what ETRN and a trigger port ask for (O9).
#include "base/text.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

constexpr auto expedite_interval = std::chrono::minutes(1);
constexpr std::size_t domain_max = 255;  // RFC 1035 2.3.4

bool is_below(std::string_view domain, std::string_view parent) {
  return domain.size() > parent.size() && domain.ends_with(parent) &&
         domain[domain.size() - parent.size() - 1] == '.';
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string() : to_lower(address.substr(at + 1));
}

}  // namespace

Result<bool> Spool::State::may_expedite(const std::string& domain, Milliseconds interval) {
  bool allowed = false;
  const Timestamp now = clock.now();
  auto done = commit(
      [&](lmdb::WriteTransaction& write) -> Result<void> {
        const auto last = write.get(tables.expedited, domain);
        const Timestamp before =
            last && last->size() == 8 ? to_timestamp(lmdb::read_u64(*last)) : Timestamp();
        // A clock that was set back must not lock a domain out.
        allowed = before > now || now - before >= interval;
        if (!allowed) return {};
        std::string value;
        lmdb::append_u64(value, to_u64(now));
        write.put(tables.expedited, domain, value);
        return {};
      },
      0);
  if (!done) return std::move(done).error();
  return allowed;
}

Result<Spool::Expedited> Spool::expedite(std::string_view domain, bool subdomains, std::string_view who) {
  const std::string wanted = to_lower(domain);
  if (wanted.empty() || wanted.size() > domain_max) return Expedited{};
  auto allowed = state_->may_expedite(wanted, expedite_interval);
  if (!allowed) return std::move(allowed).error();
  if (!*allowed) return Expedited{Expedited::Kind::too_soon, 0};
  std::vector<std::pair<SpoolId, std::string>> waiting;
  auto listed = list({}, [&](const Queued& queued) {
    for (const Recipient& recipient : queued.recipients) {
      const std::string found = domain_of(recipient.address);
      if (recipient.state == spool::State::deferred &&
          (found == wanted || (subdomains && is_below(found, wanted))))
        waiting.emplace_back(queued.id, recipient.address);
    }
    return true;
  });
  if (!listed) return std::move(listed).error();
  Expedited expedited;
  for (const auto& [id, address] : waiting) {
    Filter filter;
    filter.to = address;
    auto acted = act(id, Action::retry, filter, who);
    if (!acted) return std::move(acted).error();
    expedited.recipients += acted->done;
  }
  if (expedited.recipients > 0) expedited.kind = Expedited::Kind::started;
  return expedited;
}

}  // namespace tubepost::spool
