// How the queue is written for people and for programs (contracts.md, mailq). Pure: values in, text out.
// Bytes that are no printable UTF-8 are shown as \xNN, so that nothing in an envelope reaches a terminal or a
// JSON reader as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spool/event_words.h"
#include "spool/spool.h"

namespace tubepost::mailq {

// The state of a message is that of its recipient that is furthest from rest: working, queued, deferred,
// held, failed.
spool::State state_of(const spool::Queued& queued);

// ---- the customary form
std::string_view list_heading();
// Four lines or more: id with its mark (* in delivery, ! held), size, arrival in local time, sender; reasons;
// recipients.
std::string list_entry(const spool::Queued& queued);
void append_list_entry(std::string& out, const spool::Queued& queued);  // for a long queue: `out` serves again
struct Totals {
  std::uint64_t messages = 0, recipients = 0, bytes = 0;
  void add(const spool::Queued& queued);
};
std::string list_totals(const Totals& totals, bool filtered);  // the last line

// ---- JSON: one line, no line end
std::string to_json(const spool::Queued& queued);
std::string to_json(const spool::Event& event);

// ---- of find and suppress
std::string found_line(const spool::Queued& queued);
std::string found_line(const spool::Found& found);
std::string to_json(const spool::Found& found);
std::string suppression_line(const spool::Suppression& suppression);
std::string to_json(const spool::Suppression& suppression);

// ---- one message
std::string details(const spool::Queued& queued);   // "name<TAB>value" lines
std::string trace_line(const spool::Event& event);  // time first

// CRLF and lone CR LF pairs as LF; nothing else changes.
std::string with_lf(std::string_view message);

}  // namespace tubepost::mailq
