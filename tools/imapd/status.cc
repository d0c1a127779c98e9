// STATUS (RFC 9051 6.3.11; RFC 8438 SIZE, RFC 7889 APPENDLIMIT, RFC 8474 MAILBOXID, RFC 9208).
#include "imap/status_item.h"
#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

// RFC 9208 4.1.4: the octets that an EXPUNGE would give back.
std::uint64_t deleted_octets(const mailstore::MailStore& store, mailstore::MailboxRef ref) {
  std::uint64_t octets = 0;
  const auto add = [&](const mailstore::Scanned& scanned) {
    if ((scanned.message.flags & mailstore::deleted) != 0) octets += scanned.message.size;
    return true;
  };
  // What cannot be read now is told by the next command.
  const auto done = store.scan(ref, mailstore::UidSet::all(), mailstore::With::records, add);
  return done ? octets : 0;
}

}  // namespace

std::string Session::mailbox_id(mailstore::MailboxRef ref) const {
  // The number of a mailbox is its account's own; others' mailboxes have their account's in front.
  const auto number = std::to_string(ref.mailbox);
  return ref.account == account_->id ? "F" + number : "F" + std::to_string(ref.account) + "-" + number;
}

void Session::write_status(mailstore::MailboxRef ref, const mailstore::MailboxStatus& status,
                           std::uint32_t items) {
  std::string out = "* STATUS ";
  imap::append_mailbox(out, status.name, speaks_utf8());
  out += " (";
  const auto add = [&](imap::StatusItem item, std::string_view name, std::uint64_t value) {
    if ((items & item) == 0) return;
    if (out.back() != '(') out += ' ';
    out.append(name) += ' ';
    imap::append_number(out, value);
  };
  add(imap::status_messages, "MESSAGES", status.messages);
  add(imap::status_recent, "RECENT", 0);
  add(imap::status_uid_next, "UIDNEXT", status.uid_next);
  add(imap::status_uid_validity, "UIDVALIDITY", status.uid_validity);
  add(imap::status_unseen, "UNSEEN", status.unseen);
  add(imap::status_deleted, "DELETED", status.deleted);
  add(imap::status_size, "SIZE", status.bytes);
  add(imap::status_highest_modseq, "HIGHESTMODSEQ", status.highest_modseq);
  add(imap::status_append_limit, "APPENDLIMIT", rules_.message_size_max);
  if ((items & imap::status_deleted_storage) != 0)
    add(imap::status_deleted_storage, "DELETED-STORAGE",
        status.deleted == 0 ? 0 : deleted_octets(services_.store, ref));
  if ((items & imap::status_mailbox_id) != 0) {
    if (out.back() != '(') out += ' ';
    out.append("MAILBOXID (").append(mailbox_id(ref)) += ')';
  }
  lines_ << out.append(")\r\n");
}

Answer Session::status(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_space();
  const auto items = imap::expect_status_items(call.args);
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  const auto found = find_mailbox(name, "r", refusal);
  if (!found) return *refusal;
  if ((items & imap::status_highest_modseq) != 0) enable_condstore();  // RFC 7162 3.1
  write_status(found->ref, found->status, items);
  return imap::ok("That is it");
}

}  // namespace tubepost::imapd
