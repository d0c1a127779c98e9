// The checks of the group `relay`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check relay_checks[] = {
    {"relay-connect", "the MX listener can be asked",
     "Opens the SMTP conversations in which the relay tricks are tried: up to RCPT, nothing is sent. Without "
     "it nothing can "
     "be said of them.",
     "See the check local-connect for the same address."},
    {"relay-open", "refuses mail of strangers to strangers",
     "Offers a recipient elsewhere, from a sender elsewhere, and from the recipient's own domain. A server "
     "that takes it is an "
     "open relay: it will be found within hours, and then be on every block list.",
     "Take the network that was asked from out of smtpd.trusted, and see mailadm route list; other servers: "
     "their relay "
     "restrictions."},
    {"relay-null-sender", "refuses the null sender to strangers",
     "Offers a recipient elsewhere from <>, the sender of bounces.",
     "Let relaying depend on who the client is, never on the sender."},
    {"relay-own-sender", "refuses its own domain as sender to strangers",
     "Claims to be postmaster, an account or the host itself. A sender's address proves nothing.",
     "Let relaying depend on a login or the client's address, never on the sender's domain."},
    {"relay-literal", "refuses address literals and bare names",
     "Offers recipients at addresses in brackets and without a domain, and such senders.",
     "Relay for no domain but those that are set up, literals of other addresses included."},
    {"relay-percent", "refuses the percent hack",
     "Offers user%elsewhere at its domain, at its address and without a domain: old servers rewrite it.",
     "Switch off the rewriting of % in local parts."},
    {"relay-quoted", "refuses addresses in quoted local parts",
     "Offers \"user@elsewhere\" at its domain and without one: who unquotes and reads again is an open "
     "relay.",
     "Update the server; let no address be parsed again once its quotes are gone."},
    {"relay-route", "refuses source routes", "Offers @ours:user@elsewhere, and two at-signs (RFC 5321 F.2).",
     "Refuse source routes, or take their last address as the only recipient."},
    {"relay-bang", "refuses bang paths",
     "Offers elsewhere!user at its domain and without one: old servers rewrite it.",
     "Switch off the rewriting of UUCP addresses."},
    {"relay-trust", "believes nobody's word about who he is",
     "Greets as localhost and as the server itself, claims another address by XCLIENT and by a PROXY header, "
     "and a login by "
     "AUTH= in MAIL.",
     "Take all but your own proxies out of smtpd.xclient-hosts and smtpd.proxy-hosts."},
    {"relay-submission", "takes no mail on the submission ports without a login",
     "Offers a recipient elsewhere on each submission port, under TLS and without a login.",
     "Set submission.authentication=accounts, or keep submission.ranges to your own network."},
    {"relay-smuggling", "knows one end of a message only",
     "Sends the account a message in which lone LF and CR stand around a dot, and a command behind it. Who "
     "takes that for the "
     "end of the message lets others smuggle messages through (CVE-2023-51764 and its like).",
     "Update the server, and refuse bare LF and CR (Postfix: smtpd_forbid_bare_newline=yes)."},
};

}  // namespace tubepost::basic_access_test
