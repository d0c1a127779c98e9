#include "mailq/format.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "relay/said.h"

namespace tubepost::mailq {
namespace {

using spool::State;

constexpr std::size_t value_max = 4000;  // an address of 256 bytes may be four times as long when escaped
constexpr std::size_t size_column = 8, recipient_column = 41;  // where Postfix's mailq puts recipients

std::string clean(std::string_view text) { return printable(text, value_max); }

// Eight bytes at a time: each is less than 0x80, not less than 0x20, and not 0x7f. (A byte that is too small borrows from
// those above it, which can only make them look worse.)
bool is_printable_ascii(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101U, high = ones * 0x80;
  for (; text.size() >= sizeof ones; text.remove_prefix(sizeof ones)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), sizeof eight);
    if (((eight | (eight - ones * 0x20) | (eight + ones)) & high) != 0) return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) { return tubepost::is_printable_ascii(c); });
}

// clean() without a copy of what is clean already, which is nearly everything. A view, valid as long as the text.
class Cleaned {
public:
  explicit Cleaned(std::string_view text) : shown_(text) {
    if (text.size() > value_max || !is_printable_ascii(text)) shown_ = copy_ = clean(text);
  }
  Cleaned(const Cleaned&) = delete;
  operator std::string_view() const { return shown_; }

private:
  std::string copy_;
  std::string_view shown_;
};

std::string_view sender_of(const spool::Envelope& envelope) {
  return envelope.reverse_path.empty() ? std::string_view("<>") : std::string_view(envelope.reverse_path);
}

void append_two(std::string& out, int value, char fill) {
  out += value < 10 ? fill : static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

// "Sat Nov 21 02:33:51", local time, as mailq has always printed it. (strftime() takes as long as all the rest of a
// message's lines together.)
void append_arrival(std::string& out, Timestamp time) {
  constexpr std::string_view days = "SunMonTueWedThuFriSat", months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  out.append(days.substr(static_cast<std::size_t>(parts.tm_wday) * 3, 3)).append(" ");
  out.append(months.substr(static_cast<std::size_t>(parts.tm_mon) * 3, 3)).append(" ");
  append_two(out, parts.tm_mday, ' ');
  for (const auto& [separator, value] :
       {std::pair(' ', parts.tm_hour), std::pair(':', parts.tm_min), std::pair(':', parts.tm_sec)}) {
    out += separator;
    append_two(out, value, '0');
  }
}

void append_padded(std::string& out, std::size_t size, std::size_t width) {
  if (size < width) out.append(width - size, ' ');
}

char mark_of(State state) { return state == State::working ? '*' : state == State::held ? '!' : ' '; }

// What an operator's wish makes of one that is in delivery.
std::string_view wish_text(spool::Wish wish) {
  switch (wish) {
    case spool::Wish::hold:
      return "in delivery, will be held";
    case spool::Wish::drop:
      return "in delivery, will be dropped";
    case spool::Wish::fail:
      return "in delivery, will be failed";
    case spool::Wish::none:
      break;
  }
  return {};
}

std::string_view reason_of(const spool::Recipient& recipient) {
  const std::string_view wish = wish_text(recipient.wish);
  return wish.empty() ? recipient.reason : wish;
}

// O11; what an operator wishes needs none. A long queue has few reasons: what each means is looked up once (mailq has one
// thread).
const std::string& advice_for(const spool::Recipient& recipient) {
  constexpr std::size_t known_max = 1'000;
  static const std::string none;
  static std::unordered_map<std::string, std::string> known;
  if (recipient.wish != spool::Wish::none || !relay::find_said(recipient.reason)) return none;
  const bool given_up = recipient.state == State::failed;
  std::string key = to_string(recipient.status) + (given_up ? "!" : " ") + recipient.reason;
  if (const auto it = known.find(key); it != known.end()) return it->second;
  if (known.size() >= known_max) known.clear();
  return known[std::move(key)] = relay::advice_on(recipient.reason, recipient.status, given_up);
}

bool waits(State state) { return state == State::queued || state == State::deferred; }

std::string recipient_json(const spool::Recipient& recipient) {
  JsonObject json;
  json.text("address", Cleaned(recipient.address));
  json.text("state", spool::to_text(recipient.state));
  json.number("attempts", recipient.attempts);
  if (waits(recipient.state))
    json.text("next", to_rfc3339(recipient.next));
  else
    json.null("next");
  json.text("reason", Cleaned(reason_of(recipient)));
  if (const std::string& advice = advice_for(recipient); !advice.empty())
    json.text("advice", Cleaned(advice));
  return json.done();
}

void add_line(std::string& out, std::string_view name, const std::string& value) {
  if (!value.empty()) out.append(name).append("\t").append(clean(value)).append("\n");
}

std::string recipient_lines(const spool::Recipient& recipient) {
  std::string out;
  std::string line = recipient.address + "\t" + std::string(spool::to_text(recipient.state)) +
                     "\tattempts=" + std::to_string(recipient.attempts);
  if (waits(recipient.state)) line += "\tnext=" + to_rfc3339(recipient.next);
  out = "recipient\t";
  for (const std::string_view part : split(line, '\t')) out.append(clean(part)).append("\t");
  out.append(clean(reason_of(recipient)));
  while (out.ends_with('\t')) out.pop_back();
  out += '\n';
  add_line(out, "advice", advice_for(recipient));
  add_line(out, "original", recipient.original);
  add_line(out, "notify", recipient.notify);
  add_line(out, "orcpt", recipient.orcpt);
  add_line(out, "destination", recipient.lane);
  add_line(out, "route", recipient.route);
  return out;
}

}  // namespace

