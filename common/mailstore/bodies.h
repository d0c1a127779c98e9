// Bodies going into the database, within a ledger. The reference of the message that brings one is the first;
// a further one is the caller's matter. Throws lmdb::Error.
#pragma once

#include "mailstore/ledger.h"

namespace tubepost::mailstore {

struct BodyParts {
  std::string_view head, body;
  std::string_view structure, text;    // empty: none
  const StagedBody* staged = nullptr;  // the body as a file, if it is a large one
};

// Under `header.id`, which has no body yet in this account. The head, if any, is number 1.
Result<void> store_body(Ledger& ledger, AccountId account, schema::BodyHeader header, const BodyParts& parts);
// One more head of a body that is there; its number.
std::uint32_t add_head(Ledger& ledger, AccountId account, const spool::SpoolId& body, std::string_view head);
// Makes the message's body, and its head, one of another account too, with a reference to it; `message.head`
// becomes the number it has there.
Result<void> adopt_body(Ledger& ledger, const BodyFiles& files, AccountId from, AccountId to,
                        Message& message);

}  // namespace tubepost::mailstore
