#include "qrun/simulation.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <set>

#include "base/json.h"
#include "base/temporary.h"
#include "base/text.h"
#include "qrun/scheduler.h"
#include "spool/event_words.h"

namespace tubepost::qrun {
namespace {

// ---- who plays the processes

// Every mailbox takes everything, at once.
class PlayedDeliveries final : public Deliveries {
public:
  void add(Job job) override { jobs_.push_back(std::move(job)); }
  void forget(const std::vector<JobKey>&) override {}
  PoolNews work(Milliseconds, Milliseconds) override {
    PoolNews news;
    for (Job& job : jobs_) {
      const Answer answer{job.key(), Answer::Status::delivered, {2, 0, 0}, "delivered"};
      news.answers.emplace_back(std::move(job), answer);
    }
    jobs_.clear();
    return news;
  }
  std::vector<Job> stop() override { return std::exchange(jobs_, {}); }
  void end() override {}
  std::size_t jobs() const override { return jobs_.size(); }
  bool has_ended() const override { return true; }
  bool is_broken() const override { return false; }
  std::uint64_t died() const override { return 0; }
  std::optional<Milliseconds> next_look(Milliseconds) const override { return std::nullopt; }
  void add_to(std::vector<pollfd>&) const override {}

private:
  std::vector<Job> jobs_;
};

// Every server takes everything, at once, unless it is out.
class PlayedSenders final : public Senders {
public:
  PlayedSenders(const Forecast& forecast, std::size_t connections, const Clock& clock)
      : forecast_(forecast), most_(connections), clock_(clock) {}

  bool has_idle(Milliseconds) const override { return parcels_.size() < most_; }
  void give(Parcel parcel, Milliseconds) override { parcels_.push_back(std::move(parcel)); }
  std::vector<std::string> lanes_to_stay(Milliseconds) const override { return {}; }
  std::vector<Room> lanes_with_room(Milliseconds) const override { return {}; }
  void give_behind(Parcel parcel, Milliseconds now) override { give(std::move(parcel), now); }
  std::size_t connections(const std::string& lane) const override {
    std::size_t count = 0;
    for (const Parcel& parcel : parcels_) count += parcel.lane == lane;
    return count;
  }
  std::size_t connecting() const override { return 0; }  // nobody hangs here
  SenderNews work(Milliseconds, Milliseconds) override {
    SenderNews news;
    for (Parcel& parcel : parcels_) {
      auto answer = answer_to(parcel);
      news.answers.emplace_back(std::move(parcel), std::move(answer));
    }
    parcels_.clear();
    return news;
  }
  void end() override {}
  bool is_idle() const override { return parcels_.empty(); }
  bool has_ended() const override { return true; }
  Milliseconds not_before() const override { return Milliseconds(0); }
  std::optional<Milliseconds> next_look(Milliseconds) const override { return std::nullopt; }
  void add_to(std::vector<pollfd>&) const override {}

private:
  bool is_out(const std::string& domain) const {
    for (const Outage& outage : forecast_.outages)
      if (clock_.now() < outage.until && glob_matches(outage.domain, domain)) return true;
    return false;
  }
  relay::Answer answer_to(const Parcel& parcel) const {
    relay::Answer answer;
    answer.id = parcel.job.id;
    bool all_out = true;
    for (const relay::JobRecipient& recipient : parcel.job.recipients) {
      const std::string domain = recipient.address.substr(recipient.address.rfind('@') + 1);
      const bool out = is_out(domain);
      all_out = all_out && out;
      relay::Verdict verdict;
      verdict.number = recipient.number;
      verdict.status = out ? relay::Status::deferred : relay::Status::delivered;
      verdict.code = out ? EnhancedStatus{4, 4, 1} : EnhancedStatus{2, 0, 0};
      verdict.text = out ? to_lower(domain) + " is out, as was said" : "taken";
      answer.verdicts.push_back(std::move(verdict));
    }
    if (all_out) answer.trouble = relay::Trouble::connect;
    return answer;
  }

