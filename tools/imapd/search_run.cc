#include "imapd/search_run.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t put_off_most = 1000;        // messages that are looked into behind the transaction
constexpr std::size_t made_bytes_most = 8 << 20;  // put into the store in one transaction

}  // namespace

Result<mailstore::UidSet> SearchRun::find(const Evaluation& evaluation) {
  mailstore::UidSet found;
  const auto with = evaluation.needs();
  std::vector<mailstore::Message> put_off;
  const auto visit = [&](const mailstore::Scanned& scanned) {
    imap::MessageText text{
        imap::StructureView(scanned.structure), imap::SearchTextView(scanned.text), {}, {}};
    // A scan for texts has no structures with it; all but the date is in the texts as well.
    const bool is_enough = with == mailstore::With::records ||
                           (with == mailstore::With::structures && text.structure.valid() &&
                            text.structure.folded_is_complete()) ||
                           (with == mailstore::With::texts && text.text.valid() && text.text.complete() &&
                            !evaluation.needs_sent());
    if (!is_enough || evaluation.needs_head())
      put_off.push_back(scanned.message);
    else if (evaluation.matches(scanned.message, text))
      found.add(scanned.message.uid);
    return put_off.size() < put_off_most && !(progress_ != nullptr && progress_->is_due());
  };
  const auto& candidates = evaluation.candidates();
  if (candidates.empty()) return found;
  for (std::optional<mailstore::Uid> next = candidates.first(); next;) {
    const auto rest = store_.scan(box_.ref, candidates.from(*next), with, visit);
    if (!rest) return rest.error();
    for (const auto& message : put_off)
      if (auto done = look_into(message, evaluation, found); !done) return std::move(done).error();
    put_off.clear();
    next = *rest;
    if (next && progress_ != nullptr) {
      const auto goal = candidates.size();
      progress_->at(goal - candidates.from(*next).size(), goal);
    }
  }
  keep_all();
  return found;
}

Result<mailstore::ModSeq> SearchRun::highest_modseq(const mailstore::UidSet& uids) const {
  mailstore::ModSeq highest = 0;
  const auto visit = [&](const mailstore::Scanned& scanned) {
    highest = std::max(highest, scanned.message.modseq);
    return true;
  };
  if (uids.empty()) return highest;
  for (std::optional<mailstore::Uid> next = uids.first(); next;) {
    const auto rest = store_.scan(box_.ref, uids.from(*next), mailstore::With::records, visit);
    if (!rest) return rest.error();
    next = *rest;
  }
  return highest;
}

Result<void> SearchRun::look_into(const mailstore::Message& message, const Evaluation& evaluation,
                                  mailstore::UidSet& found) {
  const auto bytes = store_.fetch(box_.ref.account, message);
  if (!bytes) return bytes.error();
  if (!*bytes) return {};  // expunged meanwhile
  mailstore::Cached made{message.email_id, imap::make_structure((*bytes)->body()), {}};
  if (evaluation.needs() == mailstore::With::texts) made.text = imap::make_search_text((*bytes)->body());
  const imap::MessageText text{imap::StructureView(made.structure), imap::SearchTextView(made.text),
                               (*bytes)->head(), [&] { return (*bytes)->body(); }};
  if (evaluation.matches(message, text)) found.add(message.uid);
  // Where heads are searched every message comes here, also those whose texts are kept already.
  if (!evaluation.needs_head()) keep(std::move(made));
  return {};
}

Result<void> SearchRun::visit_structures(const mailstore::UidSet& uids, const Visit& visit) {
  if (uids.empty()) return {};
  std::optional<mailstore::Message> missing;
  const auto visit_one = [&](const mailstore::Scanned& scanned) {
    const imap::StructureView structure(scanned.structure);
    if (structure.valid())
      visit(scanned.message, structure);
    else
      missing = scanned.message;
    return !missing;
  };
  for (std::optional<mailstore::Uid> next = uids.first(); next;) {
    const auto rest = store_.scan(box_.ref, uids.from(*next), mailstore::With::structures, visit_one);
    if (!rest) return rest.error();
    next = *rest;
    if (!missing) continue;
    const auto bytes = store_.fetch(box_.ref.account, *missing);
    if (!bytes) return bytes.error();
    if (*bytes) {
      mailstore::Cached made{missing->email_id, imap::make_structure((*bytes)->body()), {}};
      visit(*missing, imap::StructureView(made.structure));
      keep(std::move(made));
    }
    missing.reset();
  }
  keep_all();
  return {};
}

void SearchRun::keep(mailstore::Cached made) {
  made_bytes_ += made.structure.size() + made.text.size();
  made_.push_back(std::move(made));
  if (made_bytes_ >= made_bytes_most) keep_all();
}

// What cannot be kept (the disk is full) is made again the next time.
void SearchRun::keep_all() {
  if (made_.empty()) return;
  static_cast<void>(store_.put_cached(box_.ref.account, made_));
  made_.clear();
  made_bytes_ = 0;
}

}  // namespace tubepost::imapd
