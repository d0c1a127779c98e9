// The checks of the group `scanner`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check scanner_checks[] = {
    {"scanner-present", "the virus scanner is there",
     "Looks for avscan-wrap in smtpd.filter, reads its options as it does itself, and sees whether the "
     "scanner's "
     "program can be run, clamd answers, or the filter's service can be reached. While it is away, mail "
     "waits at its "
     "senders, or passes unscanned (--on-error).",
     "Install or start the scanner (with ClamAV: the package clamav-daemon), and let the command in "
     "smtpd.filter name "
     "it rightly."},
    {"scanner-definitions", "what it knows of viruses is new",
     "Asks ClamAV for the date of its definitions; what is older than a week misses what is going round.",
     "Let freshclam run (with Debian: systemctl enable --now clamav-freshclam), and see its log."},
    {"scanner-selftest", "finds EICAR's test file, and lets through what has no virus",
     "Runs avscan-wrap --selftest with the options of smtpd.filter: with the test file, with a message that "
     "has it "
     "attached as eicar.com, and with such without a virus. A filter that is a service is sent that message; "
     "what it "
     "keeps in its quarantine stays there.",
     "Run the command that is shown with --debug in front of its options: it shows what the scanner prints."},
    {"scanner-path", "lets no virus through",
     "Logs in at the submission port and sends the account a message with EICAR's test file attached as "
     "eicar.com, and "
     "the same without a virus: the first must be refused, or must not arrive with the file, the second must "
     "arrive. "
     "With --on-virus quarantine the first stays in the quarantine.",
     "See the check scanner-selftest; then follow the message with mailq trace and the log of smtpd."},
    {"scanner-on-access", "no other scanner takes files away",
     "Puts EICAR's test file into the spool, the store and the folders for temporary files, and sees whether "
     "it stays as it "
     "is. A scanner that watches the disk takes away or locks mail that is being received or scanned.",
     "Except these folders and HOME/quarantine from the scanner that watches the disk (with ClamAV: "
     "OnAccessExcludePath of clamonacc)."},
};

}  // namespace tubepost::basic_access_test
