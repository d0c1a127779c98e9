#include "auth/secrets.h"

#include "base/file.h"
#include "lmdb/environment.h"

namespace tubepost::auth {
namespace {

constexpr std::string_view schema_key = "schema", schema = "1", decoy_name = "decoy";
constexpr std::size_t decoy_size = 32, key_size = 32;

std::string key_of(std::uint64_t account) {
  std::string key;
  lmdb::append_u64(key, account);
  return key;
}

Result<void> check_schema(std::string_view found) {
  if (found == schema) return {};
  return Failure::permanent("secrets/ has schema " + std::string(found) + ", this program knows only " +
                            std::string(schema) + ": it was written by another version");
}

Result<std::string> read_key(const std::string& path) {
  auto key = read_file(path, key_size + 1);
  if (!key) return std::move(key).error();
  if (key->size() != key_size) return Failure::temporary(path + ": not a key");
  return key;
}

// In a write transaction, so that of two at a time one makes it.
Result<void> make_missing_key(const std::string& path) {
  if (file_exists(path)) return {};
  std::string fresh = random_bytes(key_size);
  const Wiped guard(fresh);
  return write_file_atomically(path, fresh, 0600);
}

}  // namespace

struct Secrets::State {
  lmdb::Environment environment;
  lmdb::Table meta, verifiers;
  std::string decoy;

  Result<void> prepare() {
    return environment.write([this](lmdb::WriteTransaction& transaction) -> Result<void> {
      if (transaction.get(meta, schema_key)) return {};
      transaction.put(meta, schema_key, schema);
      transaction.put(meta, decoy_name, random_bytes(decoy_size));
      return {};
    });
  }

  Result<void> load() {
    return environment.read([this](lmdb::ReadTransaction& transaction) -> Result<void> {
      const auto found = transaction.get(meta, schema_key), key = transaction.get(meta, decoy_name);
      if (!found || !key) return Failure::permanent("secrets/ is not complete: run mailadm init");
      decoy = *key;
      return check_schema(*found);
    });
  }
};

Secrets::Secrets(std::unique_ptr<State> state) : state_(std::move(state)) {}
Secrets::Secrets(Secrets&&) noexcept = default;
Secrets& Secrets::operator=(Secrets&&) noexcept = default;
Secrets::~Secrets() = default;

Result<Secrets> Secrets::open(const std::string& folder, const Options& options) {
  if (options.create)
    if (auto made = make_directory(folder, 0700); !made) return std::move(made).error();
  lmdb::Environment::Options how;
  how.create = options.create, how.read_only = options.read_only, how.mode = 0600;
  auto environment = lmdb::Environment::open(folder, how);
  if (!environment) return std::move(environment).error();
  auto tables = environment->open_tables({"meta", "verifiers"});
  if (!tables) return std::move(tables).error();
  auto state = std::make_unique<State>(State{std::move(*environment), tables->at(0), tables->at(1), {}});
  if (options.create)
    if (auto prepared = state->prepare(); !prepared) return std::move(prepared).error();
  if (auto loaded = state->load(); !loaded) return std::move(loaded).error();
  return Secrets(std::move(state));
}

Result<void> Secrets::set_password(std::uint64_t account, std::string_view password, LegacySet legacy) {
  auto verifiers = make_verifiers(password);
  if (!verifiers) return std::move(verifiers).error();
  if (legacy != 0) {
    auto secrets = make_legacy_secrets(password, legacy);
    if (!secrets) return std::move(secrets).error();
    auto made = state_->environment.write([this](lmdb::WriteTransaction&) { return make_missing_key(key_path()); });
    if (!made) return std::move(made).error();
    auto key = read_key(key_path());
    if (!key) return std::move(key).error();
    const Wiped key_guard(*key);
    std::string text = encode(*secrets);
    const Wiped text_guard(text);
    verifiers->sealed = seal(*key, text, key_of(account));
  }
  return set_verifiers(account, *verifiers);
}

std::string Secrets::key_path() const { return state_->environment.folder() + "/key"; }

Result<LegacySecrets> Secrets::unseal_legacy(std::uint64_t account, const Verifiers& verifiers) const {
  if (verifiers.sealed.empty()) return LegacySecrets();
  auto key = read_key(key_path());
  if (!key) return std::move(key).error();
  const Wiped guard(*key);
  auto text = unseal(*key, verifiers.sealed, key_of(account));
  if (!text) return Failure::temporary("secrets/key is not the key of account " + std::to_string(account));
  const Wiped text_guard(*text);
  auto secrets = decode_legacy_secrets(*text);
  if (!secrets) return Failure::temporary("the sealed secrets of account " + std::to_string(account) + " are damaged");
  return std::move(*secrets);
}

Result<void> Secrets::set_verifiers(std::uint64_t account, const Verifiers& verifiers) {
  const std::string text = verifiers.to_text();
  return state_->environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    transaction.put(state_->verifiers, key_of(account), text);
    return {};
  });
}

Result<void> Secrets::remove(std::uint64_t account) {
  return state_->environment.write([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    transaction.erase(state_->verifiers, key_of(account));
    return {};
  });
}

Result<bool> Secrets::has_password(std::uint64_t account) const {
  auto found = find(account);
  if (!found) return std::move(found).error();
  return found->has_value();
}

Result<std::optional<Verifiers>> Secrets::find(std::uint64_t account) const {
  using Found = Result<std::optional<Verifiers>>;
  return state_->environment.read([&](lmdb::ReadTransaction& transaction) -> Found {
    const auto text = transaction.get(state_->verifiers, key_of(account));
    if (!text) return std::optional<Verifiers>();
    auto verifiers = parse_verifiers(*text);
    if (!verifiers)
      return Failure::temporary("the verifiers of account " + std::to_string(account) + " are damaged");
    return std::optional(std::move(*verifiers));
  });
}

const std::string& Secrets::decoy_key() const { return state_->decoy; }

}  // namespace tubepost::auth
