// An account's INBOX, by IMAP or POP3, as the legs need it: is a token there, what is in the message, away with it.
// Each function opens the conversation it needs. A Failure says what went wrong, with the dialogue. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "basic-access-test/context.h"
#include "basic-access-test/mail_session.h"

namespace tubepost::basic_access_test {

// A session with this service, under TLS, logged in as the account. Without TLS no password is sent.
Result<std::unique_ptr<MailSession>> open_logged_in(const Context& context, const Service& service);
// The first of these services that there is.
const Service* first_of(const Target& target, std::initializer_list<std::string_view> names);

struct FoundMessage {
  std::string content;
  std::string how;  // "imaps, message 3"
};

class MailboxReader {
public:
  explicit MailboxReader(const Context& context) : context_(context) {}

  // The message whose subject has the token; nullopt: there is none.
  Result<std::optional<FoundMessage>> by_imap(const std::string& token);
  Result<std::optional<FoundMessage>> by_pop3(const std::string& token, bool remove = false);
  // By whichever there is; IMAP first.
  Result<std::optional<FoundMessage>> by_any(const std::string& token);
  // A message that has the token inside, but not in its subject: a bounce. Empty: none, or no IMAP.
  std::string bounce_of(const std::string& token);
  void remove(const std::string& token);
  // The end of what was said in the IMAP session that is kept, for the evidence; empty: there is none.
  std::string last_said() const;

private:
  Result<std::optional<FoundMessage>> search(const std::string& criterion);
  Result<MailSession*> imap();  // INBOX is selected
  const Context& context_;
  std::unique_ptr<MailSession> imap_;  // kept while it is of use
};

// Until the message is there, or the time is over: nullopt. A Failure: the mailbox cannot be read.
Result<std::optional<FoundMessage>> wait_for(MailboxReader& mailbox, const std::string& token,
                                             std::chrono::milliseconds patience);

}  // namespace tubepost::basic_access_test
