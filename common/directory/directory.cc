#include "directory/directory.h"

#include "base/file.h"
#include "base/text.h"
#include "directory/state.h"

namespace tubepost::directory {
namespace {

constexpr std::string_view schema_key = "schema";

Result<void> check_schema(const std::string& folder, std::string_view stored) {
  const auto version = parse_number<unsigned>(stored);
  if (!version) return Failure::permanent(folder + ": not a directory database");
  if (*version > schema_version)
    return Failure::permanent(folder + ": written by a newer version of Tubepost (format " +
                              std::to_string(*version) + ", this program knows " +
                              std::to_string(schema_version) + ")");
  return {};
}

constexpr std::initializer_list<const char*> table_names = {
    "meta", "server", "domains", "bindings", "addresses", "by-age", "ids", "routes", "rules"};

// Opens once for writing, which makes missing tables, and again as before. There is one Environment at a time.
Result<void> complete_tables(const std::string& folder, Result<lmdb::Environment>& environment) {
  lmdb::Environment::Options options;
  environment = Failure::temporary("being opened again");
  {
    auto writable = lmdb::Environment::open(folder, options);
    if (!writable) return std::move(writable).error();
    if (auto made = writable->open_tables(table_names); !made) return std::move(made).error();
  }
  options.read_only = true;
  environment = lmdb::Environment::open(folder, options);
  return environment ? Result<void>() : Result<void>(environment.error());
}

// A new database gets its version; any other must have one that this program knows.
Result<void> settle_schema(lmdb::Environment& environment, const Tables& tables, bool create) {
  const auto stored = environment.read([&](const lmdb::ReadTransaction& transaction) {
    return std::string(transaction.get(tables.meta, schema_key).value_or(""));
  });
  if (!stored) return stored.error();
  if (!stored->empty() || !create) return check_schema(environment.folder(), *stored);
  return environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    transaction.put_new(tables.meta, schema_key, std::to_string(schema_version));
    return {};
  });
}

std::optional<std::uint64_t> number_of(const Properties& properties, const char* key) {
  const auto found = properties.find(key);
  return found == properties.end() ? std::nullopt : parse_number<std::uint64_t>(found->second);
}

}  // namespace

std::optional<std::uint64_t> Domain::quota_bytes() const { return number_of(properties, "quota"); }
std::optional<std::uint64_t> Domain::quota_messages() const { return number_of(properties, "quota-messages"); }
bool Account::is_suspended() const { return properties.contains("suspended"); }
std::optional<std::uint64_t> Account::quota_bytes() const { return number_of(properties, "quota"); }
std::optional<std::uint64_t> Account::quota_messages() const {
  return number_of(properties, "quota-messages");
}

Directory::Directory(std::unique_ptr<State> state) : state_(std::move(state)) {}
Directory::Directory(Directory&&) noexcept = default;
Directory& Directory::operator=(Directory&&) noexcept = default;
Directory::~Directory() = default;

Result<Directory> Directory::open(const std::string& folder, const Options& options) {
  if (options.create) {
    if (auto made = make_directory(folder, 0700); !made) return std::move(made).error();
  }
  lmdb::Environment::Options wanted;
  wanted.create = options.create;
  wanted.read_only = options.read_only && !options.create;
  auto environment = lmdb::Environment::open(folder, wanted);
  if (!environment) return std::move(environment).error();
  auto opened = environment->open_tables(table_names);
  if (!opened && wanted.read_only) {
    // Made before there were rules; who only reads cannot add their table.
    if (auto completed = complete_tables(folder, environment); !completed)
      return std::move(completed).error();
    opened = environment->open_tables(table_names);
  }
  if (!opened) return opened.error();
  const auto& t = *opened;
  const Tables tables{t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8]};
  if (auto settled = settle_schema(*environment, tables, options.create); !settled)
    return std::move(settled).error();
  return Directory(std::make_unique<State>(State{std::move(*environment), tables}));
}

// ---- looking up

Result<std::optional<Account>> Directory::find_account(const smtp::Mailbox& address) const {
  return state_->read([&](const Reader& reader) {
    return reader.account(smtp::Mailbox{address.local_part, reader.as_stored(address.domain)});
  });
}

Result<std::optional<Account>> Directory::find_account(AccountId id) const {
  return state_->read([&](const Reader& reader) { return reader.account(id); });
}

Result<bool> Directory::is_hosted(std::string_view domain) const {
  return state_->read([&](const Reader& reader) {
    const auto properties = reader.domain(domain);
    return properties && !properties->contains("relay");
  });
}

