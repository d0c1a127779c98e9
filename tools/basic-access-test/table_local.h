// The checks of the group `local`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check local_checks[] = {
    {"local-address", "each address to listen on exists",
     "Looks up what the listen settings name. A name that leads to no address keeps the service from "
     "starting.",
     "Correct the listen setting: mailadm config show says where its value comes from."},
    {"local-connect", "takes connections",
     "Connects to each address the service listens on. If that fails nothing listens there, or a packet "
     "filter is between.",
     "Start the service (s6-svstat shows its state, its log why it ended), or let the packet filter pass the "
     "port."},
    {"local-greeting", "greets as its protocol asks",
     "Reads the greeting. If none comes, or a refusal, another program holds the port, or connections are at "
     "their limit.",
     "See who holds the port (check preflight-ports) and the service's log."},
    {"local-greeting-name", "greets with the name it is reached by",
     "Compares the name in the SMTP greeting with the host's. Others compare it with the reverse name of the "
     "address.",
     "Set server.hostname to the full name of this host, the one that its address leads back to."},
    {"local-tls", "offers TLS",
     "Looks for STARTTLS or STLS, or makes the handshake where TLS comes first. Without TLS passwords and "
     "mail go in clear "
     "text; if the server has it set up, something between removes the offer.",
     "Set tls.certificate and tls.key; look for a firewall that inspects or rewrites SMTP."},
    {"local-tls-injection", "forgets what came in clear text before TLS",
     "Sends a command in the same packet as STARTTLS. A server that answers it under TLS lets others put "
     "words into a "
     "client's mouth.",
     "Update the server: what is buffered when TLS begins must be dropped."},
    {"local-tls-versions", "takes TLS 1.2 or 1.3 and nothing older",
     "Tries each version by itself. TLS 1.0 and 1.1 are not to be used any more (RFC 8996).",
     "Allow TLS 1.2 and 1.3 alone in the server's TLS settings."},
    {"local-tls-ciphers", "takes no weak cipher",
     "Offers nothing but ciphers without encryption or authentication, with RC4, 3DES or export keys.",
     "Keep to the defaults of a current OpenSSL."},
    {"local-certificate-chain", "has a certificate that an authority vouches for",
     "Follows the chain to the authorities of this machine, or of tls.ca-file. Mail programs warn, or "
     "refuse, without it.",
     "Get a certificate from a public authority, and put its whole chain into the file of tls.certificate."},
    {"local-certificate-name", "has a certificate for its name",
     "Compares the names in the certificate with the host's.",
     "Get a certificate for the name that clients connect to, or tell them the name that is in it."},
    {"local-certificate-time", "has a certificate that is valid now",
     "Looks at the dates of every certificate of the chain.",
     "Renew the certificate now, and see why it is not renewed by itself."},
    {"local-certificate-key", "has a certificate with a strong key",
     "Wants RSA of 2048 bits or more, or an elliptic curve, and no signature by MD5 or SHA-1.",
     "Make a new key (EC P-256 or RSA 2048) and get a certificate for it."},
    {"local-auth-clear", "asks for no password before TLS",
     "Looks at the mechanisms that are offered in clear text. A password sent so can be read on the way.",
     "Set cleartext-login=no for the service."},
    {"local-auth", "offers a login under TLS",
     "Looks at the mechanisms that are offered once TLS is on. Without one no mail program can use the "
     "service.",
     "Start authd, and see authd.mechanisms and submission.authentication."},
    {"local-login", "lets the account log in", "Logs in with the account and password that were given.",
     "Try it with authd test; the log of authd says why it refuses. mailadm account passwd sets a new "
     "password."},
    {"local-name", "is reached by the host's name",
     "Looks the host's name up, and connects to each service at the address it leads to, as other machines "
     "do.",
     "Give the name an address record that leads here, or correct server.hostname."},
    {"local-external-port", "takes mail where the world brings it",
     "Connects to the MX listener at the host's name, on port 25 or --external-port, as other servers do. "
     "From inside, some "
     "routers do not pass this; a peer instance sees it as it is.",
     "Listen on port 25, or forward it to the listener in the router."},
};

}  // namespace tubepost::basic_access_test
