#include "mailstore/mailstore.h"

#include "base/file.h"
#include "base/text.h"
#include "mailstore/migration.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

constexpr unsigned commits_between_reader_checks = 1000;

Result<void> bring_to_this_format(lmdb::Environment& environment, const schema::Tables& tables) {
  return environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    const auto found = transaction.get(tables.meta, schema::version_key);
    const auto version = !found ? schema::version : found->size() == 4 ? lmdb::read_u32(*found) : 0;
    if (found && version == schema::version) return {};
    if (version == 2)
      migrate_from_2(transaction, tables);
    else if (version != schema::version)
      return Failure::permanent(environment.folder() + ": written in format " + std::to_string(version) +
                                ", this program knows format " + std::to_string(schema::version));
    transaction.put(tables.meta, schema::version_key, schema::encode_u32(schema::version));
    return {};
  });
}

}  // namespace

MailStore::MailStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
MailStore::MailStore(MailStore&&) noexcept = default;
MailStore& MailStore::operator=(MailStore&&) noexcept = default;
MailStore::~MailStore() = default;

Result<MailStore> MailStore::open(const std::string& folder, const Options& options, const Clock& clock) {
  if (options.create) {
    if (auto made = make_directory(folder, 0770); !made) return std::move(made).error();
    if (auto made = make_directory(folder + "/bodies", 0770); !made) return std::move(made).error();
  }
  lmdb::Environment::Options how;
  how.create = options.create;
  how.mode = 0660;  // less the umask: who shares the store shares its group
  auto environment = lmdb::Environment::open(folder, how);
  if (!environment) return std::move(environment).error();
  auto tables = schema::open_tables(*environment);
  if (!tables) return std::move(tables).error();
  if (auto known = bring_to_this_format(*environment, *tables); !known) return std::move(known).error();
  auto state = std::make_unique<State>(std::move(*environment), *tables, options, clock);
  if (options.group_commit)
    state->committer = std::make_unique<lmdb::GroupCommit>(state->environment, nullptr, options.commit_failed,
                                                           lmdb::GroupCommit::Limits{});
  return MailStore(std::move(state));
}

Result<void> MailStore::State::commit(const lmdb::GroupCommit::Write& write, std::size_t bytes) {
  if (++commits % commits_between_reader_checks == 0) environment.clear_dead_readers();
  return committer ? committer->commit(write, bytes) : environment.write(write);
}

Result<void> MailStore::State::change(const Work& work, std::size_t bytes) {
  std::vector<Changed> changed;
  std::optional<Failure> refused;
  auto committed = commit(
      [&](lmdb::WriteTransaction& transaction) -> Result<void> {
        refused.reset();
        changed.clear();
        Ledger ledger(transaction, tables, files, clock.now());
        auto done = work(ledger);
        if (!done && !ledger.has_changes()) {
          refused = std::move(done).error();
          return {};
        }
        if (!done) return done;
        if (!ledger.has_changes()) return {};
        if (auto saved = ledger.save(); !saved) return saved;
        ledger.references().settle(settled_with_a_write);  // afterwards: this change may have shared one
        changed = ledger.changed();
        at_step("written");
        return {};
      },
      bytes);
  if (!committed) return committed;
  if (refused) return std::move(*refused);
  at_step("committed");
  notifier.tell(changed);
  return {};
}

std::uint64_t MailStore::change_counter() const { return state_->environment.last_transaction(); }

}  // namespace tubepost::mailstore
