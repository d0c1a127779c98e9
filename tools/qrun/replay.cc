#include "qrun/replay.h"

#include <map>
#include <set>

#include "base/json.h"
#include "base/text.h"
#include "qrun/outbound.h"
#include "spool/event_words.h"

namespace tubepost::qrun {
namespace {

constexpr std::size_t replayed_text_max = 4000;

Result<std::set<spool::SpoolId>> messages_since(const spool::Spool& spool, Timestamp since) {
  std::set<spool::SpoolId> ids;
  spool::Filter filter;
  filter.accepted_after = since;
  const auto here =
      spool.list(filter, [&](const spool::Queued& queued) { return ids.insert(queued.id), true; });
  if (!here) return Failure(here.error());
  const auto gone =
      spool.find_finished(filter, [&](const spool::Found& found) { return ids.insert(found.id), true; });
  if (!gone) return Failure(gone.error());
  return ids;
}

struct Past {
  std::string sender;
  std::map<std::string, std::string> became;  // by address
};

Past past_of(const std::vector<spool::Event>& events) {
  Past past;
  for (const spool::Event& event : events) {
    if (event.name == "accepted") past.sender = spool::word_of(event.fields, "from");
    const std::string to = spool::word_of(event.fields, "to");
    if (!to.empty()) past.became[to] = event.name;
  }
  if (past.sender == "<>") past.sender.clear();
  return past;
}

std::string would(const Decision& decision, const std::string& address, const Policy& policy) {
  const auto* out = std::get_if<SendOut>(&decision);
  if (!out) return describe(decision);
  if (!policy.outgoing) return "waits: the outgoing service is off";
  return describe(decision) + ", destination " + lane_of(*out, address, policy);
}

void print_one(const spool::SpoolId& id, const std::string& address, const std::string& became,
               const std::string& now, bool json, std::FILE* out) {
  if (!json) {
    std::fprintf(out, "%s\t%s\t%s\t%s\n", id.to_text().c_str(), printable(address).c_str(), became.c_str(),
                 printable(now, replayed_text_max).c_str());
    return;
  }
  JsonObject object;
  object.text("id", id.to_text());
  object.text("address", printable(address));
  object.text("was", became);
  object.text("would", printable(now, replayed_text_max));
  std::fprintf(out, "%s\n", object.done().c_str());
}

}  // namespace

std::optional<Replay> parse_replay(std::string_view text, Timestamp now) {
  constexpr std::string_view since = "since=";
  if (!text.starts_with(since)) {
    const auto id = spool::SpoolId::parse(std::string(text));
    return id ? std::optional(Replay{*id, {}}) : std::nullopt;
  }
  text.remove_prefix(since.size());
  if (const auto age = parse_duration(text)) return Replay{std::nullopt, now - *age};
  const auto time = parse_rfc3339(text);
  return time ? std::optional(Replay{std::nullopt, *time}) : std::nullopt;
}

Result<std::size_t> print_replay(const spool::Spool& spool, const Addresses& addresses, const Policy& policy,
                                 const Replay& replay, bool json, std::FILE* out) {
  auto ids = replay.id ? Result<std::set<spool::SpoolId>>(std::set{*replay.id})
                       : messages_since(spool, replay.since);
  if (!ids) return std::move(ids).error();
  Router router(addresses);
  std::size_t count = 0;
  for (const spool::SpoolId& id : *ids) {
    const auto events = spool.trace(id);
    if (!events) return Failure(events.error());
    Past past = past_of(*events);
    const auto queued = spool.find(id);
    if (queued && *queued) {
      past.sender = (*queued)->envelope.reverse_path;
      for (const spool::Recipient& one : (*queued)->recipients)
        past.became.try_emplace(one.address, "waiting");
    }
    for (const auto& [address, became] : past.became) {
      spool::Recipient recipient;
      recipient.address = address;
      print_one(id, address, became, would(router.decide(recipient, past.sender), address, policy), json,
                out);
      ++count;
    }
  }
  return count;
}

}  // namespace tubepost::qrun
