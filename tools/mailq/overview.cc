#include "mailq/overview.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace tubepost::mailq {
namespace {

constexpr std::size_t shown = 20;  // destinations, on a screen or in a picture

struct Overview {
  spool::Totals totals;
  std::optional<Timestamp> oldest;
  std::vector<spool::LaneCount> lanes;  // the fullest first
  std::uint64_t suppressed = 0;
  Milliseconds at{0};  // since boot
};

Result<Overview> look(const spool::Spool& spool) {
  Overview seen;
  seen.at = SystemClock().since_boot();
  auto totals = spool.totals();
  if (!totals) return std::move(totals).error();
  seen.totals = *totals;
  auto oldest = spool.oldest();
  if (!oldest) return std::move(oldest).error();
  seen.oldest = *oldest;
  auto lanes = spool.lanes();
  if (!lanes) return std::move(lanes).error();
  seen.lanes = std::move(*lanes);
  std::stable_sort(seen.lanes.begin(), seen.lanes.end(),
                   [](const auto& a, const auto& b) { return a.parked > b.parked; });
  auto suppressed = spool.suppressions();
  if (!suppressed) return std::move(suppressed).error();
  seen.suppressed = static_cast<std::uint64_t>(std::count_if(
      suppressed->begin(), suppressed->end(), [](const auto& one) { return one.is_in_force(); }));
  return seen;
}

constexpr spool::State all_states[] = {spool::State::queued, spool::State::deferred, spool::State::working,
                                       spool::State::held,   spool::State::failed,   spool::State::done};

std::string lane_line(const spool::LaneCount& lane) {
  std::string line = "destination\t" + printable(lane.lane) + '\t' + std::to_string(lane.parked);
  if (lane.trouble)
    line += "\tfailures=" + std::to_string(lane.trouble->failures) +
            "\tprobe=" + to_rfc3339(lane.trouble->probe) + '\t' + printable(lane.trouble->text, 200);
  return line + '\n';
}

std::string as_text(const Overview& seen) {
  std::string out = "messages\t" + std::to_string(seen.totals.messages) + "\nrecipients\t" +
                    std::to_string(seen.totals.all()) + "\nbytes\t" + std::to_string(seen.totals.bytes) +
                    '\n';
  for (const auto state : all_states)
    out.append(spool::to_text(state)).append("\t").append(std::to_string(seen.totals.of(state))).append("\n");
  if (seen.oldest) out += "oldest\t" + to_rfc3339(*seen.oldest) + '\n';
  out += "suppressed\t" + std::to_string(seen.suppressed) + '\n';
  for (const spool::LaneCount& lane : seen.lanes) out += lane_line(lane);
  return out;
}

std::string as_json(const spool::LaneCount& lane) {
  JsonObject json;
  json.text("name", printable(lane.lane));
  json.number("parked", lane.parked);
  json.number("failures", lane.trouble ? lane.trouble->failures : 0);
  if (lane.trouble)
    json.text("probe", to_rfc3339(lane.trouble->probe));
  else
    json.null("probe");
  json.text("reason", lane.trouble ? printable(lane.trouble->text, 400) : "");
  return json.done();
}

std::string as_json(const Overview& seen) {
  JsonObject json;
  json.number("messages", seen.totals.messages);
  json.number("recipients", seen.totals.all());
  json.number("came", seen.totals.came);
  json.number("went", seen.totals.went);
  json.number("bytes", seen.totals.bytes);
  for (const auto state : all_states) json.number(spool::to_text(state), seen.totals.of(state));
  if (seen.oldest)
    json.text("oldest", to_rfc3339(*seen.oldest));
  else
    json.null("oldest");
  json.number("suppressed", seen.suppressed);
  std::string lanes;
  for (const spool::LaneCount& lane : seen.lanes)
    lanes.append(lanes.empty() ? "" : ", ").append(as_json(lane));
  json.raw("destinations", "[" + lanes + "]");
  return json.done() + '\n';
}

// ---- the picture

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

std::string bar(std::size_t row, const std::string& name, std::uint64_t value, std::uint64_t most, bool bad) {
  constexpr std::size_t height = 22, left = 260, width = 500;
  const std::size_t y = 20 + row * height, length = most == 0 ? 0 : value * width / most;
  const std::string top = std::to_string(y), base = std::to_string(y + 14);
  return "<text x=\"" + std::to_string(left - 8) + "\" y=\"" + base + "\" text-anchor=\"end\">" +
         escaped(name) + "</text><rect x=\"" + std::to_string(left) + "\" y=\"" + top +
         "\" height=\"18\" width=\"" + std::to_string(length) + "\" fill=\"" + (bad ? "#c0392b" : "#2c7fb8") +
         "\"/><text x=\"" + std::to_string(left + length + 6) + "\" y=\"" + base + "\">" +
         std::to_string(value) + "</text>\n";
}

std::string picture(const Overview& seen) {
  std::string bars;
  std::size_t row = 0;
  std::uint64_t most = 1;
  for (const auto state : all_states) most = std::max(most, seen.totals.of(state));
  for (const auto state : all_states)
    bars += bar(row++, std::string(spool::to_text(state)), seen.totals.of(state), most, false);
  ++row;
  most = seen.lanes.empty() ? 1 : std::max<std::uint64_t>(1, seen.lanes.front().parked);
  for (std::size_t i = 0; i < std::min(shown, seen.lanes.size()); ++i)
    bars += bar(row++, printable(seen.lanes[i].lane, 40), seen.lanes[i].parked, most,
                seen.lanes[i].trouble.has_value());
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"" + std::to_string(40 + row * 22) +
         "\" font-family=\"sans-serif\" font-size=\"13\">\n" + bars + "</svg>\n";
}

// ---- the screen

// Keys come one by one and are not shown, as long as this lives.
class RawTerminal {
public:
  RawTerminal() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  RawTerminal(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

private:
  termios before_{};
  bool changed_;
};

// "12.5/s" of what became of `before` by now.
std::string rate(std::uint64_t before, std::uint64_t now, Milliseconds took) {
  const double seconds = std::max(0.001, static_cast<double>(took.count()) / 1000);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.1f/s",
                (static_cast<double>(now) - static_cast<double>(before)) / seconds);
  return text.data();
}

std::string rates(const Overview& before, const Overview& seen) {
  const Milliseconds took = seen.at - before.at;
  return "in " + rate(before.totals.came, seen.totals.came, took) + "   out " +
         rate(before.totals.went, seen.totals.went, took) + "   (recipients)\n\n";
}

// How the number of those that wait for this destination has changed.
std::string rate_of_lane(const Overview& before, const Overview& seen, const spool::LaneCount& lane) {
  for (const spool::LaneCount& one : before.lanes)
    if (one.lane == lane.lane) return rate(one.parked, lane.parked, seen.at - before.at);
  return rate(0, lane.parked, seen.at - before.at);
}

std::string screen(const Overview& before, const Overview& seen) {
  std::string out =
      "\x1b[H\x1b[2Jtubepost queue   " + to_rfc3339(SystemClock().now()) + "   (any key ends)\n\n";
  out += std::to_string(seen.totals.messages) + " messages, " + std::to_string(seen.totals.all()) +
         " recipients, " + std::to_string(seen.totals.bytes) + " bytes\n";
  for (const auto state : all_states)
    out.append(spool::to_text(state)).append(" ").append(std::to_string(seen.totals.of(state))).append("   ");
  out += "\n" + rates(before, seen);
  for (std::size_t i = 0; i < std::min(shown, seen.lanes.size()); ++i)
    out += rate_of_lane(before, seen, seen.lanes[i]) + '\t' + lane_line(seen.lanes[i]);
  return out;
}

}  // namespace

