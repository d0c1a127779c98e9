// What is left of an account that the directory no longer has: its password and its mail.
#pragma once

#include "mailadm/tool.h"

namespace tubepost::mailadm {

// Removes both. Can be run again after a crash: ids are never used twice.
Result<mailstore::Usage> remove_remains(const Tool& tool, directory::AccountId id);

}  // namespace tubepost::mailadm
