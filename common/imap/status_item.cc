#include "imap/status_item.h"

#include "base/text.h"

namespace tubepost::imap {
namespace {

struct StatusWord {
  std::string_view word;
  StatusItem item;
};
constexpr StatusWord status_words[] = {
    {"MESSAGES", status_messages},
    {"RECENT", status_recent},
    {"UIDNEXT", status_uid_next},
    {"UIDVALIDITY", status_uid_validity},
    {"UNSEEN", status_unseen},
    {"DELETED", status_deleted},
    {"SIZE", status_size},
    {"HIGHESTMODSEQ", status_highest_modseq},
    {"APPENDLIMIT", status_append_limit},
    {"MAILBOXID", status_mailbox_id},
    {"DELETED-STORAGE", status_deleted_storage},
};

std::uint32_t expect_item(Scanner& scanner) {
  const auto word = scanner.expect_atom();
  for (const StatusWord& name : status_words)
    if (equal_ignoring_case(name.word, word)) return name.item;
  scanner.fail("an unknown item of STATUS");
  return 0;
}

}  // namespace

std::uint32_t expect_status_items(Scanner& scanner) {
  std::uint32_t items = 0;
  scanner.expect('(');
  do items |= expect_item(scanner);
  while (!scanner.failed() && scanner.take(' '));
  scanner.expect(')');
  return items;
}

}  // namespace tubepost::imap
