#include "policy/dnsbl.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/bounded_map.h"
#include "base/text.h"
#include "dns/mx.h"
#include "net/seldom.h"

namespace tubepost::policy {
namespace {

constexpr std::size_t replies_max = 10, reason_max = 200;
constexpr std::chrono::seconds positive_least{60}, positive_most{3600}, negative_life{300}, error_life{10};
constexpr std::chrono::hours trial_period{1};
constexpr std::chrono::seconds reason_time{1};  // when some other list has used up the deadline

std::string question_of(const net::IpAddress& client, const std::string& zone) {
  return dns::reversed_labels(client) + '.' + zone;
}

// RFC 5782 5: 127.0.0.N, of IPv6 ::FFFF:7F00:N, which an IpAddress would take for IPv4.
std::string trial_question(bool v6, char last, const std::string& zone) {
  std::string labels(1, last);
  labels += v6 ? ".0.0.0.0.0.f.7.f.f.f.f" : ".0.0.127";
  if (v6)
    for (int i = 12; i < 32; ++i) labels += ".0";
  return labels + '.' + zone;
}

void take_replies(ListAnswer& answer, const BlockList& list, const dns::Answer<net::IpAddress>& found) {
  for (const auto& address : found.records) {
    const auto reply = classify(list, address);
    if (answer.replies.size() < replies_max) answer.replies.push_back(address.to_text());
    if (reply == Reply::listed) answer.listed = true;
    if (reply == Reply::error) answer.error = "it answers " + address.to_text() + ", which is no listing";
  }
  if (!answer.error.empty()) answer.listed = false;
}

std::chrono::seconds life_of(const ListAnswer& answer, std::uint32_t ttl) {
  if (!answer.error.empty()) return error_life;
  if (answer.replies.empty()) return negative_life;
  return std::clamp(std::chrono::seconds(ttl), positive_least, positive_most);
}

}  // namespace

std::string ListAnswer::to_text() const {
  std::string text =
      zone + ": " + (replies.empty() ? (error.empty() ? "not listed" : "") : join(replies, " "));
  if (listed) text += " (listed)";
  if (!reason.empty()) text += ", " + reason;
  if (!error.empty()) text += (replies.empty() ? "" : ", ") + error;
  if (from_cache) text += ", cached";
  return text;
}

ListVerdict judge(const std::vector<BlockList>& lists, std::vector<ListAnswer> answers, int reject_score,
                  const net::IpAddress& client) {
  using Kind = ListVerdict::Kind;
  ListVerdict verdict;
  int most = 0;
  const ListAnswer* decider = nullptr;
  const auto decide = [&](Kind kind, const ListAnswer& answer) {
    constexpr int ranks[] = {0, 3, 2,
                             1};  // none, allow, reject, defer: the strongest wins, the first of equals
    if (ranks[static_cast<int>(kind)] <= ranks[static_cast<int>(verdict.kind)]) return;
    verdict.kind = kind;
    decider = &answer;
  };
  const ListAnswer* heaviest = nullptr;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (!answers[i].listed) continue;
    switch (lists[i].action) {
      case BlockAction::reject:
        decide(Kind::reject, answers[i]);
        break;
      case BlockAction::defer:
        decide(Kind::defer, answers[i]);
        break;
      case BlockAction::allow:
        decide(Kind::allow, answers[i]);
        break;
      case BlockAction::warn:
        break;
      case BlockAction::score:
        verdict.score += lists[i].score;
        if (lists[i].score > most) most = lists[i].score, heaviest = &answers[i];
    }
  }
  if (verdict.score >= reject_score && heaviest != nullptr) decide(Kind::reject, *heaviest);
  if (decider != nullptr) {
    verdict.zone = decider->zone;
    verdict.text = client.to_text() + " is listed by " + decider->zone;
    if (!decider->reason.empty()) verdict.text += ": " + decider->reason;
  }
  verdict.answers = std::move(answers);
  return verdict;
}

struct BlockLists::State {
  struct Cached {
    ListAnswer answer;
    Timestamp until{};
  };
  struct Trial {  // of a list for one family of addresses
    std::optional<Timestamp> begun;
    bool over = false, lists_world = false;
  };
  using Trials = std::array<Trial, 2>;

  State(Options o, const Clock& c, const log::Logger& l)
      : options(std::move(o)),
        clock(c),
        logger(l),
        cache(options.cache_max),
        trials(options.lists.size()),
        seldom(options.lists.size()) {}

  std::optional<ListAnswer> cached(const std::string& question);
  void remember(const ListAnswer& answer, std::uint32_t ttl);
  bool is_trial_due(std::size_t which, bool v6);
  void end_trial(std::size_t which, bool v6, const ListAnswer& world, const ListAnswer& entry);
  void settle(std::size_t which, bool v6, ListAnswer& answer);

  const Options options;
  const Clock& clock;
  const log::Logger& logger;
  std::mutex mutex;  // of the three below
  BoundedMap<Cached> cache;
  std::vector<Trials> trials;
  std::vector<net::Seldom> seldom;
};

std::optional<ListAnswer> BlockLists::State::cached(const std::string& question) {
  const std::lock_guard lock(mutex);
  const auto* found = cache.find(question);
  if (found == nullptr || found->until <= clock.now()) return std::nullopt;
  auto answer = found->answer;
  answer.from_cache = true;
  return answer;
}

void BlockLists::State::remember(const ListAnswer& answer, std::uint32_t ttl) {
  const std::lock_guard lock(mutex);
  cache.touch(answer.question) = {answer, clock.now() + life_of(answer, ttl)};
}

