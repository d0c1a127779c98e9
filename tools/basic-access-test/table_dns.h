// The checks of the group `dns`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check dns_checks[] = {
    {"dns-server", "the DNS server answers and resolves",
     "Asks each configured DNS server alone for several unrelated domains. A root server or one that only "
     "has zones of its own "
     "cannot find other people's mail servers; nor can one that is dead, which costs every message seconds.",
     "Put the addresses of the provider's resolvers, or of one on this machine (unbound), into dns.servers."},
    {"dns-server-validates", "the DNS server validates DNSSEC",
     "Asks for a signed name and looks for the AD bit. Without it DANE cannot be used: nobody vouches for "
     "TLSA records.",
     "Run a validating resolver on this machine (unbound does so as Debian installs it)."},
    {"dns-server-block-lists", "block lists answer the DNS server",
     "Asks each block list for its test entry 127.0.0.2. Lists refuse big public resolvers, and then list "
     "nobody, or everybody.",
     "Use a resolver of your own for block lists, not a public one."},
    {"dns-name", "the name of the mail domain is a good one",
     "Looks at the name itself. Addresses of a domain named www., mail. or smtp. are seldom what is meant; a "
     "domain that is a "
     "CNAME cannot have mail of its own.",
     "Use the domain without that prefix, and give it records of its own instead of a CNAME."},
    {"dns-mx", "MX records lead to a mail server",
     "Asks for the MX records of the domain and the addresses of the hosts they name, as a sender does.",
     "Publish an MX record whose host has an address."},
    {"dns-mx-alias", "MX records name hosts, not aliases",
     "Looks whether the host of an MX record is a CNAME, which RFC 2181 10.3 forbids: some senders then loop "
     "or refuse.",
     "Name in the MX record the host that the CNAME leads to."},
    {"dns-mx-order", "this server stands where it should in the order of the MX records",
     "Compares the preferences: where we host the domain we should be the first, where we are its secondary "
     "behind it.",
     "Give this server the lowest preference, or tell it that it is the secondary: mailadm domain set DOMAIN "
     "relay=yes."},
    {"dns-address", "the mail hosts have addresses that the world can reach",
     "Looks up A and AAAA of this server and of each MX host. A private address leads nowhere from outside.",
     "Publish the public address; behind a router that is the router's."},
    {"dns-ptr", "the addresses have reverse names that lead back",
     "Asks for the PTR record of each address and for the address of the name it gives. Many servers refuse "
     "mail without both.",
     "Ask the provider of the address to set its reverse name to the name of this server."},
    {"dns-spf", "the SPF record is valid",
     "Reads the SPF record and all it includes: syntax, at most ten look-ups, at most two that find nothing, "
     "an end. A record "
     "with an error counts as if it failed.",
     "Publish one TXT record \"v=spf1 mx -all\", with include: for every service that sends for the domain."},
    {"dns-spf-covers", "the SPF record covers this server",
     "Evaluates the record for each of this server's addresses, as a receiver would.",
     "Add this server's addresses to the SPF record: mx, or ip4: and ip6:."},
    {"dns-dkim", "the DKIM keys are sound",
     "Looks for keys at the selectors named with --selector, else at usual ones: syntax, type, and strength. "
     "Keys below 1024 "
     "bits must not be believed; below 2048 they should not be used.",
     "Make a new key of 2048 bits under a new selector, and remove the old record once nothing signed with "
     "it is under way."},
    {"dns-dmarc", "the DMARC record is valid",
     "Looks for the record of the domain or of one above it, its syntax, and whether reports may go where it "
     "says.",
     "Publish \"v=DMARC1; p=none; rua=mailto:postmaster@DOMAIN\" at _dmarc, and a stricter policy once the "
     "reports are clean."},
    {"dns-mta-sts", "the MTA-STS policy is whole and allows the MX hosts",
     "Reads the record at _mta-sts, fetches the policy over HTTPS and compares it with the MX records. In "
     "mode enforce a fault "
     "keeps mail away.",
     "Correct the policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt, then change the id in the "
     "record."},
    {"dns-tlsa", "the TLSA records match the certificate",
     "Looks for TLSA records of each MX host, whether they are signed, and holds them against the "
     "certificate it shows. "
     "A wrong one keeps the mail of all senders with DANE away.",
     "Publish \"3 1 1\" with the digest of the key in use; before a key is changed the new record must stand "
     "beside the old one."},
    {"dns-tls-reports", "the TLS reporting record is valid",
     "Reads the record at _smtp._tls, by which other servers report TLS that failed.",
     "Publish \"v=TLSRPTv1; rua=mailto:postmaster@DOMAIN\" at _smtp._tls."},
    {"dns-caa", "an authority may issue certificates",
     "Looks for CAA records of this server's name and above it: with none that names an authority, the next "
     "renewal fails.",
     "Name the authority you use in an issue record."},
    {"dns-srv", "mail programs find the services by SRV records",
     "Looks up the records of RFC 6186 and RFC 8314, and compares host and port with the services.",
     "Publish them with this server's name and ports, like \"_imaps._tcp.DOMAIN SRV 0 1 993 HOST\"."},
};

}  // namespace tubepost::basic_access_test
