// Sending on at once what waits for one domain: what ETRN (RFC 1985) and a trigger port ask for (O9).
#include "base/text.h"
#include "spool/edit.h"
#include "spool/state.h"

namespace tubepost::spool {
namespace {

constexpr auto expedite_interval = std::chrono::minutes(1);
constexpr std::size_t domain_max = 255;  // RFC 1035 2.3.4
constexpr std::size_t page = 1'000;      // recipients of one transaction

// The waiting recipients of `domain`, and where to go on; a domain's own come first, then those below it.
std::vector<RecipientKey> next_waiting(const lmdb::ReadTransaction& read, const Tables& tables,
                                       const std::string& reversed, bool subdomains, std::string& from) {
  constexpr std::size_t tail = 20;  // id and number
  std::vector<RecipientKey> found;
  lmdb::Cursor cursor = read.cursor(tables.remote);
  bool more = cursor.seek(from);
  for (; more && found.size() < page && cursor.key().starts_with(reversed); more = cursor.next()) {
    const std::string_view key = cursor.key();
    const char after = key.size() > reversed.size() ? key[reversed.size()] : '\0';
    if (after != '\0' && !(subdomains && after == '.')) continue;  // "net.examples"
    if (after != '\0' && !subdomains) break;
    if (const auto one = parse_recipient_key(key.substr(key.size() - tail))) found.push_back(*one);
    from = std::string(key) + '\0';
  }
  if (found.size() < page) from.clear();  // there is no more
  return found;
}

bool make_due(Editor& edit, const RecipientKey& key, std::string_view who) {
  const auto before = edit.recipient(key.id, key.number);
  if (!before || before->next <= edit.now()) return before.has_value();
  Recipient after = *before;
  after.next = edit.now();
  after.parked = false;
  after.urgent = true;
  const std::string number = std::to_string(key.number);
  edit.journal.add(key.id, "expedited", words({{"to", before->address}, {"recipient", number}, {"by", who}}));
  edit.change(key.id, *before, after);
  return true;
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
  const State& s = *state_;
  const std::string reversed = reversed_domain(domain);
  if (reversed.empty() || reversed.size() > domain_max) return Expedited{};
  std::string from = reversed;
  // Nothing is written for a name that nothing waits for, whoever asks.
  auto any = s.environment.read([&](lmdb::ReadTransaction& read) {
    std::string start = from;
    return !next_waiting(read, s.tables, reversed, subdomains, start).empty();
  });
  if (!any) return std::move(any).error();
  if (!*any) return Expedited{};
  auto allowed = state_->may_expedite(reversed, expedite_interval);
  if (!allowed) return std::move(allowed).error();
  if (!*allowed) return Expedited{Expedited::Kind::too_soon, 0};
  Expedited expedited{Expedited::Kind::started, 0};
  while (!from.empty()) {
    std::size_t made_due = 0;
    std::string next;
    auto done = state_->commit(
        [&](lmdb::WriteTransaction& write) -> Result<void> {
          made_due = 0;
          next = from;
          Editor edit(write, s.tables, s.clock.now());
          for (const RecipientKey& key : next_waiting(write, s.tables, reversed, subdomains, next))
            made_due += make_due(edit, key, who) ? 1 : 0;
          edit.finish();
          return {};
        },
        0);
    if (!done) return std::move(done).error();
    from = next;
    expedited.recipients += made_due;
  }
  return expedited;
}

}  // namespace tubepost::spool
