// What would become of the queue: the Scheduler itself, with a clock of its own, on a copy of the spool, where nothing
// is delivered and nothing sent. Deliveries and transmissions succeed and take no time; a destination that is said to
// be out answers nobody until it is back. Nothing else is guessed at: what is in nobody's power to know, such as a
// mailbox that will be full, is not played.
//
// Threading: one thread. Reads the spool it is given once, to copy it; works in a folder of its own, which is removed.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "log/logger.h"
#include "qrun/routing.h"
#include "qrun/verdicts.h"
#include "spool/spool.h"

namespace tubepost::qrun {

struct Outage {
  std::string domain;  // a glob
  Timestamp until;
};

struct Forecast {
  Timestamp start, until;
  std::vector<Outage> outages;
};

// What became of one recipient that was in the queue at the start, or that an alias among them led to.
struct Fate {
  spool::SpoolId id;
  std::string address;
  std::string outcome;  // of its journal: "delivered", "failed", …; "waiting": nothing final until the end
  std::optional<Timestamp> time;  // of that
  Timestamp accepted;
  unsigned attempts = 0;             // in the time that was played
  std::optional<Timestamp> noticed;  // when its sender was told of a delay
  bool is_expired = false;
  std::string text;  // the last answer
};

struct World {
  const spool::Spool& spool;
  const Addresses& addresses;
  Policy policy;
  std::string hostname;
  const log::Logger& logger;
};

// "5d" or "+5d", or a moment of RFC 3339; nullopt: neither, or not after `start`.
std::optional<Timestamp> parse_until(std::string_view text, Timestamp start);
std::optional<Outage> parse_outage(std::string_view text, Timestamp start);  // "example.com=2h"

// In the order of the queue.
Result<std::vector<Fate>> simulate(const World& world, const Forecast& forecast);
// A line for each: id, address, outcome, time, how long after its acceptance, attempts, notice, last answer, separated
// by tabs ("-": none); as JSON an object a line. Then, for people, on `notes`, how many of each there are.
void print(const std::vector<Fate>& fates, bool json, std::FILE* out, std::FILE* notes);

}  // namespace tubepost::qrun
