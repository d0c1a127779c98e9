// What deliver is asked and what it answers, as records on its pipes (design.md 4) and as values.
//
//   job:     id recipient mailbox [detail] [original] [sender] [attempts]
//   answer:  id recipient status=delivered|deferred|failed code text
//   forget:  forget=ID/NUMBER, repeated: recorded outcomes that the spool knows by now. No answer comes.
//
// Values and pure functions.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "mailstore/mailstore.h"
#include "process/records.h"

namespace tubepost::deliver {

// One message for one account's mailbox.
struct Job {
  mailstore::DeliveryId id;
  std::string mailbox;   // the account's address
  std::string detail;    // of user+detail@
  std::string original;  // the address as it was first given, where it differs; empty: it does not
  std::string sender;    // reverse-path; empty: the null one
};

enum class Status { delivered, queued, deferred, failed };
std::string_view to_text(Status status);

struct Answer {
  Status status = Status::deferred;
  EnhancedStatus code{4, 3, 0};
  std::string text;

  static Answer failed(EnhancedStatus code, std::string text) {
    return {Status::failed, code, std::move(text)};
  }
  static Answer deferred(const Failure& failure);
};

using Forget = std::vector<mailstore::DeliveryId>;
using Order = std::variant<Job, Forget>;

// A record that is neither is a permanent Failure: whoever writes the pipe does not speak our language.
Result<Order> parse_order(const process::Record& record);
process::Record to_record(const Job& job, const Answer& answer);

}  // namespace tubepost::deliver
