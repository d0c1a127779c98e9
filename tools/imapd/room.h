// How much an account may still take, for APPEND, COPY and the like: its own quota and what is left of its domain's
// (D5). Reads the usage of all accounts of a domain, where that has a quota.
#pragma once

#include "directory/directory.h"
#include "mailstore/mailstore.h"

namespace tubepost::imapd {

// As the store takes it: limits on what the account has in all.
Result<mailstore::Quota> room_of(const mailstore::MailStore& store, const directory::Directory& directory,
                                 const directory::Account& account);

}  // namespace tubepost::imapd
