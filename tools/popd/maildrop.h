// One account's INBOX as a POP3 session sees it (RFC 1939 5): the messages that were there at login, numbered
// from 1, of which only UID and size are kept. LIST and UIDL read nothing more; RETR and TOP fetch one
// message at a time.
//
// No lock is held: several sessions may have the mailbox open, and IMAP may change it meanwhile. What another
// removed answers -ERR when it is asked for; QUIT removes what is still there. No database transaction
// outlives a call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mailstore/mailstore.h"

namespace tubepost::popd {

struct Message {
  mailstore::Uid uid = 0;
  bool deleted = false;  // marked by DELE
  std::uint64_t size = 0;
};

class Maildrop {
public:
  static Result<Maildrop> open(mailstore::MailStore& store, mailstore::AccountId account);

  std::uint32_t last_number() const { return static_cast<std::uint32_t>(messages_.size()); }
  // nullptr: no such number, or marked as deleted.
  const Message* find(std::uint32_t number) const;
  std::string unique_id(const Message& message) const;  // RFC 1939 7 UIDL: "uidvalidity.uid"
  void mark(std::uint32_t number);                      // of a message that find() found
  void unmark_all();
  std::uint32_t messages() const;  // those not marked, and their octets
  std::uint64_t octets() const;

  // nullopt: it has gone since login.
  Result<std::optional<mailstore::MessageBytes>> fetch(const Message& message) const;
  // Removes what is marked and still there, in one transaction; how many.
  Result<std::size_t> remove_marked();

private:
  Maildrop(mailstore::MailStore& store, mailstore::AccountId account, mailstore::MailboxStatus status);

  mailstore::MailStore* store_;
  mailstore::AccountId account_;
  mailstore::MailboxId mailbox_;
  std::uint32_t uid_validity_;
  std::vector<Message> messages_;
};

}  // namespace tubepost::popd
