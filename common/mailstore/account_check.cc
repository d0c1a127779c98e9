// Mailboxes, their messages, chunks, logs and names (rules 1, 2, 4, 5).
#include "mailstore/account_check.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::mailstore {

void AccountCheck::found(const std::string& sentence) {
  findings_.push_back("account " + std::to_string(account_) + ": " + sentence);
}

std::string AccountCheck::name_of(MailboxRef mailbox) const {
  const auto known = mailboxes_.find(mailbox.mailbox);
  return known != mailboxes_.end() ? known->second.name : "number " + std::to_string(mailbox.mailbox);
}

std::vector<std::string> AccountCheck::run() {
  std::vector<schema::MailboxRow> rows;
  each(tables_.mailboxes, schema::account_key(account_),
       [&](const std::string& key, const std::string& value) {
         auto row = schema::decode_mailbox(key, value);
         if (!row) return found("a mailbox's row is damaged");
         mailboxes_[row->status.id] = row->status;
         rows.push_back(std::move(*row));
       });
  for (const auto& row : rows) check_mailbox(row);
  check_names();
  check_strays();
  count_dropped();
  check_bodies();
  check_companions();
  check_grants();
  check_usage();
  return std::move(findings_);
}

void AccountCheck::check_mailbox(const schema::MailboxRow& stored) {
  const MailboxRef ref{account_, stored.status.id};
  Counted counted{stored.status, {}, {}};
  auto& status = counted.status;
  status.messages = status.unseen = status.deleted = 0;
  status.bytes = 0;
  each(tables_.messages, schema::mailbox_key(ref),
       [&](const std::string& key, const std::string& value) { check_block(key, value, counted); });
  check_marks(ref, counted);
  check_chunks(ref, counted);
  schema::MailboxRow right = stored;
  right.status = status;
  check_log(right, counted);
  if (encode(right) == encode(stored)) return;
  if (stored.log_ranges == right.log_ranges && stored.log_floor == right.log_floor)
    found("the counts of " + status.name + " are wrong: " + std::to_string(stored.status.messages) +
          " messages of " + std::to_string(stored.status.bytes) + " bytes, found " +
          std::to_string(status.messages) + " of " + std::to_string(status.bytes));
  put(tables_.mailboxes, schema::mailbox_key(ref), encode(right));
}

void AccountCheck::check_block(const std::string& key, const std::string& value, Counted& counted) {
  const auto number = schema::row_number(key);
  const BlockRow block(number.value_or(0), value);
  auto& status = counted.status;
  if (!number || !block.is_valid())
    return found("a block of messages of " + status.name + " is damaged");
  each_bit(block.present(), [&](unsigned bit) {
    const auto message = block.unmarked(bit);
    counted.uids.add(message.uid);
    status.messages += 1;
    status.bytes += message.size;
    if (message.uid >= status.uid_next) status.uid_next = message.uid + 1;
    usage_.messages += 1;
    usage_.bytes += message.size;
    ++references_[schema::body_key(account_, message.email_id)];
    check_head(message);
  });
}

void AccountCheck::Counted::mark(Uid uid, std::uint32_t flags, ModSeq modseq) {
  status.unseen += (flags & seen) == 0 ? 1U : 0U;
  status.deleted += (flags & deleted) != 0 ? 1U : 0U;
  status.highest_modseq = std::max(status.highest_modseq, modseq);
  auto& of_chunk = chunks[uid / chunk_uids];
  of_chunk = std::max(of_chunk, modseq);
}

void AccountCheck::check_marks(MailboxRef mailbox, Counted& counted) {
  UidSet marked;
  bool is_right = true;
  each(tables_.marks, schema::mailbox_key(mailbox), [&](const std::string& key, const std::string& value) {
    const auto number = schema::row_number(key);
    const MarksRow marks(number.value_or(0), value);
    if (!number || !marks.is_valid()) {
      is_right = false;
      return;
    }
    each_bit(marks.present(), [&](unsigned bit) {
      marked.add(marks.first_uid() + bit);
      if (counted.uids.contains(marks.first_uid() + bit))
        counted.mark(marks.first_uid() + bit, marks.flags(bit), marks.modseq(bit));
    });
  });
  if (is_right && marked == counted.uids) return;
  found("the flags of " + counted.status.name + " are not those of its messages");
  rebuild_marks(mailbox, counted, counted.uids.without(marked));
}

// Those that are right are kept; messages that have lost theirs are without flags, and changed.
void AccountCheck::rebuild_marks(MailboxRef mailbox, Counted& counted, const UidSet& unmarked) {
  std::map<std::uint32_t, Packed<MarksRow>> rows;
  const auto record_of = [&](Uid uid) {
    const auto number = uid / MarksRow::uids;
    const auto [row, is_new] = rows.try_emplace(number);
    if (is_new) row->second.clear(number);
    return row->second.insert(uid % MarksRow::uids);
  };
  each(tables_.marks, schema::mailbox_key(mailbox), [&](const std::string& key, const std::string& value) {
    const auto number = schema::row_number(key);
    const MarksRow marks(number.value_or(0), value);
    if (number && marks.is_valid())
      each_bit(marks.present(), [&](unsigned bit) {
        const auto uid = marks.first_uid() + bit;
        if (counted.uids.contains(uid)) write_marks(record_of(uid), marks.flags(bit), marks.modseq(bit));
      });
    erase(tables_.marks, key);
  });
  if (!unmarked.empty()) ++counted.status.highest_modseq;
  const auto modseq = counted.status.highest_modseq;
  for (const auto& range : unmarked.ranges())
    for (auto uid = range.first; uid - range.first < range.count(); ++uid) {
      write_marks(record_of(uid), 0, modseq);
      counted.mark(uid, 0, modseq);
    }
  for (const auto& [number, row] : rows) put(tables_.marks, schema::row_key(mailbox, number), row.view().bytes());
}

