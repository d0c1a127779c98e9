// What qrun asks of mxsend and what it is answered, as records on the pipes between them (design.md 4) and as values.
//
//   job:     id route domain sender [envid] [ret=FULL|HDRS] [body=8BITMIME|BINARYMIME] [smtputf8=yes]
//            [require-tls=yes] [last=yes] [by=MILLISECONDS;R|N[T]] rcpt=NUMBER NOTIFY ORCPT ADDRESS, repeated (1 to 100)
//   phase:   id phase=connecting|waiting|connected|transaction|final-dot    (news of the job under way; no answer yet)
//   answer:  id trouble=none|dns|connect|session|tls|policy
//            rcpt=NUMBER STATUS CODE REPLY HOST TEXT, repeated: one for each rcpt of the job
//            [tls=TEXT] [dsn=yes] [by=yes] [seconds=N]
//   idle:    idle=yes                          (the connection that was kept for the next job is closed)
//   go:      go=yes                            (to who is waiting: there is room for one connection more)
//
// A job is one message for one destination: one transaction, where the destination takes all recipients.
// Words in a rcpt are separated by single blanks; "-" stands for one that is not there, and the last (ADDRESS,
// TEXT) is the rest of the value, blanks and all.
//
//   route    "direct" (the MX hosts of `domain`), "smarthost" (those of the settings), "host:HOST[:PORT]",
//            "lmtp:HOST:PORT", "lmtp:unix:PATH": directory::destination_text()
//   domain   what jobs are told apart by: the recipients' domain, lower case; an address literal as "[…]"
//   sender   the reverse-path, empty for the null one;   envid decoded, ret, NOTIFY, ORCPT as RFC 3461 has them
//   last     the attempt is the last before the message expires: a fallback smarthost takes every failure
//   by       RFC 2852: the moment (since 1970) until which it is to be delivered, and what then
//   STATUS   delivered (the other side answers for it now), deferred, failed, or postponed (not tried to its
//            end because we were told to stop: give it back, no attempt was made)
//   CODE     enhanced status (RFC 3463);   REPLY the three digits of the reply that decided, "-": nobody said
//            it but we;   HOST "mx.example.net[192.0.2.1]:25", where it was said or tried, "-": nowhere
//   trouble  what says something of the destination and not of the message: none (it answered our
//            transaction, whatever it said of it), dns, connect (nobody answers), session (answered, but
//            refused us as a whole or broke off), tls (a policy demands TLS that it has not), policy
//   dsn      the other side has the DSN extension and was given NOTIFY: a success is its to tell (RFC 3461 5.2.2)
//   by       (of an answer) the other side has the DELIVERBY extension, or delivers at once (LMTP)
//   phase    connecting: looks for names, or for a host that answers. Who has said so, and nothing since, for uncounted_after has
//            no connection and counts as none (L4); so a connection that comes later than late_after is given up at once, and
//            made again when qrun, which is told "waiting", says go. After final-dot the message may have been delivered,
//            whatever happens then
//
// One process has one connection at a time; for more, run more processes. Jobs may wait in the pipe: they are
// done in their order, and one that goes where the connection of the last one stands uses it again. When the
// pipe of jobs is closed (or on SIGTERM) the job under way is broken off if its final dot is not sent, and
// its reply is waited for if it is; what was not tried is answered "postponed". Values and pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "process/records.h"
#include "spool/envelope.h"

namespace tubepost::relay {

inline constexpr std::size_t recipients_max = 100;  // of a job; RFC 5321 4.5.3.1.8: any server takes as many
// The time between the two is for what is on its way through the pipe.
inline constexpr std::chrono::milliseconds late_after{700}, uncounted_after{1'000};

struct JobRecipient {
  std::uint32_t number = 0;
  std::string notify;  // RFC 3461 4.1; empty: none
  std::string orcpt;   // RFC 3461 4.2, "rfc822;…", xtext still encoded; empty: none
  std::string address;
};

struct Job {
  spool::SpoolId id;
  std::string route, domain, sender;
  std::optional<std::string> envid;  // decoded
  std::string ret;                   // "", "FULL", "HDRS"
  spool::BodyType body = spool::BodyType::seven_bit;
  bool smtputf8 = false, require_tls = false, last = false;
  std::optional<spool::DeliverBy> deliver_by;
  std::vector<JobRecipient> recipients;
};

enum class Phase { connecting, waiting, connected, transaction, final_dot };
enum class Status { delivered, deferred, failed, postponed };
enum class Trouble { none, dns, connect, session, tls, policy };
std::string_view to_text(Phase phase);
std::string_view to_text(Status status);
std::string_view to_text(Trouble trouble);

struct Verdict {  // on one recipient
  std::uint32_t number = 0;
  Status status = Status::deferred;
  EnhancedStatus code{4, 0, 0};
  int reply = 0;     // 0: nobody said it but we
  std::string host;  // empty: none
  std::string text;
};

struct Answer {
  spool::SpoolId id;
  Trouble trouble = Trouble::none;
  std::vector<Verdict> verdicts;
  std::string tls;  // "TLSv1.3 TLS_AES_256_GCM_SHA384 dane", empty: none
  bool dsn = false, deliver_by = false;
  std::uint64_t seconds = 0;
};

struct PhaseNews {
  spool::SpoolId id;
  Phase phase = Phase::connecting;
};
struct IdleNews {};
struct GoAhead {};

// For mxsend. A record that is no job is a permanent Failure: whoever writes the pipe does not speak our
// language.
Result<Job> parse_job(const process::Record& record);
process::Record to_record(const Answer& answer);
process::Record to_record(const PhaseNews& news);
process::Record to_record(const IdleNews& news);
bool is_go_ahead(const process::Record& record);

// For qrun.
process::Record to_record(const Job& job);
process::Record to_record(const GoAhead& go);
using News = std::variant<Answer, PhaseNews, IdleNews>;
Result<News> parse_news(const process::Record& record);

}  // namespace tubepost::relay
