// MailStore::copy, move; and what RENAME of INBOX needs of them. Within an account a copy is a record and a
// reference; to another account (shared mailboxes) the body goes along.
#include "mailstore/copy.h"
#include "mailstore/bodies.h"
#include "mailstore/state.h"
#include "mailstore/walk.h"

namespace tubepost::mailstore {

Transfer::Transfer(Ledger& ledger, const BodyFiles& files, Ledger::Mailbox& from, Ledger::Mailbox& to,
                   Kind kind, FlagMask carried)
    : ledger_(ledger), files_(files), from_(from), to_(to), kind_(kind), carried_(carried) {}

Result<Usage> Transfer::survey(const UidSet& uids) {
  Usage usage;
  BlockWalk walk(ledger_.transaction(), ledger_.tables(), from_.ref, uids);
  while (walk.next())
    each_bit(walk.wanted(), [&](unsigned bit) {
      usage.messages += 1;
      usage.bytes += walk.block().message(bit).size;
    });
  if (auto refused = Ledger::uid_refusal(to_.status(), usage.messages)) return std::move(*refused);
  return usage;
}

Result<Copied> Transfer::run(const UidSet& uids) {
  Copied copied;
  copied.uid_validity = to_.status().uid_validity;
  copied.to.first = to_.status().uid_next;
  // Of a copy into the same mailbox: the new ones are not copied again.
  const UidSet wanted = uids.intersection(UidSet{UidRange{1, from_.status().uid_next - 1}});
  BlockWalk walk(ledger_.transaction(), ledger_.tables(), from_.ref, wanted, Rows::may_change);
  while (walk.next())
    if (auto done = one_block(walk.block(), walk.wanted(), copied.from); !done)
      return std::move(done).error();
  copied.to.last = to_.status().uid_next - 1;
  return copied;
}

// First all in, then all out: so that each mailbox keeps its own block at hand.
Result<void> Transfer::one_block(const BlockView& block, std::uint32_t wanted, UidSet& done) {
  for (auto bits = wanted; bits != 0; bits &= bits - 1) {
    auto message = block.message(static_cast<unsigned>(__builtin_ctz(bits)));
    done.add(message.uid);
    if (auto there = insert(message); !there) return there;
  }
  if (kind_ == Kind::move)
    each_bit(wanted, [&](unsigned bit) {
      ledger_.erase(from_, block.message(bit),
                    is_same_account() ? Ledger::Reference::moved : Ledger::Reference::drop);
    });
  return {};
}

Result<void> Transfer::insert(Message message) {
  if (!is_same_account()) {
    if (auto adopted = adopt_body(ledger_, files_, from_.ref.account, to_.ref.account, message); !adopted)
      return adopted;
  } else if (kind_ == Kind::copy) {
    ledger_.references().add(to_.ref.account, message.email_id);
  }
  message.flags = translated(message.flags);
  message.save_date = ledger_.now();  // RFC 8514: when it came into this mailbox
  ledger_.insert(to_, message);
  return {};
}

std::uint32_t Transfer::translated(std::uint32_t flags) {
  std::uint32_t bits = flags & system_flags & carried_.system;
  if (!carried_.keywords) return bits;
  const auto& names = from_.status().keywords;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((flags & keyword_bit(i)) == 0) continue;
    if (!keywords_[i]) keywords_[i] = ledger_.bits_that_fit(to_, Flags{0, {names[i]}});
    bits |= *keywords_[i];
  }
  return bits;
}

namespace {

Result<void> check_quota(Ledger& ledger, const Ledger::Mailbox& from, const Ledger::Mailbox& to,
                         Transfer::Kind kind, const Quota& quota, const Usage& more) {
  // What only moves within an account takes no more room there.
  if (kind == Transfer::Kind::move && from.ref.account == to.ref.account) return {};
  if (auto refused = ledger.quota_refusal(to.ref.account, quota, more)) return std::move(*refused);
  return {};
}

}  // namespace

Result<Copied> MailStore::State::transfer(MailboxRef from, const UidSet& uids, MailboxRef to, bool is_move,
                                          const Quota& quota, FlagMask carried) {
  const auto kind = is_move ? Transfer::Kind::move : Transfer::Kind::copy;
  Copied copied;
  auto committed = change([&](Ledger& ledger) -> Result<void> {
    copied = {};
    auto source = ledger.need(from), destination = ledger.need(to);
    if (!source) return std::move(source).error();
    if (!destination) return std::move(destination).error();
    Transfer transfer(ledger, files, **source, **destination, kind, carried);
    const auto more = transfer.survey(uids);
    if (!more) return more.error();
    if (auto fits = check_quota(ledger, **source, **destination, kind, quota, *more); !fits) return fits;
    auto done = transfer.run(uids);
    if (!done) return std::move(done).error();
    copied = std::move(*done);
    return {};
  });
  if (!committed) return std::move(committed).error();
  return copied;
}

Result<Copied> MailStore::copy(MailboxRef from, const UidSet& uids, MailboxRef to, const Quota& quota,
                               FlagMask carried) {
  return state_->transfer(from, uids, to, false, quota, carried);
}

Result<Copied> MailStore::move(MailboxRef from, const UidSet& uids, MailboxRef to, const Quota& quota,
                               FlagMask carried) {
  return state_->transfer(from, uids, to, true, quota, carried);
}

}  // namespace tubepost::mailstore
