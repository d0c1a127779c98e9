// RFC 8474 5.2 THREADID: messages whose References (or In-Reply-To) begin with the same Message-ID belong to one
// thread, in whatever mailbox they are. It depends on the message alone, so it never changes and costs no table.
// Pure.
#pragma once

#include <string>

#include "imap/structure_cache.h"
#include "spool/spool_id.h"

namespace tubepost::imapd {

// "T…". A message that names nobody, itself included, is a thread of its own.
std::string thread_id(const imap::StructureView& structure, const spool::SpoolId& email_id);

}  // namespace tubepost::imapd