ExitStatus complain(const Output& output, const Failure& failure) {
  std::fprintf(output.notes, "mailq: %s\n", failure.text.c_str());
  return failure.retry == Retry::later ? ExitStatus::later : ExitStatus::configuration;
}

bool print(std::FILE* out, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), out) == text.size();
}

ExitStatus stats(const spool::Spool& spool, const Output& output) {
  const auto seen = look(spool);
  if (!seen) return complain(output, seen.error());
  if (!output.plot.empty()) {
    if (const auto written = write_file_atomically(output.plot, picture(*seen), 0644); !written)
      return complain(output, written.error());
  }
  print(output.out, output.json ? as_json(*seen) : as_text(*seen));
  return ExitStatus::ok;
}

ExitStatus top(const spool::Spool& spool, const Output& output) {
  if (!output.terminal) return stats(spool, output);
  constexpr int every = 1000;
  const RawTerminal raw;
  std::optional<Overview> before;
  for (;;) {
    auto seen = look(spool);
    if (!seen) return complain(output, seen.error());
    print(output.out, screen(before ? *before : *seen, *seen));
    before = std::move(*seen);
    std::fflush(output.out);
    pollfd key{STDIN_FILENO, POLLIN, 0};
    if (::poll(&key, 1, every) != 0) return ExitStatus::ok;
  }
}