  const Forecast& forecast_;
  std::size_t most_;
  const Clock& clock_;
  std::deque<Parcel> parcels_;
};

// ---- the copy

class CopyOfSpool {
public:
  static Result<std::unique_ptr<CopyOfSpool>> make(const spool::Spool& original, const Clock& clock) {
    auto copy = std::make_unique<CopyOfSpool>();
    auto folder = make_temporary_folder(std::filesystem::temp_directory_path() / "tubepost-simulation-");
    if (!folder) return std::move(folder).error();
    copy->folder_ = std::move(*folder);
    if (auto copied = original.copy_to(copy->folder_); !copied) return std::move(copied).error();
    spool::Spool::Options options;
    options.group_commit = false;
    options.disk_reserve = 0;
    auto opened = spool::Spool::open(copy->folder_, options, clock);
    if (!opened) return std::move(opened).error();
    copy->spool_.emplace(std::move(*opened));
    return copy;
  }
  ~CopyOfSpool() {
    spool_.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  spool::Spool& spool() { return *spool_; }

private:
  std::string folder_;
  std::optional<spool::Spool> spool_;
};

// ---- what became of them

struct InQueue {
  spool::SpoolId id;
  Timestamp accepted;
  std::vector<std::string> addresses;
};

Result<std::vector<InQueue>> messages_of(const spool::Spool& spool) {
  std::vector<InQueue> messages;
  const auto listed = spool.list({}, [&](const spool::Queued& queued) {
    InQueue one{queued.id, queued.envelope.accepted, {}};
    for (const spool::Recipient& recipient : queued.recipients) one.addresses.push_back(recipient.address);
    messages.push_back(std::move(one));
    return true;
  });
  if (!listed) return Failure(listed.error());
  return messages;
}

bool is_attempt(std::string_view event) {
  return event == "delivered" || event == "deferred" || event == "failed";
}
bool is_final(std::string_view event) {
  for (const std::string_view name : {"delivered", "failed", "expanded", "discarded", "dropped", "held"})
    if (event == name) return true;
  return false;
}

class FatesOfMessage {
public:
  explicit FatesOfMessage(const InQueue& message) : message_(message) {
    for (const std::string& address : message.addresses) of(address);
  }
  void take(const spool::Event& event) {
    if (event.name == "dsn" && spool::word_of(event.fields, "kind") == "delay" && !noticed_)
      noticed_ = event.time;
    const std::string address = spool::word_of(event.fields, "to");
    if (address.empty()) return;
    Fate& fate = of(address);
    if (is_attempt(event.name)) ++fate.attempts;
    if (const std::string text = spool::word_of(event.fields, "text"); !text.empty()) fate.text = text;
    if (!is_final(event.name)) return;
    fate.outcome = event.name;
    fate.time = event.time;
    // RFC 3463 3.5: 5.4.7, delivery time expired.
    fate.is_expired = event.name == "failed" && spool::word_of(event.fields, "status") == "5.4.7";
  }
  void end(std::vector<Fate>& fates) {
    for (const std::string& address : order_) {
      Fate& fate = by_address_[address];
      fate.noticed = noticed_;
      fates.push_back(std::move(fate));
    }
  }

private:
  Fate& of(const std::string& address) {
    const auto [at, is_new] = by_address_.try_emplace(address);
    if (is_new) {
      at->second.id = message_.id;
      at->second.address = address;
      at->second.accepted = message_.accepted;
      at->second.outcome = "waiting";
      order_.push_back(address);
    }
    return at->second;
  }
  const InQueue& message_;
  std::map<std::string, Fate> by_address_;
  std::vector<std::string> order_;
  std::optional<Timestamp> noticed_;
};

Result<std::vector<Fate>> read_fates(const spool::Spool& spool, const std::vector<InQueue>& messages,
                                     Timestamp start) {
  std::vector<Fate> fates;
  for (const InQueue& message : messages) {
    const auto events = spool.trace(message.id);
    if (!events) return Failure(events.error());
    FatesOfMessage of_message(message);
    for (const spool::Event& event : *events)
      if (event.time >= start) of_message.take(event);
    of_message.end(fates);
  }
  return fates;
}

void play(const World& world, const Forecast& forecast, spool::Spool& spool, ManualClock& clock) {
  constexpr Milliseconds least{1};
  PlayedDeliveries deliveries;
  PlayedSenders senders(forecast, std::max<std::size_t>(1, world.policy.connections), clock);
  Scheduler::Mode mode;
  mode.is_over = [&] { return clock.now() >= forecast.until; };
  Scheduler::Parts parts{spool,          world.addresses, deliveries,
                         clock,          world.logger,    [&] { return world.policy; },
                         world.hostname, &senders};
  parts.wait = [&](int milliseconds) {
    if (!deliveries.is_idle() || !senders.is_idle()) return;  // answered without any time
    clock.advance(std::clamp(Milliseconds(milliseconds), least,
                             std::max(least, Milliseconds(forecast.until - clock.now()))));
  };
  Scheduler(std::move(parts), mode).run();
}

}  // namespace

std::optional<Timestamp> parse_until(std::string_view text, Timestamp start) {
  const auto length = parse_duration(text.substr(text.starts_with('+') ? 1 : 0));
  const auto time = length ? std::optional<Timestamp>(start + *length) : parse_rfc3339(text);
  return time && *time > start ? time : std::nullopt;
}

std::optional<Outage> parse_outage(std::string_view text, Timestamp start) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  const auto length = parse_duration(text.substr(equals + 1));
  if (!length) return std::nullopt;
  return Outage{to_lower(text.substr(0, equals)), start + *length};
}

Result<std::vector<Fate>> simulate(const World& world, const Forecast& forecast) {
  ManualClock clock(forecast.start);
  auto copy = CopyOfSpool::make(world.spool, clock);
  if (!copy) return std::move(copy).error();
  const auto messages = messages_of((*copy)->spool());
  if (!messages) return Failure(messages.error());
  play(world, forecast, (*copy)->spool(), clock);
  return read_fates((*copy)->spool(), *messages, forecast.start);
}

// ---- printing

namespace {

std::string time_or(const std::optional<Timestamp>& time, std::string_view none) {
  return time ? to_rfc3339(*time) : std::string(none);
}

std::chrono::seconds age_of(const Fate& fate) {
  return std::chrono::duration_cast<std::chrono::seconds>(*fate.time - fate.accepted);
}

std::string as_json(const Fate& fate) {
  JsonObject json;
  const auto time = [&](std::string_view name, const std::optional<Timestamp>& value) {
    value ? json.text(name, to_rfc3339(*value)) : json.null(name);
  };
  json.text("id", fate.id.to_text());
  json.text("address", printable(fate.address));
  json.text("outcome", fate.outcome);
  time("time", fate.time);
  fate.time
      ? json.number("seconds", static_cast<std::uint64_t>(std::max<std::int64_t>(0, age_of(fate).count())))
      : json.null("seconds");
  json.number("attempts", fate.attempts);
  time("notice", fate.noticed);
  json.raw("expired", fate.is_expired ? "true" : "false");
  json.text("reason", printable(fate.text, 1000));
  return json.done() + '\n';
}

std::string as_line(const Fate& fate) {
  return fate.id.to_text() + '\t' + printable(fate.address) + '\t' + fate.outcome + '\t' +
         time_or(fate.time, "-") + '\t' + (fate.time ? format_duration(age_of(fate)) : "-") + '\t' +
         std::to_string(fate.attempts) + '\t' + time_or(fate.noticed, "-") + '\t' + printable(fate.text) +
         '\n';
}

}  // namespace

void print(const std::vector<Fate>& fates, bool json, std::FILE* out, std::FILE* notes) {
  std::map<std::string, std::size_t> outcomes;
  std::set<spool::SpoolId> noticed;
  std::size_t expired = 0;
  for (const Fate& fate : fates) {
    std::fputs((json ? as_json(fate) : as_line(fate)).c_str(), out);
    ++outcomes[fate.outcome];
    if (fate.noticed) noticed.insert(fate.id);
    expired += fate.is_expired;
  }
  std::string summary = "-- " + std::to_string(fates.size()) + " recipients";
  for (const auto& [name, count] : outcomes) summary += ", " + std::to_string(count) + ' ' + name;
  std::fprintf(notes, "%s; %zu expired, %zu messages with a notice of delay\n", summary.c_str(), expired,
               noticed.size());
}

}  // namespace tubepost::qrun