State state_of(const spool::Queued& queued) {
  for (const State state : {State::working, State::queued, State::deferred, State::held})
    for (const spool::Recipient& recipient : queued.recipients)
      if (recipient.state == state) return state;
  return State::failed;
}

std::string_view list_heading() {
  return "-Queue ID-                  --Size-- ---Arrival Time---- -Sender/Recipient-------\n";
}

namespace {

void append_advice(std::string& out, const spool::Recipient& recipient) {
  const std::string& advice = advice_for(recipient);
  if (!advice.empty()) out.append("(").append(Cleaned(advice)).append(")\n");
}

}  // namespace

void append_list_entry(std::string& out, const spool::Queued& queued) {
  const std::string size = std::to_string(queued.envelope.size);
  out.append(queued.id.to_text()).append({mark_of(state_of(queued)), ' '});
  append_padded(out, size.size(), size_column);
  out.append(size).append(" ");
  append_arrival(out, queued.envelope.accepted);
  out.append(" ").append(Cleaned(sender_of(queued.envelope))).append("\n");
  std::string_view last;
  for (const spool::Recipient& recipient : queued.recipients) {
    const std::string_view reason = reason_of(recipient);
    if (!reason.empty() && reason != last) {
      const Cleaned shown(reason);
      append_padded(out, std::string_view(shown).size() + 2, recipient_column);
      out.append("(").append(shown).append(")\n");
      append_advice(out, recipient);
    }
    last = reason;
    out.append(recipient_column, ' ').append(Cleaned(recipient.address)).append("\n");
  }
  out += '\n';
}

std::string list_entry(const spool::Queued& queued) {
  std::string out;
  append_list_entry(out, queued);
  return out;
}

void Totals::add(const spool::Queued& queued) {
  ++messages;
  recipients += queued.recipients.size();
  bytes += queued.envelope.size;
}

std::string list_totals(const Totals& totals, bool filtered) {
  if (totals.messages == 0 && !filtered) return "Mail queue is empty\n";
  return "-- " + std::to_string(totals.messages) + " messages, " + std::to_string(totals.recipients) +
         " recipients, " + std::to_string(totals.bytes) + " bytes\n";
}

std::string to_json(const spool::Queued& queued) {
  std::string recipients(1, '[');
  for (const spool::Recipient& recipient : queued.recipients)
    recipients.append(recipients.size() == 1 ? "" : ",").append(recipient_json(recipient));
  JsonObject json;
  json.text("id", queued.id.to_text());
  json.text("sender", Cleaned(queued.envelope.reverse_path));
  json.number("size", queued.envelope.size);
  json.text("queued", to_rfc3339(queued.envelope.accepted));
  json.text("state", spool::to_text(state_of(queued)));
  json.raw("recipients", recipients += ']');
  return json.done();
}

std::string to_json(const spool::Event& event) {
  JsonObject json;
  json.text("time", to_rfc3339(event.time));
  json.text("event", clean(event.name));
  json.text("fields", clean(event.fields));
  return json.done();
}

// ---- find and suppress

