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

  State(Options o, dns::Resolver& r, const Clock& c, const log::Logger& l)
      : options(std::move(o)),
        resolver(r),
        clock(c),
        logger(l),
        cache(options.cache_max),
        trials(options.lists.size()),
        seldom(options.lists.size()) {}

  std::optional<ListAnswer> cached(const std::string& question);
  bool is_trial_due(std::size_t which, bool v6);
  void end_trial(std::size_t which, bool v6, const ListAnswer& world, const ListAnswer& entry);
  void settle(std::size_t which, bool v6, ListAnswer& answer);

  const Options options;
  dns::Resolver& resolver;
  const Clock& clock;
  const log::Logger& logger;
  std::mutex mutex;  // of the three below
  BoundedMap<Cached> cache;
  std::vector<Trials> trials;
  std::vector<net::Seldom> seldom;
};

// What one decision asks of the lists: all at once; then, of those that list the client, why.
class BlockLists::Round {
public:
  explicit Round(State& state) : state_(state), end_(Time::now() + state.options.deadline) {}

  enum class About { client, list };
  // The place of its answer.
  std::size_t add(std::size_t list, About about, std::string question) {
    ListAnswer answer;
    answer.zone = state_.options.lists[list].zone;
    answer.question = std::move(question);
    asked_.push_back({list, about, std::move(answer), 0});
    return asked_.size() - 1;
  }
  void ask();
  ListAnswer& operator[](std::size_t place) { return asked_[place].answer; }

private:
  using Time = std::chrono::steady_clock;

  std::vector<dns::AnyAnswer> query(const std::vector<dns::Question>& questions) {
    if (questions.empty()) return {};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Time::now());
    return state_.resolver.query_all(questions, std::max(left, std::chrono::milliseconds(0)));
  }
  void ask_whether();
  void ask_why();
  void remember();

  struct Asked {
    std::size_t list;
    About about;
    ListAnswer answer;
    std::uint32_t ttl;
  };
  State& state_;
  const Time::time_point end_;
  std::vector<Asked> asked_;
};

void BlockLists::Round::ask() {
  ask_whether();
  ask_why();
  remember();
}

void BlockLists::Round::ask_whether() {
  std::vector<dns::Question> questions;
  for (const auto& one : asked_) questions.push_back({one.answer.question, dns::Type::a});
  auto found = query(questions);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto addresses = dns::to_answer<net::IpAddress>(std::move(found[i]));
    auto& [list, about, answer, ttl] = asked_[i];
    ttl = addresses.ttl;
    if (addresses.ok())
      take_replies(answer, state_.options.lists[list], addresses);
    else if (addresses.kind == dns::Kind::timeout)
      answer.error = "no answer in time";
    else if (!addresses.is_absent())
      answer.error = std::string(dns::to_text(addresses.kind)) +
                     (addresses.detail.empty() ? "" : ": " + addresses.detail);
  }
}

void BlockLists::Round::ask_why() {
  std::vector<dns::Question> questions;
  std::vector<ListAnswer*> listed;
  for (auto& one : asked_)
    if (one.about == About::client && one.answer.listed)
      questions.push_back({one.answer.question, dns::Type::txt}), listed.push_back(&one.answer);
  auto found = query(questions);
  for (std::size_t i = 0; i < found.size(); ++i)
    if (const auto text = dns::to_answer<dns::Text>(std::move(found[i])); text.ok())
      listed[i]->reason = printable(text.records.front().text, reason_max);
}

void BlockLists::Round::remember() {
  const std::lock_guard lock(state_.mutex);
  for (const auto& one : asked_)
    if (one.about == About::client)
      state_.cache.touch(one.answer.question) = {one.answer,
                                                 state_.clock.now() + life_of(one.answer, one.ttl)};
}

std::optional<ListAnswer> BlockLists::State::cached(const std::string& question) {
  const std::lock_guard lock(mutex);
  const auto* found = cache.find(question);
  if (found == nullptr || found->until <= clock.now()) return std::nullopt;
  auto answer = found->answer;
  answer.from_cache = true;
  return answer;
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

BlockLists::BlockLists(Options options, dns::Resolver& resolver, const Clock& clock,
                       const log::Logger& logger)
    : state_(std::make_unique<State>(std::move(options), resolver, clock, logger)) {}
BlockLists::~BlockLists() = default;

bool BlockLists::empty() const { return state_->options.lists.empty(); }

ListVerdict BlockLists::check(const net::IpAddress& client) {
  struct OfList {
    std::optional<ListAnswer> known;
    std::size_t answer = 0, world = 0, entry = 0;  // places in the round
    bool is_tried = false;
  };
  auto& state = *state_;
  const auto& lists = state.options.lists;
  const bool v6 = client.is_v6();
  Round round(state);
  std::vector<OfList> of(lists.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    auto question = question_of(client, lists[i].zone);
    of[i].known = state.cached(question);
    if (!of[i].known) of[i].answer = round.add(i, Round::About::client, std::move(question));
    of[i].is_tried = state.is_trial_due(i, v6);
    if (!of[i].is_tried) continue;
    of[i].world = round.add(i, Round::About::list, trial_question(v6, '1', lists[i].zone));
    of[i].entry = round.add(i, Round::About::list, trial_question(v6, '2', lists[i].zone));
  }
  round.ask();
  std::vector<ListAnswer> answers;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (of[i].is_tried) state.end_trial(i, v6, round[of[i].world], round[of[i].entry]);
    answers.push_back(of[i].known ? std::move(*of[i].known) : std::move(round[of[i].answer]));
    state.settle(i, v6, answers.back());
  }
  return judge(lists, std::move(answers), state.options.reject_score, client);
}

}  // namespace tubepost::policy
