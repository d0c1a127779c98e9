// Stores of older formats, brought to that of schema.h in the transaction that found out: wholly or not at all. Throws lmdb::Error
// (damaged rows end it, too: the program that wrote them can mend them).
#pragma once

#include "mailstore/schema.h"

namespace tubepost::mailstore {

// Format 2 had what stays and what changes of 32 messages in one row of `messages`:
//   present:u32 highest_modseq:u64 record*
//   record = flags:u32 head:u32 modseq:u64 internal_date:time save_date:time size:u64 body:id
// and rows of `mailboxes` without the format they begin with.
void migrate_from_2(lmdb::WriteTransaction& transaction, const schema::Tables& tables);

}  // namespace tubepost::mailstore