// ---- what comes next

namespace {

std::string plan_line(const spool::Recipient& recipient, std::string_view what, std::optional<Timestamp> when,
                      const Output& output) {
  if (!output.json)
    return printable(recipient.address) + '\t' + (when ? to_rfc3339(*when) : "-") + '\t' + std::string(what) +
           '\n';
  JsonObject json;
  json.text("address", printable(recipient.address));
  when ? json.text("time", to_rfc3339(*when)) : json.null("time");
  json.text("what", what);
  return json.done() + '\n';
}

using Probes = std::map<std::string, Timestamp>;

// Who is parked follows when the probe of its destination succeeds.
std::string probe_line(const spool::Recipient& recipient, const Probes& probes, const Output& output) {
  const auto probe = probes.find(recipient.lane);
  const std::string lane = printable(recipient.lane);
  return probe == probes.end()
             ? plan_line(recipient, "waits for its destination " + lane, std::nullopt, output)
             : plan_line(recipient, "its destination " + lane + " is probed", probe->second, output);
}

// O10: mail for a primary is kept longer; where an operator has said where to, there is none.
spool::RetryPolicy retry_of(const spool::Recipient& recipient, const Output& output) {
  const bool secondary =
      recipient.route.empty() && output.is_secondary && output.is_secondary(recipient.address);
  return {output.retry.steps,
          secondary ? std::max(output.retry.expire, output.relay_expire) : output.retry.expire};
}

std::string plan_of(const spool::Queued& queued, const spool::Recipient& recipient, const Probes& probes,
                    const Output& output) {
  constexpr unsigned most = 200;
  if (recipient.state == spool::State::held)
    return plan_line(recipient, "held: never, until released", std::nullopt, output);
  if (recipient.state != spool::State::queued && recipient.state != spool::State::deferred)
    return plan_line(recipient, spool::to_text(recipient.state), std::nullopt, output);
  std::string plan;
  if (recipient.parked) plan += probe_line(recipient, probes, output);
  const auto retry = retry_of(recipient, output);
  const Timestamp end = queued.envelope.released() + retry.expire;
  const auto deadline = spool::deadline_of(queued.envelope);
  auto notice = spool::notice_time(queued.envelope, output.delay_notice);
  if (recipient.delay_notified) notice.reset();
  Timestamp time = recipient.next;
  for (unsigned attempt = recipient.attempts + 1; attempt <= recipient.attempts + most; ++attempt) {
    if (deadline && time >= *deadline)
      return plan + plan_line(recipient, "goes back: the time its sender set for it is up", time, output);
    plan += plan_line(recipient, "attempt " + std::to_string(attempt), time, output);
    if (notice && time >= *notice)
      notice.reset(), plan += plan_line(recipient, "notice of delay", time, output);
    if (time >= end) break;
    time = spool::next_attempt(queued.id, queued.envelope, attempt, time, retry);
  }
  return plan + plan_line(recipient, "expires, if that attempt fails", time, output);
}

}  // namespace

ExitStatus schedule(const spool::Spool& spool, const spool::SpoolId& id, const Output& output) {
  const auto queued = spool.find(id);
  if (!queued) return complain(output, queued.error());
  if (!*queued) {
    std::fprintf(output.notes, "mailq: no message %s in the queue\n", id.to_text().c_str());
    return ExitStatus::no;
  }
  const auto destinations = spool.destinations();
  if (!destinations) return complain(output, destinations.error());
  Probes probes;
  for (const spool::Destination& one : *destinations) probes.emplace(one.name, one.probe);
  for (const spool::Recipient& recipient : (*queued)->recipients)
    print(output.out, plan_of(**queued, recipient, probes, output));
  return ExitStatus::ok;
}

}  // namespace tubepost::mailq
