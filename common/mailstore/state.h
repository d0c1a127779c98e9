// What a MailStore is made of. For the .cc files of this folder only.
#pragma once

#include <atomic>
#include <span>

#include "lmdb/group_commit.h"
#include "mailstore/body_files.h"
#include "mailstore/ledger.h"
#include "mailstore/notifier.h"
#include "mailstore/schema.h"

namespace tubepost::mailstore {

struct MailStore::State {
  State(lmdb::Environment opened, schema::Tables opened_tables, const Options& given, const Clock& its_clock)
      : environment(std::move(opened)),
        tables(opened_tables),
        options(given),
        clock(its_clock),
        files(environment.folder() + "/bodies"),
        notifier(given.notify_folder) {}

  // One durable transaction, together with those of other threads; `write` may be run more than once and
  // starts anew then.
  Result<void> commit(const lmdb::GroupCommit::Write& write, std::size_t bytes = 0);
  // The same for a change to the books, which is then told to run/notify. If `work` fails before it has
  // changed anything (a refusal), nobody else's write is undone for it.
  using Work = std::function<Result<void>(Ledger&)>;
  Result<void> change(const Work& work, std::size_t bytes = 0);

  // What append() and replace() are made of: the checks that refuse, before anything is changed; one message.
  Result<Ledger::Mailbox*> ready_to_append(Ledger& ledger, MailboxRef to, std::span<const Append> messages,
                                           const Quota& quota);
  Result<void> append_one(Ledger& ledger, MailboxRef to, const Append& append);

  Result<Copied> transfer(MailboxRef from, const UidSet& uids, MailboxRef to, bool is_move,
                          const Quota& quota, FlagMask carried);

  Result<void> rename_inbox(Ledger& ledger, AccountId account, const std::string& to);
  Result<bool> remove_step(Ledger& ledger, AccountId account);  // of remove_account; false: it is done
  Result<void> settle_all();                                    // what is in dropped

  using Staged =
      std::vector<std::optional<StagedBody>>;  // of the large bodies, in the order of the deliveries
  Result<Staged> stage(const std::vector<Delivery>& deliveries) const;

  void at_step(std::string_view step) const {
    if (options.at_step) options.at_step(step);
  }

  lmdb::Environment environment;
  schema::Tables tables;
  Options options;
  const Clock& clock;
  BodyFiles files;
  Notifier notifier;
  std::atomic<unsigned> commits{0};
  // Of append_one(); inside a write transaction only.
  spool::SpoolId last_body;
  std::unique_ptr<lmdb::GroupCommit> committer;  // last: its thread ends first
};

}  // namespace tubepost::mailstore
