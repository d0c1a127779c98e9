// The settings of the house, by section. Defaults and ranges with a letter and a number (L2, A6) are those of
// the functional specification.
#include "config/settings.h"

namespace tubepost::config {
namespace {

// What a row adds to the plain form.
constexpr Setting repeated(Setting row) {
  row.repeatable = true;
  return row;
}
constexpr Setting restart(Setting row) {
  row.takes = Takes::restart;
  return row;
}
constexpr Setting within(std::uint64_t least, std::uint64_t most, Setting row) {
  row.least = least;
  row.most = most;
  return row;
}
constexpr Setting at_least(std::uint64_t least, Setting row) { return within(least, UINT64_MAX, row); }
// Declared by the contract, and read by no program yet: to set it is allowed, and warned of.
[[maybe_unused]] constexpr Setting not_yet(Setting row) {
  row.not_yet = true;
  return row;
}
constexpr Setting one_of(std::string_view choices, Setting row) {
  row.choices = choices;
  return row;
}

// Rows that several sections have alike.
constexpr Setting listen(std::string_view name, std::string_view fallback = "") {
  return restart(repeated({name, Kind::addresses, fallback, "ADDR:PORT",
                           "Where to listen: ADDR:PORT, HOST:PORT or unix:PATH; empty switches it off."}));
}
constexpr Setting connections(std::string_view name, std::string_view fallback) {  // L2
  return restart(at_least(10, {name, Kind::number, fallback, "N", "Connections at a time, in total."}));
}
constexpr Setting connections_per_address(std::string_view name, std::string_view fallback) {  // L3
  return restart(at_least(1, {name, Kind::number, fallback, "N",
                              "Connections at a time from one address; IPv6 counts per /64."}));
}
constexpr Setting connections_per_user(std::string_view name, std::string_view fallback) {
  return restart(at_least(1, {name, Kind::number, fallback, "N", "Connections at a time of one account."}));
}
constexpr Setting workers(std::string_view name) {
  return restart(
      within(1, 64, {name, Kind::number, "1", "N", "Worker processes; the limits hold over all."}));
}
constexpr Setting per_hour(std::string_view name, std::string_view help) {
  return within(0, 1'000'000, {name, Kind::number, "0", "N", help});
}
constexpr Setting idle_timeout(std::string_view name, std::string_view fallback, std::uint64_t least) {
  return at_least(least, {name, Kind::duration, fallback, "TIME", "How long a silent client is waited for."});
}
constexpr Setting cleartext_login(std::string_view name) {  // A6
  return {name, Kind::boolean, "no", "yes|no", "Allow passwords in clear text without TLS."};
}
constexpr Setting proxy_hosts(std::string_view name) {  // A5
  return repeated({name, Kind::ranges, "", "RANGE", "Hosts whose PROXY protocol header is believed."});
}

constexpr Setting table[] = {
    // ---- every program
    restart({"server.hostname", Kind::text, "", "NAME",
             "This host's name in greetings, Received fields and message ids; the system's if not set."}),
    one_of("debug/info/warning/error",
           restart({"log.level", Kind::choice, "", "LEVEL",
                    "Least level logged; info if not set, warning where stderr is a terminal."})),
    one_of("logfmt/json",
           restart({"log.format", Kind::choice, "logfmt", "FORMAT", "How a log line is written."})),
    restart(repeated({"dns.servers", Kind::addresses, "", "ADDR[:PORT]",
                      "DNS servers to ask, in this order; the system's if not set."})),

    // ---- TLS
    {"tls.certificate", Kind::path, "tls/certificate.pem", "FILE", "Certificate chain, PEM."},
    {"tls.key", Kind::path, "tls/key.pem", "FILE", "Private key of the certificate, PEM."},
    {"tls.ca-file", Kind::path, "", "FILE", "Authorities trusted when we connect; the system's if not set."},

    // ---- smtpd, role mx; what all its roles share
    listen("smtpd.listen"),
    connections("smtpd.connections", "20"),
    connections_per_address("smtpd.connections-per-address", "5"),
    workers("smtpd.workers"),
    idle_timeout("smtpd.idle-timeout", "5m", 10),  // RFC 5321 4.5.3.2.7
    at_least(100, {"smtpd.recipients-max", Kind::number, "1000", "N", "Recipients of one message."}),  // L10
    within(1024, 1'000'000,
           {"smtpd.data-line-max", Kind::number, "1024", "BYTES",
            "Longest line of a message, without its line end."}),  // L11
    at_least(65536,
             {"smtpd.message-size-max", Kind::size, "50M", "SIZE", "Largest message accepted."}),  // L12
    at_least(1, {"smtpd.messages-max", Kind::number, "1000", "N", "Messages in one connection."}),
    at_least(
        1, {"smtpd.errors-max", Kind::number, "20", "N", "Refused commands before the client is sent away."}),
    {"smtpd.validate", Kind::boolean, "yes", "yes|no", "Refuse corrupt messages."},  // S7
    {"smtpd.require-tls", Kind::boolean, "no", "yes|no", "Take mail only under TLS."},
    {"smtpd.offer-auth", Kind::boolean, "no", "yes|no", "Offer AUTH in the mx role as well."},
    cleartext_login("smtpd.cleartext-login"),
    repeated({"smtpd.policy", Kind::command, "", "COMMAND",
              "Policy service: a command, unix:PATH or inet:ADDR:PORT; ;at=STATES ;timeout=TIME ;default=ACTION "
              ";for=strangers|all."}),
    repeated({"smtpd.filter", Kind::command, "", "COMMAND",
              "Message filter, in this order, or unix:PATH of one that serves; holds for every role and for sendmail."}),
    {"smtpd.quota-socket", Kind::path, "run/quota.sock", "PATH",
     "Where the service listens that knows whether a mailbox is full; asked for accounts that have a quota."},  // D5
    {"smtpd.relay-recipients", Kind::command, "mxsend --verify", "COMMAND",
     "Policy service that knows the recipients of domains we are the secondary of; by default their primary is asked; "
     "if it is empty all are taken."},  // O10
    one_of("off/exists/confirmed",
           {"smtpd.require-reverse-dns", Kind::choice, "off", "off|exists|confirmed",
            "Whether a client's address needs a reverse name."}),                             // S3
    repeated({"smtpd.dnsbl", Kind::text, "", "ZONE[=REPLIES][;ACTION]", "DNS block list."}),  // S2
    within(1, 1000,
           {"smtpd.dnsbl-reject-score", Kind::number, "5", "N",
            "Scores of block lists that together refuse a client."}),
    within(1, 60,
           {"smtpd.dnsbl-timeout", Kind::duration, "5s", "TIME",
            "How long all block lists together are waited for."}),
    {"smtpd.helo-check", Kind::boolean, "no", "yes|no",
     "Refuse strangers whose HELO is no full name, another's address, or our own name."},
    repeated({"smtpd.secondaries", Kind::ranges, "", "RANGE",
              "Secondaries of ours: what they hand over is not looked up (S2, S3) nor held off (S5)."}),  // O10
    per_hour("smtpd.hourly-address-messages", "Messages of a stranger's address in an hour; 0: no limit."),
    per_hour("smtpd.hourly-address-recipients", "Recipients of a stranger's address in an hour; 0: no limit."),
    per_hour("smtpd.hourly-network-messages", "The same of its network, /24 or /64."),
    per_hour("smtpd.hourly-network-recipients", "The same of its network, /24 or /64."),
    per_hour("smtpd.hourly-account-messages", "Messages of an account in an hour; 0: no limit."),
    per_hour("smtpd.hourly-account-recipients", "Recipients of an account in an hour; 0: no limit."),
    per_hour("smtpd.hourly-recipient-messages", "Messages of strangers to one recipient in an hour; 0: no limit."),
    repeated({"smtpd.blocked", Kind::ranges, "", "RANGE", "Addresses that may not connect."}),         // S1
    repeated({"smtpd.trusted", Kind::ranges, "", "RANGE", "Addresses that no restriction binds."}),    // A4
    repeated({"smtpd.xclient-hosts", Kind::ranges, "", "RANGE",
              "Hosts that may speak for others by XCLIENT."}),  // A5
    proxy_hosts("smtpd.proxy-hosts"),

    // ---- smtpd, role submission: submission with STARTTLS, submissions with TLS from the start
    listen("submission.listen"),
    connections("submission.connections", "20"),
    connections_per_address("submission.connections-per-address", "5"),
    workers("submission.workers"),
    idle_timeout("submission.idle-timeout", "5m", 10),
    one_of("accounts/fixed:FILE/off",
           {"submission.authentication", Kind::choice, "accounts", "accounts|fixed:FILE|off",
            "Who may log in: any account, the one in FILE (user:password), or nobody."}),  // A2, A3
    one_of("own/domain/any", {"submission.sender", Kind::choice, "own", "own|domain|any",
                              "As whom an account may send."}),                                       // A11
    repeated({"submission.ranges", Kind::ranges, "", "RANGE", "Addresses admitted to submission."}),  // A2
    {"submission.block-own-addresses", Kind::boolean, "no", "yes|no",
     "Refuse this machine's own addresses."},  // A5
    {"submission.trust-own-addresses", Kind::boolean, "no", "yes|no",
     "Trust this machine's own addresses."},  // A5
    {"submission.require-tls", Kind::boolean, "no", "yes|no", "Take mail only under TLS."},
    cleartext_login("submission.cleartext-login"),
    proxy_hosts("submission.proxy-hosts"),
    listen("submissions.listen"),
    connections("submissions.connections", "20"),

    // ---- smtpd, roles lmtp and local
    listen("lmtp.listen"),
    connections("lmtp.connections", "100"),
    connections_per_address("lmtp.connections-per-address", "100"),
    workers("lmtp.workers"),
    idle_timeout("lmtp.idle-timeout", "5m", 10),
    {"lmtp.require-tls", Kind::boolean, "no", "yes|no", "Take mail only under TLS."},
    cleartext_login("lmtp.cleartext-login"),
    listen("local.listen", "unix:run/submit.sock"),
    connections("local.connections", "100"),
    connections_per_address("local.connections-per-address", "100"),
    workers("local.workers"),
    idle_timeout("local.idle-timeout", "5m", 10),

    // ---- reading mail
    listen("popd.listen"),
    connections("popd.connections", "100"),
    connections_per_address("popd.connections-per-address", "10"),
    connections_per_user("popd.connections-per-user", "20"),
    workers("popd.workers"),
    idle_timeout("popd.idle-timeout", "10m", 600),  // RFC 1939 3: at least 10 minutes
    cleartext_login("popd.cleartext-login"),
    proxy_hosts("popd.proxy-hosts"),
    listen("pop3s.listen"),
    connections("pop3s.connections", "100"),
    listen("imapd.listen"),
    connections("imapd.connections", "1000"),
    connections_per_address("imapd.connections-per-address", "50"),
    connections_per_user("imapd.connections-per-user", "100"),
    workers("imapd.workers"),
    idle_timeout("imapd.idle-timeout", "30m", 1800),  // RFC 9051 5.4: at least 30 minutes
    cleartext_login("imapd.cleartext-login"),
    proxy_hosts("imapd.proxy-hosts"),
    at_least(65536,
             {"imapd.message-size-max", Kind::size, "50M", "SIZE", "Largest message taken by APPEND."}),
    {"imapd.shared-account", Kind::text, "", "ACCOUNT",
     "Whose mailboxes stand below Shared/: an address, or a local part in each domain; empty: nobody's."},
    listen("imaps.listen"),
    connections("imaps.connections", "1000"),

    // ---- authd
    restart({"authd.socket", Kind::path, "run/authd.sock", "PATH",
             "The socket of authd: where it listens, where it is asked."}),
    listen("authd.listen"),
    connections("authd.connections", "200"),
    one_of("PLAIN/LOGIN/SCRAM-SHA-256/SCRAM-SHA-256-PLUS/SCRAM-SHA-1/SCRAM-SHA-1-PLUS/OAUTHBEARER/XOAUTH2/CRAM-MD5/NTLM/APOP",
           {"authd.mechanisms", Kind::words, "PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "NAMES",
            "Mechanisms offered."}),  // A6
    {"authd.token-command", Kind::command, "", "COMMAND",
     "What validates tokens (OAUTHBEARER, XOAUTH2): user as argument, token on stdin, exit 0 or 1."},
    within(1, 60, {"authd.token-timeout", Kind::duration, "10s", "TIME", "How long it may take."}),
    restart(within(1, 64, {"authd.hashes", Kind::number, "2", "N", "Passwords hashed at a time."})),
    restart(within(1, 100'000,
                   {"authd.queue-max", Kind::number, "200", "N", "Logins that may wait for their hash."})),
    {"authd.remember", Kind::duration, "5m", "TIME",
     "How long a verified login is remembered, as a keyed digest; 0: not."},
    at_least(1,
             {"authd.failures-max", Kind::number, "10", "N",
              "Failed logins from one address, or to one account, before further ones are refused unseen."}),
    at_least(1, {"authd.failures-window", Kind::duration, "10m", "TIME",
                 "The time in which failed logins are counted."}),
    within(0, 60,
           {"authd.failure-delay", Kind::duration, "2s", "TIME",
            "How long the answer to a failed login is held back."}),

    // ---- greylist (S5)
    {"greylist.block", Kind::duration, "60m", "TIME",
     "How long the first attempt of somebody unknown is held off; 0: not at all."},
    at_least(1, {"greylist.pending", Kind::duration, "240m", "TIME",
                 "How long an attempt is remembered that nobody repeats; longer than the block."}),
    at_least(1, {"greylist.pass", Kind::duration, "36d", "TIME",
                 "How long, from its last use, a sender is remembered who came back."}),
    one_of("exact/net/domain",
           {"greylist.key", Kind::choice, "exact", "exact|net|domain",
            "What stands for a client: its address, its network (/24, /64), or its authenticated domain."}),
    one_of("451/452", {"greylist.reply-code", Kind::choice, "451", "451|452",
                       "The reply code of whoever is told to come back."}),
    {"greylist.exempt-after", Kind::number, "0", "N",
     "A client of which so many senders came back is not held off any more; 0: never."},
    at_least(1000, {"greylist.records-max", Kind::number, "5000000", "N",
                    "Records at most; beyond, the unknown are let through."}),
    restart(at_least(10, {"greylist.connections", Kind::number, "200", "N",
                          "Connections of mail servers at a time, with --listen."})),

    // ---- the queue
    one_of("on/off", {"qrun.outgoing", Kind::choice, "on", "on|off",
                      "Whether mail for other hosts is sent; off: it waits."}),  // L9
    restart(within(1, 1000,
                   {"qrun.outgoing-connections", Kind::number, "2", "N", "Outgoing connections at a time."})),  // L4
    at_least(1, {"qrun.destination-connections", Kind::number, "20", "N",
                 "Outgoing connections to one destination at the most; it has one until it answers, then two."}),
    {"qrun.relay-expire", Kind::duration, "30d", "TIME",
     "When mail kept as a secondary goes back to its sender, if that is later than qrun.expire."},  // O10
    {"qrun.suppress", Kind::duration, "7d", "TIME",
     "How long an address that bounced three times in a row is not sent to; 0: it always is."},
    restart(within(1, 64,
                   {"qrun.deliver-workers", Kind::number, "1", "N", "Processes that deliver to mailboxes."})),
    at_least(
        1, {"qrun.job-timeout", Kind::duration, "10m", "TIME", "How long a worker may be silent on a job."}),
    at_least(1, {"qrun.sweep", Kind::duration, "30s", "TIME",
                 "How often the queue is looked through without being woken."}),
    at_least(1, {"qrun.retry", Kind::durations, "1m 5m 15m 30m 1h 2h 4h", "TIMES",
                 "Waits between attempts, one after the other; the last one repeats."}),
    at_least(60,
             {"qrun.expire", Kind::duration, "5d", "TIME", "When undelivered mail goes back to its sender."}),
    {"qrun.delay-notice", Kind::duration, "4h", "TIME", "When the sender is told of a delay; 0: never."},
    at_least(3600, {"qrun.journal-keep", Kind::duration, "30d", "TIME",
                    "How long the life of a finished message can be traced."}),
    repeated({"mxsend.smarthost", Kind::text, "", "HOST[:PORT]", "Smarthost, in this order."}),  // O2
    one_of("always/fallback", {"mxsend.smarthost-mode", Kind::choice, "fallback", "always|fallback",
                               "Use the smarthost always, or when direct sending fails."}),  // O3
    one_of("connect/dns/temporary/reputation",
           {"mxsend.fallback-on", Kind::words, "connect dns temporary reputation", "WORDS",
            "Failures of direct sending after which the smarthost has it."}),  // O3
    {"mxsend.smarthost-auth", Kind::path, "", "FILE", "Account on the smarthost, a file of mode 0600."},  // O4
    {"mxsend.source-address", Kind::text, "", "ADDR", "Address to send from."},
    within(1, 65535,
           {"mxsend.port", Kind::number, "25", "PORT", "Port of other mail servers (tests point it elsewhere)."}),
    within(1, 65535,
           {"mxsend.mta-sts-port", Kind::number, "443", "PORT", "Port of MTA-STS policies (as above)."}),
    restart(
        within(1, 64 << 20,
               {"spool.inline-max", Kind::size, "256K", "SIZE", "Larger bodies become files of the spool."})),
    {"spool.disk-reserve", Kind::percentage, "5%", "PERCENT",
     "This part of the file system is not for intake."},  // L12
    restart(
        within(1, 64 << 20,
               {"store.inline-max", Kind::size, "256K", "SIZE", "Larger bodies become files of the store."})),

    // ---- delivery
    within(1, 10'000, {"deliver.batch", Kind::number, "200", "N", "Jobs written in one transaction."}),
    one_of("defer/fail",
           {"deliver.over-quota", Kind::choice, "defer", "defer|fail",
            "Mail for a full mailbox: try later (452 4.2.2), or refuse it (550 5.2.2)."}),  // D5

    // ---- basic-access-test
    {"access-test.probe-names", Kind::words, "debian.org wikipedia.org iana.org", "NAMES",
     "Domains, unrelated and partly signed, that every DNS server is asked for."},
    {"access-test.block-lists", Kind::words, "zen.spamhaus.org bl.spamcop.net", "ZONES",
     "DNS block lists that are asked for our addresses."},
    {"access-test.probe-hosts", Kind::words, "gmail-smtp-in.l.google.com outlook-com.olc.protection.outlook.com",
     "HOST[:PORT]", "Mail servers that are connected to, to see whether port 25 is open for us."},
    {"access-test.echo", Kind::text, "", "ADDRESS",
     "An address elsewhere that sends back what it gets: messages out and in are tested with it."},
    {"access-test.peer-secret", Kind::path, "", "FILE",
     "A secret shared with the peers that test one another: the first line of a file of mode 0600."},
    {"access-test.peer-ports", Kind::words, "25 587 465/tls 993/tls 995/tls", "PORT[/tls]",
     "Ports of a peer that are connected back to, and no others; /tls: TLS from the first byte."},
};

}  // namespace

std::span<const Setting> all_settings() { return table; }

const Setting* find_setting(std::string_view name) {
  for (const Setting& row : table)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace tubepost::config
