#include "mailstore/mailstore.h"

#include "base/file.h"
#include "base/text.h"
#include "mailstore/state.h"

namespace tubepost::mailstore {
namespace {

constexpr unsigned commits_between_reader_checks = 1000;

Result<schema::Tables> open_tables(lmdb::Environment& environment) {
  auto opened = environment.open_tables({"meta", "accounts", "mailboxes", "names", "messages", "bodies",
                                         "shares", "changes", "structures", "delivered", "doomed"});
  if (!opened) return std::move(opened).error();
  const auto& t = *opened;
  return schema::Tables{t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10]};
}

Result<void> check_version(lmdb::Environment& environment, const schema::Tables& tables) {
  return environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    const auto found = transaction.get(tables.meta, schema::version_key);
    if (!found) {
      std::string value;
      lmdb::append_u32(value, schema::version);
      transaction.put(tables.meta, schema::version_key, value);
      return {};
    }
    const auto version = found->size() == 4 ? lmdb::read_u32(*found) : 0;
    if (version == schema::version) return {};
    return Failure::permanent(environment.folder() + ": written in format " + std::to_string(version) +
                              ", this program knows format " + std::to_string(schema::version));
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
  auto tables = open_tables(*environment);
  if (!tables) return std::move(tables).error();
  if (auto known = check_version(*environment, *tables); !known) return std::move(known).error();
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

Result<MailboxStatus> MailStore::open_mailbox(AccountId account, std::string_view name) {
  const auto known_as = mailbox_name(name);
  if (!known_as) return Failure::permanent("no name for a mailbox: " + printable(name));
  const auto& tables = state_->tables;
  const auto look = [&](const lmdb::ReadTransaction& transaction) -> std::optional<MailboxStatus> {
    const auto id = transaction.get(tables.names, schema::name_key(account, *known_as));
    if (!id || id->size() != 4) return std::nullopt;
    const auto key = schema::mailbox_key(account, lmdb::read_u32(*id));
    const auto row = transaction.get(tables.mailboxes, key);
    return row ? schema::decode_mailbox(key, *row) : std::nullopt;
  };
  auto found = state_->environment.read(look);
  if (!found) return std::move(found).error();
  if (*found) return std::move(**found);
  if (*known_as != inbox) return Failure::permanent("no such mailbox: " + printable(name));
  MailboxStatus made;
  auto committed = state_->commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    Ledger ledger(transaction, tables, state_->clock.now());
    made = ledger.find_or_make(account, *known_as);
    ledger.save();
    return {};
  });
  if (!committed) return std::move(committed).error();
  return made;
}

Result<std::vector<MailboxStatus>> MailStore::mailboxes(AccountId account) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<MailboxStatus> found;
    const auto prefix = schema::account_key(account);
    auto cursor = transaction.cursor(state_->tables.mailboxes);
    for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
         more = cursor.next())
      found.push_back(schema::need(schema::decode_mailbox(cursor.key(), cursor.value()), "mailboxes"));
    return found;
  });
}

Result<Usage> MailStore::usage(AccountId account) const {
  return state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    const auto row = transaction.get(state_->tables.accounts, schema::account_key(account));
    return row ? schema::need(schema::decode_account(*row), "accounts").usage : Usage{};
  });
}

}  // namespace tubepost::mailstore
