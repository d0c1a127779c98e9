// Changes of the directory inside one write transaction. Internal. Each checks what it is given and either
// does the whole change or returns a refusal; the caller's transaction is then undone.
#pragma once

#include "directory/properties.h"
#include "directory/reader.h"

namespace tubepost::directory {

class Editor {
public:
  Editor(lmdb::WriteTransaction& transaction, const Tables& tables)
      : transaction_(transaction), tables_(tables), reader_(transaction, tables) {}

  const Reader& reader() const { return reader_; }

  Result<void> set_server(const Properties& changes);
  Result<void> add_domain(std::string_view name, const Properties& properties);
  Result<void> set_domain(std::string_view name, const Properties& changes);
  Result<void> remove_domain(std::string_view name);
  Result<Account> add_account(std::string_view address, const Properties& properties);
  Result<void> set_account(std::string_view address, const Properties& changes);
  Result<void> respell_account(const smtp::Mailbox& address);  // same address in other letters
  Result<AccountId> remove_account(std::string_view address);
  Result<void> add_alias(std::string_view address, const std::vector<std::string>& targets);
  Result<void> remove_alias(std::string_view address, const std::vector<std::string>& targets);
  Result<void> add_route(const Route& route);
  Result<void> remove_route(std::string_view pattern, bool by_sender);
  Result<std::size_t> add_rules(std::string_view scope, RuleAction action, const std::vector<std::string>& entries);
  Result<std::size_t> remove_rules(std::string_view scope, RuleAction action,
                                   const std::vector<std::string>& entries);

private:
  Result<void> make_primary(const std::string& domain);
  Result<void> fold_keys(bool folds_case);
  Result<void> put_domain(const std::string& name, Properties properties);
  Result<void> bind(const std::string& name, const Properties& before, const Properties& after);
  Result<smtp::Mailbox> new_address(std::string_view text) const;  // nobody has it, its domain is ours
  void put_entry(const smtp::Mailbox& address, const Entry& entry);
  AccountId next_id();
  void note_length(const std::string& scope_key, std::string_view entry);
  void forget_rules(const std::string& scope_key);  // with what they were of

  lmdb::WriteTransaction& transaction_;
  const Tables& tables_;
  Reader reader_;
};

}  // namespace tubepost::directory