Result<std::optional<Domain>> Directory::find_domain(std::string_view name) const {
  return state_->read([&](const Reader& reader) -> std::optional<Domain> {
    auto properties = reader.domain(name);
    if (!properties) return std::nullopt;
    return Domain{std::string(name), std::move(*properties)};
  });
}

Result<std::string> Directory::primary_domain() const {
  return state_->read([](const Reader& reader) -> Result<std::string> {
    auto name = reader.primary_domain();
    if (name.empty()) return Failure::permanent("there is no domain yet (mailadm domain add makes one)");
    return name;
  });
}

Result<std::string> Directory::default_domain(std::string_view local_address) const {
  return state_->read([&](const Reader& reader) -> Result<std::string> {
    if (auto bound = reader.bound_domain(local_address)) return std::move(*bound);
    auto name = reader.primary_domain();
    if (name.empty()) return Failure::permanent("there is no domain yet (mailadm domain add makes one)");
    return name;
  });
}

Result<std::vector<std::string>> Directory::domains_with(std::string_view local_part) const {
  return state_->read([&](const Reader& reader) {
    std::vector<std::string> names;
    for (const auto& domain : reader.domains()) {
      const auto account = reader.account({std::string(local_part), domain.name});
      if (account && account->address.local_part == local_part) names.push_back(domain.name);
    }
    return names;
  });
}

// ---- lists

Result<std::vector<Domain>> Directory::domains() const {
  return state_->read([](const Reader& reader) { return reader.domains(); });
}

Result<std::vector<Account>> Directory::accounts(std::string_view domain) const {
  return state_->read([&](const Reader& reader) {
    std::vector<Account> accounts;
    reader.each_entry(domain, [&](const std::string& of, Entry entry) {
      if (entry.is_account()) accounts.push_back(to_account(std::move(entry), of));
    });
    return accounts;
  });
}

Result<std::vector<Directory::Alias>> Directory::aliases(std::string_view domain) const {
  return state_->read([&](const Reader& reader) {
    std::vector<Alias> aliases;
    reader.each_entry(domain, [&](const std::string& of, const Entry& entry) {
      if (entry.is_account()) return;
      aliases.push_back({smtp::Mailbox{entry.local_part, of}.to_text(), {}});
      for (const auto& target : entry.targets) aliases.back().targets.push_back(target.to_text());
    });
    return aliases;
  });
}

Result<Properties> Directory::server() const {
  return state_->read([](const Reader& reader) { return reader.server(); });
}

// ---- changes

Result<void> Directory::set_server(const Properties& changes) {
  return state_->write([&](Editor& editor) { return editor.set_server(changes); });
}
Result<void> Directory::add_domain(std::string_view name, const Properties& properties) {
  return state_->write([&](Editor& editor) { return editor.add_domain(name, properties); });
}
Result<void> Directory::set_domain(std::string_view name, const Properties& changes) {
  return state_->write([&](Editor& editor) { return editor.set_domain(name, changes); });
}
Result<void> Directory::remove_domain(std::string_view name) {
  return state_->write([&](Editor& editor) { return editor.remove_domain(name); });
}

Result<Account> Directory::add_account(std::string_view address, const Properties& properties) {
  Account account;
  auto done = state_->write([&](Editor& editor) -> Result<void> {
    auto added = editor.add_account(address, properties);
    if (!added) return std::move(added).error();
    account = std::move(*added);
    return {};
  });
  if (!done) return std::move(done).error();
  return account;
}

Result<void> Directory::set_account(std::string_view address, const Properties& changes) {
  return state_->write([&](Editor& editor) { return editor.set_account(address, changes); });
}

Result<AccountId> Directory::remove_account(std::string_view address) {
  AccountId id = 0;
  auto done = state_->write([&](Editor& editor) -> Result<void> {
    const auto removed = editor.remove_account(address);
    if (!removed) return removed.error();
    id = *removed;
    return {};
  });
  if (!done) return std::move(done).error();
  return id;
}

Result<void> Directory::add_alias(std::string_view address, const std::vector<std::string>& targets) {
  return state_->write([&](Editor& editor) { return editor.add_alias(address, targets); });
}
Result<void> Directory::remove_alias(std::string_view address, const std::vector<std::string>& targets) {
  return state_->write([&](Editor& editor) { return editor.remove_alias(address, targets); });
}
Result<void> Directory::add_route(const Route& route) {
  return state_->write([&](Editor& editor) { return editor.add_route(route); });
}
Result<void> Directory::remove_route(std::string_view pattern, bool by_sender) {
  return state_->write([&](Editor& editor) { return editor.remove_route(pattern, by_sender); });
}

}  // namespace tubepost::directory