void AccountCheck::check_chunks(MailboxRef mailbox, const Counted& counted) {
  UidSet uids;
  bool is_right = true;
  each(tables_.uids, schema::mailbox_key(mailbox), [&](const std::string& key, const std::string& value) {
    Chunk chunk;
    const auto number = schema::row_number(key);
    if (!number || !chunk.load(*number, value)) {
      is_right = false;
      return;
    }
    chunk.add_to(uids);
    const auto known = counted.chunks.find(*number);
    is_right = is_right && known != counted.chunks.end() && chunk.highest_modseq() >= known->second;
  });
  if (is_right && uids == counted.uids) return;
  found("the UIDs of " + counted.status.name + " are not those of its messages");
  if (repair_ != nullptr) rebuild_chunks(mailbox, counted);
}

void AccountCheck::rebuild_chunks(MailboxRef mailbox, const Counted& counted) {
  each(tables_.uids, schema::mailbox_key(mailbox),
       [&](const std::string& key, const std::string&) { repair_->erase(tables_.uids, key); });
  for (const auto& [number, modseq] : counted.chunks) {
    Chunk chunk;
    chunk.clear(number);
    chunk.raise(modseq);
    const Uid first = number * chunk_uids;
    const auto its_uids = counted.uids.intersection(UidSet{UidRange{first, first + (chunk_uids - 1)}});
    for (const auto& range : its_uids.ranges())
      for (Uid uid = range.first; uid <= range.last; ++uid) chunk.set(uid);
    repair_->put(tables_.uids, schema::row_key(mailbox, number), chunk.encoded());
  }
}

// A log that is wrong is given up as a whole: from its floor on it was not complete.
void AccountCheck::check_log(schema::MailboxRow& row, const Counted& counted) {
  const MailboxRef ref{account_, row.status.id};
  bool is_right = row.log_floor <= row.status.highest_modseq;
  std::size_t ranges = 0;
  each(tables_.expunged, schema::mailbox_key(ref), [&](const std::string& key, const std::string& value) {
    const auto uids = schema::decode_uids(value);
    const ModSeq modseq = key.size() == 20 ? lmdb::read_u64(std::string_view(key).substr(12)) : 0;
    is_right = is_right && uids && !uids->empty() && modseq > row.log_floor &&
               modseq <= row.status.highest_modseq && uids->intersection(counted.uids).empty();
    ranges += value.size() / 8;
  });
  if (is_right && ranges == row.log_ranges) return;
  found("the log of what was expunged from " + row.status.name + " is wrong");
  each(tables_.expunged, schema::mailbox_key(ref),
       [&](const std::string& key, const std::string&) { erase(tables_.expunged, key); });
  row.log_floor = row.status.highest_modseq;
  row.log_ranges = 0;
}

void AccountCheck::check_names() {
  std::map<std::string, MailboxId> names;
  each(tables_.names, schema::account_key(account_), [&](const std::string& key, const std::string& value) {
    const MailboxId id = schema::decode_u32(value).value_or(0);
    const auto name = key.substr(8);
    const auto known = mailboxes_.find(id);
    if (known != mailboxes_.end() && known->second.name == name) {
      names[name] = id;
      return;
    }
    found("the name " + printable(name) + " leads to no mailbox");
    erase(tables_.names, key);
  });
  for (const auto& [id, mailbox] : mailboxes_) {
    if (names.contains(mailbox.name)) continue;
    found("the mailbox " + mailbox.name + " has lost its name");
    put(tables_.names, schema::name_key(account_, mailbox.name), schema::encode_u32(id));
  }
}

// What belongs to no mailbox. Messages are not removed: they are mail.
void AccountCheck::check_strays() {
  const auto is_stray = [&](const std::string& key) {
    return !mailboxes_.contains(schema::mailbox_of(key).mailbox);
  };
  std::set<MailboxId> lost;
  each(tables_.messages, schema::account_key(account_),
       [&](const std::string& key, const std::string& value) {
         if (!is_stray(key)) return;
         found("messages lie in a mailbox that does not exist: " + name_of(schema::mailbox_of(key)));
         lost.insert(schema::mailbox_of(key).mailbox);
         Counted ignored;
         check_block(key, value, ignored);
       });
  for (const auto table : {tables_.marks, tables_.uids, tables_.expunged, tables_.acl, tables_.metadata})
    each(table, schema::account_key(account_), [&](const std::string& key, const std::string&) {
      const bool is_accounts_own =
          table.handle == tables_.metadata.handle && schema::mailbox_of(key).mailbox == 0;
      const bool is_with_mail =
          table.handle == tables_.marks.handle && lost.contains(schema::mailbox_of(key).mailbox);
      if (!is_stray(key) || is_accounts_own || is_with_mail) return;
      found("a row belongs to a mailbox that does not exist: " + name_of(schema::mailbox_of(key)));
      erase(table, key);
    });
}

void AccountCheck::check_usage() {
  const auto key = schema::account_key(account_);
  const auto value = transaction_.get(tables_.accounts, key);
  auto row = value ? schema::decode_account(*value) : std::nullopt;
  if (row && row->usage.bytes == usage_.bytes && row->usage.messages == usage_.messages) return;
  if (!row) return found("its row is missing or damaged");
  found("the quota usage is wrong: " + std::to_string(row->usage.bytes) + " bytes in " +
        std::to_string(row->usage.messages) + " messages, found " + std::to_string(usage_.bytes) + " in " +
        std::to_string(usage_.messages));
  row->usage = usage_;
  put(tables_.accounts, key, encode(*row));
}

}  // namespace tubepost::mailstore
