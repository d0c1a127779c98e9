#include "spool/schema.h"

#include <algorithm>

#include "base/text.h"
#include "spool/codec.h"

namespace tubepost::spool {
namespace {

constexpr std::size_t id_size = 16, key_max = 511;  // LMDB's longest key
constexpr std::uint8_t record_version = 2;          // 1 is read, too
constexpr std::string_view body_magic = "TPb1";

constexpr std::uint8_t body_type_bits = 3, smtputf8_bit = 4, require_tls_bit = 8, has_envid_bit = 16;
constexpr std::uint8_t has_deliver_by_bit = 32, deliver_by_returns_bit = 64, deliver_by_trace_bit = 128;

bool is_known(std::uint8_t version) { return version >= 1 && version <= record_version; }

}  // namespace

std::string_view to_text(State state) {
  switch (state) {
    case State::queued:
      return "queued";
    case State::deferred:
      return "deferred";
    case State::working:
      return "working";
    case State::held:
      return "held";
    case State::failed:
      return "failed";
    case State::done:
      return "done";
  }
  return "unknown";
}

// ---- keys

std::uint64_t to_u64(Timestamp time) {
  const auto milliseconds = time.time_since_epoch().count();
  return milliseconds < 0 ? 0 : static_cast<std::uint64_t>(milliseconds);
}

Timestamp to_timestamp(std::uint64_t milliseconds) {
  return Timestamp(Milliseconds(static_cast<std::int64_t>(milliseconds)));
}

std::string recipient_key(const SpoolId& id, std::uint32_t number) {
  std::string key;
  key.reserve(id_size + 4);
  key += id.bytes();
  lmdb::append_u32(key, number);
  return key;
}

std::string due_key(Timestamp time, const SpoolId& id, std::uint32_t number) {
  std::string key;
  key.reserve(8 + id_size + 4);
  lmdb::append_u64(key, to_u64(time));
  key += id.bytes();
  lmdb::append_u32(key, number);
  return key;
}

std::string journal_key(const SpoolId& id, Timestamp time, std::uint16_t seq) {
  std::string key;
  key.reserve(id_size + 8 + 2);
  key += id.bytes();
  lmdb::append_u64(key, to_u64(time));
  key += static_cast<char>(seq >> 8);
  key += static_cast<char>(seq & 0xff);
  return key;
}

std::string dropped_key(Timestamp time, const SpoolId& id) {
  std::string key;
  lmdb::append_u64(key, to_u64(time));
  key += id.bytes();
  return key;
}

std::string address_key(std::string_view address) {
  // RFC 5321 2.4: only the domain is compared without regard to case.
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return std::string(address);
  return std::string(address.substr(0, at)) + to_lower(address.substr(at));
}

std::optional<std::string> finished_key(const SpoolId& id, std::string_view address) {
  if (address.size() > key_max - id_size) return std::nullopt;
  return std::string(id.bytes()) + address_key(address);
}

std::string lane_prefix(std::string_view lane) { return std::string(lane) + '\0'; }

std::string lane_key(const SpoolId& id, const Recipient& recipient) {
  std::string key = lane_prefix(recipient.lane);
  lmdb::append_u32(key, recipient.flow);
  key += id.bytes();
  lmdb::append_u32(key, recipient.number);
  return key;
}

std::optional<LaneKey> parse_lane_key(std::string_view key) {
  constexpr std::size_t tail = 1 + 4 + id_size + 4;
  if (key.size() < tail || key[key.size() - tail] != '\0') return std::nullopt;
  const std::string_view numbers = key.substr(key.size() - tail + 1);
  return LaneKey{key.substr(0, key.size() - tail), lmdb::read_u32(numbers),
                 SpoolId::from_bytes(numbers.substr(4, id_size)),
                 lmdb::read_u32(numbers.substr(4 + id_size))};
}

std::string reversed_domain(std::string_view domain) {
  const std::string lower = to_lower(domain);
  if (lower.starts_with('[')) return lower;
  std::string reversed;
  for (std::string_view rest = lower; !rest.empty();) {
    const auto dot = rest.rfind('.');
    if (!reversed.empty()) reversed += '.';
    reversed += rest.substr(dot == std::string_view::npos ? 0 : dot + 1);
    rest = rest.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return reversed;
}

std::optional<std::string> remote_key(std::string_view address, const SpoolId& id, std::uint32_t number) {
  const auto at = address.rfind('@');
  std::string key = reversed_domain(at == std::string_view::npos ? "" : address.substr(at + 1)) + '\0';
  if (key.size() > key_max - id_size - 4) return std::nullopt;
  key += id.bytes();
  lmdb::append_u32(key, number);
  return key;
}

std::uint32_t day_of(Timestamp time) {
  constexpr std::uint64_t day = 24ULL * 3600 * 1000;
  return static_cast<std::uint32_t>(to_u64(time) / day);
}

std::optional<std::string> history_key(std::uint32_t day, Side side, std::string_view address,
                                       const SpoolId& id) {
  std::string key;
  lmdb::append_u32(key, day);
  key += static_cast<char>(side);
  key += address_key(address);
  key += '\0';
  if (key.size() > key_max - id_size) return std::nullopt;
  return key += id.bytes();
}

std::optional<DueKey> parse_due_key(std::string_view key) {
  if (key.size() != 8 + id_size + 4) return std::nullopt;
  return DueKey{to_timestamp(lmdb::read_u64(key)), SpoolId::from_bytes(key.substr(8, id_size)),
                lmdb::read_u32(key.substr(8 + id_size))};
}

std::optional<RecipientKey> parse_recipient_key(std::string_view key) {
  if (key.size() != id_size + 4) return std::nullopt;
  return RecipientKey{SpoolId::from_bytes(key.substr(0, id_size)), lmdb::read_u32(key.substr(id_size))};
}

// ---- bodies

namespace {

char* write_bytes(char* to, std::string_view bytes) { return std::copy(bytes.begin(), bytes.end(), to); }

template <class Number>
char* write_number(char* to, Number value) {
  for (std::size_t i = sizeof value; i-- > 0;) *to++ = static_cast<char>(value >> 8 * i & 0xff);
  return to;
}

}  // namespace

void BodyHeader::write(char* to) const {
  to = write_bytes(to, body_magic);
  to = write_number(to, crc);
  to = write_number(to, length);
  to = write_bytes(to, id.bytes());
  write_number(to, flags);
}

std::optional<BodyHeader> BodyHeader::parse(std::string_view value) {
  if (value.size() < size || !value.starts_with(body_magic)) return std::nullopt;
  BodyHeader header;
  RecordReader(value.substr(4)).number(header.crc);
  RecordReader(value.substr(8)).number(header.length);
  header.id = SpoolId::from_bytes(value.substr(16, id_size));
  RecordReader(value.substr(32)).number(header.flags);
  return header;
}

// ---- envelopes

namespace {

std::uint8_t flags_of(const Envelope& e) {
  unsigned flags = static_cast<unsigned>(e.body_type);
  if (e.smtputf8) flags |= smtputf8_bit;
  if (e.require_tls) flags |= require_tls_bit;
  if (e.dsn_envid) flags |= has_envid_bit;
  if (e.deliver_by) {
    flags |= has_deliver_by_bit;
    if (e.deliver_by->mode == DeliverByMode::give_back) flags |= deliver_by_returns_bit;
    if (e.deliver_by->trace) flags |= deliver_by_trace_bit;
  }
  return static_cast<std::uint8_t>(flags);
}

DeliverBy deliver_by_of(std::uint8_t flags, std::uint64_t deadline) {
  return {to_timestamp(deadline),
          (flags & deliver_by_returns_bit) != 0 ? DeliverByMode::give_back : DeliverByMode::notify,
          (flags & deliver_by_trace_bit) != 0};
}

}  // namespace

std::string encode(const Envelope& e) {
  RecordWriter out(256);
  out.number(record_version).number(flags_of(e)).number(to_u64(e.accepted));
  out.number(e.size).number(e.recipients);
  out.text(e.reverse_path).text(e.dsn_envid.value_or("")).text(e.dsn_ret);
  out.text(e.origin.role).text(e.origin.protocol).text(e.origin.client_address);
  out.text(e.origin.helo).text(e.origin.auth_user).text(e.origin.tls);
  out.number(to_u64(e.not_before)).number(e.deliver_by ? to_u64(e.deliver_by->deadline) : std::uint64_t{0});
  return out.take();
}

bool decode_envelope(std::string_view value, Envelope& e) {
  RecordReader in(value);
  std::uint8_t version = 0, flags = 0;
  std::uint64_t accepted = 0, not_before = 0, deadline = 0;
  std::string envid;
  in.number(version), in.number(flags), in.number(accepted), in.number(e.size), in.number(e.recipients);
  in.text(e.reverse_path), in.text(envid), in.text(e.dsn_ret);
  in.text(e.origin.role), in.text(e.origin.protocol), in.text(e.origin.client_address);
  in.text(e.origin.helo), in.text(e.origin.auth_user), in.text(e.origin.tls);
  if (version >= 2) in.number(not_before), in.number(deadline);
  if (!in.at_end() || !is_known(version) || (flags & body_type_bits) > 2) return false;
  e.body_type = static_cast<BodyType>(flags & body_type_bits);
  e.smtputf8 = (flags & smtputf8_bit) != 0;
  e.require_tls = (flags & require_tls_bit) != 0;
  e.dsn_envid.reset();
  if ((flags & has_envid_bit) != 0) e.dsn_envid = std::move(envid);
  e.deliver_by.reset();
  if ((flags & has_deliver_by_bit) != 0) e.deliver_by = deliver_by_of(flags, deadline);
  e.accepted = to_timestamp(accepted);
  e.not_before = to_timestamp(not_before);
  return true;
}

std::optional<Envelope> decode_envelope(std::string_view value) {
  std::optional<Envelope> envelope(std::in_place);
  if (!decode_envelope(value, *envelope)) envelope.reset();
  return envelope;
}

// ---- recipients

namespace {

constexpr std::uint8_t delay_notified_bit = 1, parked_bit = 2, urgent_bit = 4;

std::uint8_t recipient_flags(const Recipient& r) {
  return static_cast<std::uint8_t>((r.delay_notified ? delay_notified_bit : 0) | (r.parked ? parked_bit : 0) |
                                   (r.urgent ? urgent_bit : 0));
}

}  // namespace

std::string encode(const Recipient& r) {
  RecordWriter out(128);
  out.number(record_version)
      .number(static_cast<std::uint8_t>(r.state))
      .number(static_cast<std::uint8_t>(r.wish));
  out.number(recipient_flags(r)).number(r.attempts).number(r.crashes);
  out.number(to_u64(r.next)).number(r.status.status_class).number(r.status.subject).number(r.status.detail);
  out.text(r.address).text(r.original).text(r.orcpt).text(r.notify).text(r.reason);
  out.number(static_cast<std::uint8_t>(r.owed)).text(r.lane).number(r.flow).text(r.route);
  return out.take();
}

bool decode_recipient(std::uint32_t number, std::string_view value, Recipient& r) {
  RecordReader in(value);
  std::uint8_t version = 0, state = 0, wish = 0, flags = 0, owed = 0;
  std::uint64_t next = 0;
  in.number(version), in.number(state), in.number(wish), in.number(flags);
  in.number(r.attempts), in.number(r.crashes), in.number(next);
  in.number(r.status.status_class), in.number(r.status.subject), in.number(r.status.detail);
  in.text(r.address), in.text(r.original), in.text(r.orcpt), in.text(r.notify), in.text(r.reason);
  if (version >= 2)
    in.number(owed), in.text(r.lane), in.number(r.flow), in.text(r.route);
  else
    r.lane.clear(), r.flow = 0, r.route.clear();
  if (version == 1 && state == static_cast<std::uint8_t>(State::failed)) owed = 1;
  if (!in.at_end() || !is_known(version)) return false;
  if (state >= states || owed > static_cast<std::uint8_t>(Owed::delay) || r.lane.size() > lane_max)
    return false;
  if (wish > static_cast<std::uint8_t>(Wish::fail)) return false;
  r.number = number;
  r.state = static_cast<State>(state);
  r.wish = static_cast<Wish>(wish);
  r.owed = static_cast<Owed>(owed);
  r.delay_notified = (flags & delay_notified_bit) != 0;
  r.parked = (flags & parked_bit) != 0;
  r.urgent = (flags & urgent_bit) != 0;
  r.next = to_timestamp(next);
  return true;
}

std::optional<Recipient> decode_recipient(std::uint32_t number, std::string_view value) {
  std::optional<Recipient> recipient(std::in_place);
  if (!decode_recipient(number, value, *recipient)) recipient.reset();
  return recipient;
}

// ---- destinations, suppressed addresses

namespace {
constexpr std::uint8_t note_version = 1;  // of both
}

std::string encode(const Destination& d) {
  RecordWriter out(128);
  out.number(note_version).number(d.failures).number(to_u64(d.failed)).number(to_u64(d.probe)).text(d.text);
  return out.take();
}

std::optional<Destination> decode_destination(std::string_view name, std::string_view value) {
  Destination d;
  RecordReader in(value);
  std::uint8_t version = 0;
  std::uint64_t failed = 0, probe = 0;
  in.number(version), in.number(d.failures), in.number(failed), in.number(probe), in.text(d.text);
  if (!in.at_end() || version != note_version) return std::nullopt;
  d.name = name;
  d.failed = to_timestamp(failed);
  d.probe = to_timestamp(probe);
  return d;
}

std::string encode(const Suppression& s) {
  RecordWriter out(128);
  out.number(note_version).number(s.bounces).number(to_u64(s.last)).number(to_u64(s.until)).text(s.text);
  return out.take();
}

std::optional<Suppression> decode_suppression(std::string_view address, std::string_view value) {
  Suppression s;
  RecordReader in(value);
  std::uint8_t version = 0;
  std::uint64_t last = 0, until = 0;
  in.number(version), in.number(s.bounces), in.number(last), in.number(until), in.text(s.text);
  if (!in.at_end() || version != note_version) return std::nullopt;
  s.address = address;
  s.last = to_timestamp(last);
  s.until = to_timestamp(until);
  return s;
}

// ---- journal

std::string encode(const Event& event) {
  return event.fields.empty() ? event.name : event.name + ' ' + event.fields;
}

Event decode_event(std::string_view key, std::string_view value) {
  Event event;
  if (key.size() >= id_size + 8) event.time = to_timestamp(lmdb::read_u64(key.substr(id_size)));
  const auto space = value.find(' ');
  event.name = value.substr(0, space);
  if (space != std::string_view::npos) event.fields = value.substr(space + 1);
  return event;
}

}  // namespace tubepost::spool
