// The checks of the group `legs`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check legs_checks[] = {
    {"legs-submit", "takes a message from the account",
     "Logs in at the submission port, under TLS, and sends a message with a token from the account to "
     "itself.",
     "See the reply; basic-access-test explain says what it means."},
    {"legs-local", "brings that message into the mailbox",
     "Waits until the message can be found in the account's INBOX.",
     "Follow the message with mailq trace and its queue id; see that qrun runs."},
    {"legs-imap", "hands the message out by IMAP",
     "Fetches the message by IMAP and looks for the token in it.",
     "See the check local-login of imapd, and its log."},
    {"legs-pop3", "hands the message out by POP3",
     "Fetches the message by POP3 and looks for the token in it; then removes it.",
     "See the check local-login of popd, and its log."},
    {"legs-mx", "takes a message for the account as from another server",
     "Sends a message with a token, without a login, to the MX of the account's domain - as DNS has it, else "
     "to the listener - "
     "and waits until it is in the mailbox.",
     "See the reply: basic-access-test explain says what it means; then the group dns, and mailq trace."},
    {"legs-echo", "sends a message out that comes back",
     "Sends a message with a token to an address elsewhere that answers with it, and waits for the answer.",
     "mailq shows why it waits; see the group outside, and the mailbox for a bounce."},
};

}  // namespace tubepost::basic_access_test
