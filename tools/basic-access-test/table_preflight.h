// The checks of the group `preflight`. Included by tables.h alone.
#pragma once

namespace tubepost::basic_access_test {

inline constexpr Check preflight_checks[] = {
    {"preflight-configuration", "the configuration is valid",
     "Reads the configuration as every program does, and its warnings. With a fault in it no service starts "
     "anew.",
     "Correct what is named; mailadm config check says the same, mailadm config show where each value comes "
     "from."},
    {"preflight-folders", "the instance's folders are there and closed to others",
     "Looks at the owners and modes of the folders and of the TLS key. What others can read is no secret; "
     "what the services "
     "cannot write stops them.",
     "Let the instance belong to one user (chown -R), and its folders with mail, secrets and keys be 0700 "
     "(chmod)."},
    {"preflight-disk", "there is free space on the disk",
     "Compares the free space and the free inodes with spool.disk-reserve: below it smtpd answers 452 and "
     "takes no mail.",
     "Make room: mailq shows what waits, mailadm account list who has how much; or put the instance on a "
     "larger disk."},
    {"preflight-clock", "the clock is right",
     "Asks the kernel whether the clock is synchronised, and whether it went back. A wrong clock makes "
     "certificates and "
     "signatures invalid and confuses the retries of the queue.",
     "Run a time service (systemd-timesyncd or chrony)."},
    {"preflight-ports", "each port is held by its own service",
     "Finds who holds each port that the configuration names, and what it says.",
     "Stop the other program, or give the service another port; if nobody holds it, start the service."},
    {"preflight-services", "the services are up under the supervisor",
     "Asks s6 about each service folder of the instance. A service that is down was stopped, or ends again "
     "and again.",
     "See its log in HOME/log, and start it with s6-svc -u."},
    {"preflight-run-scripts", "the run scripts start this program's siblings",
     "Reads the run scripts: one that points to another folder starts another version, or serves another "
     "instance.",
     "Write the run scripts anew: mailadm init keeps what is there, so move the old one away first."},
    {"preflight-versions", "all programs are of one version",
     "Asks each program beside this one for its version, and looks whether the program of a running service "
     "of this instance was replaced since.",
     "Install all programs together, and restart the services (s6-svc -r)."},
    {"preflight-databases", "the databases fit together",
     "Runs mailadm fsck, which opens each database - so that its schema is of this version - and checks it "
     "as a whole.",
     "Stop the services and run mailadm fsck --repair; before it, make a copy."},
};

}  // namespace tubepost::basic_access_test
