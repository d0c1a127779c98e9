// The checks of the group `client`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check client_checks[] = {
    {"client-account", "the account exists and may log in", "Looks the account up in the directory.",
     "mailadm account show says what is set; mailadm account passwd sets a password, mailadm account set "
     "suspended=no lets it in."},
    {"client-quota", "the mailbox has room",
     "Compares what is stored with the account's quota. Mail for a full mailbox waits or comes back.",
     "Remove mail, or raise the quota: mailadm account set USER@DOMAIN quota=SIZE."},
    {"client-aliases", "the addresses that lead to the account",
     "Lists the aliases whose mail the account gets.", "mailadm alias add and remove change them."},
    {"client-filters", "what is done with its mail",
     "Lists the account's own rules and settings: allow and deny lists, automatic replies, archive.",
     "mailadm rule and mailadm account set change them."},
    {"client-settings", "a mail program reaches the service with these settings",
     "Prints what a mail program needs - host, port, encryption, name - and tries it: connection by name, "
     "TLS, and the login "
     "where a password was given.",
     "Let the name of the server lead to its address (dns-address), and the service run (local-connect)."},
};

}  // namespace tubepost::basic_access_test