// Who comes before the first trial is over makes it, too: nobody is judged by a list that was not tried.
bool BlockLists::State::is_trial_due(std::size_t which, bool v6) {
  const std::lock_guard lock(mutex);
  auto& trial = trials[which][v6];
  const auto now = clock.now();
  if (trial.over && now - *trial.begun < trial_period && now >= *trial.begun) return false;
  trial.begun = now;
  return true;
}

// RFC 5782 5: a list that works has 127.0.0.2 and has not 127.0.0.1. Of IPv6 the same, but most lists know of IPv4 alone, and so
// that an entry is missing there is no news.
void BlockLists::State::end_trial(std::size_t which, bool v6, const ListAnswer& world,
                                  const ListAnswer& entry) {
  {
    const std::lock_guard lock(mutex);
    auto& trial = trials[which][v6];
    trial.over = true;
    if (world.error.empty()) trial.lists_world = world.listed;
  }
  if (world.listed)
    logger.error(
        "dnsbl-lists-world",
        {{"zone", world.zone}, {"family", v6 ? "IPv6" : "IPv4"}, {"replies", join(world.replies, " ")}});
  else if (!v6 && world.error.empty() && entry.error.empty() && entry.replies.empty())
    logger.warning("dnsbl-without-test-entry", {{"zone", world.zone}});
}

// What is known of the list itself, and the log.
void BlockLists::State::settle(std::size_t which, bool v6, ListAnswer& answer) {
  std::optional<std::size_t> unsaid;
  {
    const std::lock_guard lock(mutex);
    if (trials[which][v6].lists_world) {
      answer.listed = false;
      answer.error = "it lists the world, and is not used";
      return;
    }
    if (!answer.error.empty() && !answer.from_cache) unsaid = seldom[which].due();
  }
  if (unsaid)
    logger.warning("dnsbl-cannot-say", {{"zone", answer.zone},
                                        {"question", answer.question},
                                        {"reason", answer.error},
                                        {"unsaid", *unsaid}});
}

BlockLists::BlockLists(Options options, const Clock& clock, const log::Logger& logger)
    : state_(std::make_unique<State>(std::move(options), clock, logger)) {}
BlockLists::~BlockLists() = default;

bool BlockLists::empty() const { return state_->options.lists.empty(); }

BlockLists::LookUp BlockLists::begin(const net::IpAddress& client, dns::Inquiry& inquiry) {
  return {*state_, client, inquiry};
}

BlockLists::LookUp::LookUp(State& state, const net::IpAddress& client, dns::Inquiry& inquiry)
    : state_(state), client_(client), end_(dns::Inquiry::Time::now() + state.options.deadline) {
  const bool v6 = client.is_v6();
  for (std::size_t i = 0; i < state.options.lists.size(); ++i) {
    const auto& zone = state.options.lists[i].zone;
    auto& of = lists_.emplace_back();
    auto question = question_of(client, zone);
    of.remembered = state.cached(question);
    if (!of.remembered) of.client = ask(i, std::move(question), inquiry);
    if (!state.is_trial_due(i, v6)) continue;
    of.world = ask(i, trial_question(v6, '1', zone), inquiry);
    of.entry = ask(i, trial_question(v6, '2', zone), inquiry);
  }
}

BlockLists::LookUp::Asked BlockLists::LookUp::ask(std::size_t list, std::string question,
                                                  dns::Inquiry& inquiry) const {
  Asked asked;
  asked.answer.zone = state_.options.lists[list].zone;
  asked.answer.question = std::move(question);
  asked.place = inquiry.add({asked.answer.question, dns::Type::a}, end_);
  return asked;
}

void BlockLists::LookUp::take_answer(std::size_t list, std::optional<Asked>& asked,
                                     dns::Inquiry& inquiry) const {
  if (!asked) return;
  auto& answer = asked->answer;
  const auto found = dns::to_answer<net::IpAddress>(inquiry.take(asked->place));
  asked->ttl = found.ttl;
  if (found.ok())
    take_replies(answer, state_.options.lists[list], found);
  else if (found.kind == dns::Kind::timeout)
    answer.error = "no answer in time";
  else if (!found.is_absent())
    answer.error = std::string(dns::to_text(found.kind)) + (found.detail.empty() ? "" : ": " + found.detail);
}

void BlockLists::LookUp::follow_up(dns::Inquiry& inquiry) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    auto& of = lists_[i];
    for (auto* const asked : {&of.client, &of.world, &of.entry}) take_answer(i, *asked, inquiry);
    if (of.client && of.client->answer.listed)
      of.client->place = inquiry.add({of.client->answer.question, dns::Type::txt},
                                     std::max(end_, dns::Inquiry::Time::now() + reason_time));
  }
}

ListVerdict BlockLists::LookUp::finish(dns::Inquiry& inquiry) {
  std::vector<ListAnswer> answers;
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    auto& [remembered, client, world, entry] = lists_[i];
    if (client && client->answer.listed)
      if (const auto why = dns::to_answer<dns::Text>(inquiry.take(client->place)); why.ok())
        client->answer.reason = printable(why.records.front().text, reason_max);
    if (client) state_.remember(client->answer, client->ttl);
    if (world && entry) state_.end_trial(i, client_.is_v6(), world->answer, entry->answer);
    answers.push_back(std::move(client ? client->answer : *remembered));
    state_.settle(i, client_.is_v6(), answers.back());
  }
  return judge(state_.options.lists, std::move(answers), state_.options.reject_score, client_);
}

}  // namespace tubepost::policy
