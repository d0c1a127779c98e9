// How the spool is written in LMDB, version 3. Only this library includes it; docs/spool-states.md says which
// combinations are legal.
//
// Numbers are big-endian. `text` is a varint length (7 bits a byte, low bits first, high bit: more) and
// bytes. `time` is u64 milliseconds since 1970, UTC. `id` is 16 bytes.
//
//   table        key                        value
//   meta         "schema"                   u32 version
//                "totals"                   totals            what is in the queue, kept by every change
//   bodies       id                         body_header, then the bytes (none when beside)
//   envelopes    id                         envelope
//   recipients   id number:u32              recipient
//   due          time id number:u32         -                 index of the recipients queued and deferred
//   working      id number:u32              -                 index of the recipients claimed by qrun
//   debts        id                         u32 count         index of the recipients failed, whose DSN is
//   owed finished     id address                 -                 who already had it, while others of the
//   message wait:
//                                                             a later expansion must not deliver to them
//                                                             again
//   journal      id time seq:u16            event: name [SP fields]
//   dropped      time id                    -                 files in bodies/ to be unlinked a day after
//   `time`
//   lanes        lane NUL flow:u32 id number:u32   -          index of the recipients parked
//   parked       lane                       u64               how many are parked in it; never 0 (since version 3)
//   remote       domain NUL id number:u32   -                 index of the queued and deferred that have a lane;
//                                                             the labels of `domain` in reverse: "net.example"
//   destinations lane                       destination       those that do not do well
//   suppressed   address                    suppression       (the domain in lower case)
//   history      day:u32 side address NUL id   -              of finished messages; side "f" or "t"; day since 1970
//   expedited    domain                     time              when its mail was last sent on at once
//
//   body_header := "TPb1" crc32c:u32 length:u64 id flags:u32                  flags 1: the bytes are the file
//   bodies/<id> envelope    := 1:u8 flags:u8 accepted:time size:u64 recipients:u32 reverse_path:text
//   envid:text ret:text
//                  role:text protocol:text client_address:text helo:text auth_user:text tls:text
//                  not_before:time deliver_by:time                              (both since version 2)
//                  flags: 3 body type (0 7bit, 1 8bitmime, 2 binarymime), 4 smtputf8, 8 require_tls, 16 has
//                  envid, 32 has deliver_by, 64 it is given back then, 128 its by-trace
//   recipient   := 1:u8 state:u8 wish:u8 flags:u8 attempts:u32 crashes:u32 next:time class:u8 subject:u16
//   detail:u16
//                  address:text original:text orcpt:text notify:text reason:text
//                  owed:u8 lane:text flow:u32 route:text                        (since version 2)
//                  flags: 1 delay notified, 2 parked, 4 urgent
//   destination := 1:u8 failures:u32 failed:time probe:time text:text
//   suppression := 1:u8 bounces:u32 last:time until:time text:text
//   totals      := messages:u64 bytes:u64, then u64 for each state of recipients, then came:u64 went:u64
//
// The first byte of envelope and recipient is the version of that record; version 1 ends earlier. bodies/<id> is the bare message, so
// that it can be read and linked as it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "lmdb/environment.h"
#include "spool/envelope.h"
#include "spool/spool_id.h"

namespace tubepost::spool {

inline constexpr std::uint32_t schema_version = 3;

struct Tables {
  lmdb::Table meta, bodies, envelopes, recipients, due, working, debts, finished, journal, dropped;
  lmdb::Table lanes, remote, destinations, suppressed, expedited, history, parked;
};

// ---- keys

std::uint64_t to_u64(Timestamp time);  // before 1970: 0
Timestamp to_timestamp(std::uint64_t milliseconds);

std::string recipient_key(const SpoolId& id, std::uint32_t number);  // also of working
std::string due_key(Timestamp time, const SpoolId& id, std::uint32_t number);
std::string journal_key(const SpoolId& id, Timestamp time, std::uint16_t seq);
std::string dropped_key(Timestamp time, const SpoolId& id);
// nullopt: longer than a key may be (such an address is not remembered). The domain is compared in lower
// case.
std::optional<std::string> finished_key(const SpoolId& id, std::string_view address);
std::string address_key(std::string_view address);  // what two spellings of one address have in common

struct DueKey {
  Timestamp time;
  SpoolId id;
  std::uint32_t number;
};
std::optional<DueKey> parse_due_key(std::string_view key);

std::string lane_prefix(std::string_view lane);
std::string lane_key(const SpoolId& id, const Recipient& recipient);
struct LaneKey {
  std::string_view lane;  // of the key that was parsed
  std::uint32_t flow = 0;
  SpoolId id;
  std::uint32_t number = 0;
};
std::optional<LaneKey> parse_lane_key(std::string_view key);

std::string reversed_domain(std::string_view domain);  // "mx.Example.net" is "net.example.mx"
// nullopt: longer than a key may be.
std::optional<std::string> remote_key(std::string_view address, const SpoolId& id, std::uint32_t number);

enum class Side : char { from = 'f', to = 't' };
std::uint32_t day_of(Timestamp time);
std::optional<std::string> history_key(std::uint32_t day, Side side, std::string_view address,
                                       const SpoolId& id);

struct RecipientKey {
  SpoolId id;
  std::uint32_t number;
};
std::optional<RecipientKey> parse_recipient_key(std::string_view key);

// ---- values

struct BodyHeader {
  static constexpr std::size_t size = 36;
  static constexpr std::uint32_t beside = 1;

  std::uint32_t crc = 0;
  std::uint64_t length = 0;
  SpoolId id;
  std::uint32_t flags = 0;

  void write(char* to) const;  // `size` bytes
  static std::optional<BodyHeader> parse(std::string_view value);
};

std::string encode(const Envelope& envelope);
std::string encode(const Recipient& recipient);
// nullopt: damaged, or of a newer version.
std::optional<Envelope> decode_envelope(std::string_view value);
std::optional<Recipient> decode_recipient(std::uint32_t number, std::string_view value);
// The same into what a former record has left, whose memory serves again. false: nothing to be used is in it then.
bool decode_envelope(std::string_view value, Envelope& into);
bool decode_recipient(std::uint32_t number, std::string_view value, Recipient& into);

std::string encode(const Destination& destination);
std::optional<Destination> decode_destination(std::string_view name, std::string_view value);
std::string encode(const Suppression& suppression);
std::optional<Suppression> decode_suppression(std::string_view address, std::string_view value);

std::string encode(const Event& event);
Event decode_event(std::string_view key, std::string_view value);

}  // namespace tubepost::spool
