// Looking for messages that are finished: by the index `history` where an address is given, else day by day.
#include <unordered_set>

#include "base/text.h"
#include "spool/journal.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t finds_in_turn = 1000;

bool is_exact(std::string_view pattern) {
  return !pattern.empty() && pattern.find_first_of("*?[") == std::string_view::npos;
}

// What of the index is looked through on one day.
std::string range_of(const Filter& filter, std::uint32_t day) {
  std::string range;
  lmdb::append_u32(range, day);
  if (is_exact(filter.to)) return range += 't' + address_key(filter.to) + '\0';
  if (is_exact(filter.from))
    return range += 'f' + (filter.from == "<>" ? "" : address_key(filter.from)) + '\0';
  // Each message has one line of its sender; one that is in the queue still has only those of recipients.
  return range += 'f';
}

std::vector<SpoolId> read_ids(const lmdb::ReadTransaction& read, const Tables& tables,
                              const std::string& range, std::string& from) {
  std::vector<SpoolId> ids;
  lmdb::Cursor cursor = read.cursor(tables.history);
  bool more = cursor.seek(from) && cursor.key().starts_with(range);
  for (; more && ids.size() < finds_in_turn; more = cursor.next() && cursor.key().starts_with(range)) {
    ids.push_back(SpoolId::from_bytes(cursor.key().substr(cursor.key().size() - 16)));
    from = std::string(cursor.key()) + '\0';
  }
  if (!more) from.clear();
  return ids;
}

bool matches_domain(const Filter& filter, std::string_view address) {
  const auto at = address.rfind('@');
  return glob_matches(filter.domain, at == std::string_view::npos ? "" : address.substr(at + 1));
}

bool matches_sender(const Filter& filter, const Event& accepted) {
  const std::string from = word_of(accepted.fields, "from");
  const auto size = parse_number<std::uint64_t>(word_of(accepted.fields, "size")).value_or(0);
  if (!filter.from.empty() && !glob_matches(filter.from, from)) return false;
  return (!filter.larger || size > *filter.larger) && (!filter.smaller || size < *filter.smaller);
}

// What the journal says of the message, held against the filter as far as it goes (a state is not of the past).
bool matches_life(const Filter& filter, const SpoolId& id, const std::vector<Event>& events) {
  if (filter.accepted_before && id.time() >= *filter.accepted_before) return false;
  if (filter.accepted_after && id.time() <= *filter.accepted_after) return false;
  bool to = filter.to.empty(), domain = filter.domain.empty();
  for (const Event& event : events) {
    if (event.name == "accepted" && !matches_sender(filter, event)) return false;
    const std::string address = word_of(event.fields, "to");
    if (address.empty()) continue;
    to = to || glob_matches(filter.to, address) || address_key(address) == address_key(filter.to);
    domain = domain || matches_domain(filter, address);
  }
  return to && domain && !events.empty();
}

std::optional<std::uint32_t> first_day(const lmdb::ReadTransaction& read, const Tables& tables) {
  lmdb::Cursor cursor = read.cursor(tables.history);
  return cursor.first() ? std::optional(lmdb::read_u32(cursor.key())) : std::nullopt;
}

}  // namespace

Result<void> Spool::find_finished(const Filter& filter,
                                  const std::function<bool(const Found&)>& visit) const {
  const State& s = *state_;
  auto first = s.environment.read([&](lmdb::ReadTransaction& read) { return first_day(read, s.tables); });
  if (!first) return std::move(first).error();
  if (!*first || filter.state) return {};
  std::uint32_t last = **first;
  if (filter.accepted_after) last = std::max(last, day_of(*filter.accepted_after));
  std::unordered_set<std::string> seen;
  for (std::uint32_t day = day_of(s.clock.now()); day >= last; --day) {
    const std::string range = range_of(filter, day);
    for (std::string from = range; !from.empty();) {
      auto ids = s.environment.read(
          [&](lmdb::ReadTransaction& read) { return read_ids(read, s.tables, range, from); });
      if (!ids) return std::move(ids).error();
      for (const SpoolId& id : *ids) {
        if (!seen.insert(std::string(id.bytes())).second) continue;
        auto events = trace(id);
        if (!events) return std::move(events).error();
        if (matches_life(filter, id, *events) && !visit({id, std::move(*events)})) return {};
      }
    }
    if (day == 0) break;
  }
  return {};
}

}  // namespace tubepost::spool
