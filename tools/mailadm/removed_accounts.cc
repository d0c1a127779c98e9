#include "mailadm/removed_accounts.h"

namespace tubepost::mailadm {

Result<mailstore::Usage> remove_remains(const Tool& tool, directory::AccountId id) {
  auto secrets = tool.secrets();
  if (!secrets) return std::move(secrets).error();
  if (auto removed = secrets->remove(id); !removed) return std::move(removed).error();
  auto store = tool.store();
  if (!store) return std::move(store).error();
  auto usage = store->usage(id);
  if (!usage) return usage;
  if (auto removed = store->remove_account(id); !removed) return std::move(removed).error();
  return usage;
}

}  // namespace tubepost::mailadm
