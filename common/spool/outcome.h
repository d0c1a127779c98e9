// Recording what became of a claimed recipient. Internal to this library.
#pragma once

#include <vector>

#include "spool/edit.h"
#include "spool/intake.h"

namespace tubepost::spool {

// Records `outcome` inside the transaction of `edit`; an outcome of a recipient that is not claimed (any
// more) changes nothing and is noted. An operator's wish goes before every result but "delivered". True: it
// was recorded as it came, so that the mail it generated is to be inserted.
bool record(Editor& edit, const Outcome& outcome);

// What a wish makes of a recipient: its end, or its hold.
void obey(Editor& edit, const SpoolId& id, const Recipient& recipient, Wish wish, std::string_view who);

}  // namespace tubepost::spool
