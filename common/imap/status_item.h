// What STATUS and LIST RETURN (STATUS …) ask for: RFC 9051 6.3.11, RFC 8438, RFC 7162, RFC 7889, RFC 8474,
// RFC 9208. Pure.
#pragma once

#include <cstdint>

#include "imap/scanner.h"

namespace tubepost::imap {

enum StatusItem : std::uint32_t {
  status_messages = 1U << 0,
  status_recent = 1U << 1,
  status_uid_next = 1U << 2,
  status_uid_validity = 1U << 3,
  status_unseen = 1U << 4,
  status_deleted = 1U << 5,
  status_size = 1U << 6,
  status_highest_modseq = 1U << 7,
  status_append_limit = 1U << 8,
  status_mailbox_id = 1U << 9,
  status_deleted_storage = 1U << 10,
};

std::uint32_t expect_status_items(Scanner& scanner);  // in parentheses

}  // namespace tubepost::imap