namespace {

// What the journal of a finished message says of it.
struct Past {
  std::string sender, recipients, end;
  std::string recipients_json;
  Timestamp queued, finished;
};

bool is_end(std::string_view event) {
  return event == "delivered" || event == "failed" || event == "discarded" || event == "dropped";
}

Past past_of(const spool::Found& found) {
  Past past;
  past.queued = found.id.time();
  for (const spool::Event& event : found.events) {
    past.finished = event.time;
    if (event.name == "accepted")
      past.sender = spool::word_of(event.fields, "from"), past.queued = event.time;
    if (!is_end(event.name)) continue;
    const auto address = spool::word_of(event.fields, "to");
    JsonObject recipient;
    recipient.text("address", clean(address));
    recipient.text("state", event.name);
    past.recipients.append(past.recipients.empty() ? "" : " ").append(address);
    past.recipients_json.append(past.recipients_json.empty() ? "" : ",").append(recipient.done());
    past.end = past.end.empty() || past.end == event.name ? event.name : "mixed";
  }
  return past;
}

std::string columns(std::initializer_list<std::string> values) {
  std::string line;
  for (const std::string& value : values) line.append(line.empty() ? "" : "\t").append(clean(value));
  return line + '\n';
}

}  // namespace

std::string found_line(const spool::Queued& queued) {
  std::string recipients;
  for (const spool::Recipient& recipient : queued.recipients)
    recipients.append(recipients.empty() ? "" : " ").append(recipient.address);
  return columns({queued.id.to_text(), to_rfc3339(queued.envelope.accepted),
                  std::string(spool::to_text(state_of(queued))), clean(sender_of(queued.envelope)),
                  recipients});
}

std::string found_line(const spool::Found& found) {
  const Past past = past_of(found);
  return columns({found.id.to_text(), to_rfc3339(past.queued), past.end.empty() ? "gone" : past.end,
                  past.sender, past.recipients});
}

std::string to_json(const spool::Found& found) {
  const Past past = past_of(found);
  JsonObject json;
  json.text("id", found.id.to_text());
  json.text("sender", clean(past.sender == "<>" ? "" : past.sender));
  json.text("queued", to_rfc3339(past.queued));
  json.text("finished", to_rfc3339(past.finished));
  json.text("state", past.end.empty() ? "gone" : past.end);
  json.raw("recipients",
           '[' + past.recipients_json + ']');  // as of one in the queue, with what is known still
  return json.done();
}

std::string suppression_line(const spool::Suppression& one) {
  return columns(
      {one.address, std::to_string(one.bounces), to_rfc3339(one.last), to_rfc3339(one.until), one.text});
}

std::string to_json(const spool::Suppression& one) {
  JsonObject json;
  json.text("address", clean(one.address));
  json.number("bounces", one.bounces);
  json.text("last", to_rfc3339(one.last));
  json.text("until", to_rfc3339(one.until));
  json.text("reason", clean(one.text));
  return json.done();
}

std::string details(const spool::Queued& queued) {
  const spool::Envelope& envelope = queued.envelope;
  std::string out;
  add_line(out, "id", queued.id.to_text());
  add_line(out, "sender", clean(sender_of(envelope)));
  add_line(out, "size", std::to_string(envelope.size));
  add_line(out, "queued", to_rfc3339(envelope.accepted));
  add_line(out, "state", std::string(spool::to_text(state_of(queued))));
  add_line(out, "role", envelope.origin.role);
  add_line(out, "protocol", envelope.origin.protocol);
  add_line(out, "client", envelope.origin.client_address);
  add_line(out, "helo", envelope.origin.helo);
  add_line(out, "user", envelope.origin.auth_user);
  add_line(out, "tls", envelope.origin.tls);
  add_line(out, "envid", envelope.dsn_envid.value_or(""));
  add_line(out, "ret", envelope.dsn_ret);
  if (envelope.smtputf8) add_line(out, "smtputf8", "yes");
  if (envelope.require_tls) add_line(out, "require-tls", "yes");
  if (envelope.not_before > envelope.accepted) add_line(out, "not-before", to_rfc3339(envelope.not_before));
  if (envelope.deliver_by) add_line(out, "deliver-by", to_rfc3339(envelope.deliver_by->deadline));
  for (const spool::Recipient& recipient : queued.recipients) out += recipient_lines(recipient);
  return out;
}

std::string trace_line(const spool::Event& event) {
  std::string line = to_rfc3339(event.time) + ' ' + clean(event.name);
  if (!event.fields.empty()) line += ' ' + clean(event.fields);
  return line + '\n';
}

std::string with_lf(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (std::size_t i = 0; i < message.size(); ++i)
    if (message[i] != '\r' || i + 1 == message.size() || message[i + 1] != '\n') out += message[i];
  return out;
}

}  // namespace tubepost::mailq
