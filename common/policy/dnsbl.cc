#include "policy/dnsbl.h"

#include <algorithm>

#include "base/bounded_map.h"
#include "base/text.h"
#include "dns/mx.h"
#include "net/seldom.h"
#include "policy/lookup_pool.h"

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

ListAnswer failed(const BlockList& list, const std::string& question, std::string error) {
  ListAnswer answer;
  answer.zone = list.zone;
  answer.question = question;
  answer.error = std::move(error);
  return answer;
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
  using Round = LookupRound<ListAnswer>;

  State(Options o, dns::Resolver& r, const Clock& c, const log::Logger& l)
      : options(std::move(o)),
        resolver(r),
        clock(c),
        logger(l),
        cache(options.cache_max),
        trials(options.lists.size()),
        seldom(options.lists.size()) {
    for (std::size_t i = 0; i < options.lists.size(); ++i)
      pools.push_back(std::make_unique<LookupPool>(options.threads_per_list));
  }

  ListAnswer ask(const BlockList& list, const std::string& question);
  std::optional<ListAnswer> cached(const std::string& question);
  void remember(const ListAnswer& answer, std::uint32_t ttl);
  void try_list(std::size_t which, bool v6);
  bool is_trial_due(std::size_t which, bool v6);
  bool is_untried(std::size_t which, bool v6);
  void begin(std::size_t which, const std::string& question, const std::shared_ptr<Round>& round);
  void settle(std::size_t which, bool v6, ListAnswer& answer);

  const Options options;
  dns::Resolver& resolver;
  const Clock& clock;
  const log::Logger& logger;
  std::mutex mutex;  // of the three below
  BoundedMap<Cached> cache;
  std::vector<Trials> trials;
  std::vector<net::Seldom> seldom;
  std::vector<std::unique_ptr<LookupPool>> pools;  // last: their jobs use the rest
};

// Blocking; in a thread of the list's pool.
ListAnswer BlockLists::State::ask(const BlockList& list, const std::string& question) {
  ListAnswer answer;
  answer.zone = list.zone;
  answer.question = question;
  const auto found = resolver.a(question);
  if (found.ok())
    take_replies(answer, list, found);
  else if (!found.is_absent())
    answer.error = std::string(dns::to_text(found.kind)) + (found.detail.empty() ? "" : ": " + found.detail);
  if (answer.listed) {
    if (const auto text = resolver.txt(question); text.ok())
      answer.reason = printable(text.records.front().text, reason_max);
  }
  remember(answer, found.ttl);
  return answer;
}

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

// RFC 5782 5: a list that works has 127.0.0.2 and has not 127.0.0.1. Of IPv6 the same, but most lists know of IPv4 alone, and so
// that an entry is missing there is no news.
void BlockLists::State::try_list(std::size_t which, bool v6) {
  const auto& list = options.lists[which];
  const auto world = ask(list, trial_question(v6, '1', list.zone));
  const auto entry = ask(list, trial_question(v6, '2', list.zone));
  {
    const std::lock_guard lock(mutex);
    auto& trial = trials[which][v6];
    trial.over = true;
    if (world.error.empty()) trial.lists_world = world.listed;
  }
  if (world.listed)
    logger.error(
        "dnsbl-lists-world",
        {{"zone", list.zone}, {"family", v6 ? "IPv6" : "IPv4"}, {"replies", join(world.replies, " ")}});
  else if (!v6 && world.error.empty() && entry.error.empty() && entry.replies.empty())
    logger.warning("dnsbl-without-test-entry", {{"zone", list.zone}});
}

bool BlockLists::State::is_trial_due(std::size_t which, bool v6) {
  const std::lock_guard lock(mutex);
  auto& trial = trials[which][v6];
  const auto now = clock.now();
  if (trial.begun && now - *trial.begun < trial_period && now >= *trial.begun) return false;
  trial.begun = now;
  return true;
}

bool BlockLists::State::is_untried(std::size_t which, bool v6) {
  const std::lock_guard lock(mutex);
  return !trials[which][v6].over;
}

void BlockLists::State::begin(std::size_t which, const std::string& question,
                              const std::shared_ptr<Round>& round) {
  const bool taken = pools[which]->submit([this, which, question, round] {
    if (round->is_over()) return;
    auto answer = cached(question);  // whoever waited before us may have asked the same
    round->done(which, answer ? std::move(*answer) : ask(options.lists[which], question));
  });
  if (!taken)
    round->done(which, failed(options.lists[which], question, "too many look-ups wait for this list"));
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
  auto& state = *state_;
  const auto& lists = state.options.lists;
  const bool v6 = client.is_v6();
  const auto round = std::make_shared<State::Round>(lists.size(), state.options.deadline);
  const auto first_trials = std::make_shared<LookupRound<bool>>(lists.size(), state.options.deadline);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    // Whoever comes while the first trial runs waits for it too: it stands before us in the list's queue, or
    // its answers are in the cache.
    const bool untried = state.is_untried(i, v6), due = state.is_trial_due(i, v6);
    const bool trying = (untried || due) && state.pools[i]->submit([&state, i, v6, first_trials] {
      state.try_list(i, v6);
      first_trials->done(i, true);
    });
    if (!untried || !trying) first_trials->done(i, true);
    const auto question = question_of(client, lists[i].zone);
    if (auto known = state.cached(question))
      round->done(i, std::move(*known));
    else
      state.begin(i, question, round);
  }
  auto found = round->wait();
  (void)first_trials->wait();
  std::vector<ListAnswer> answers;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    answers.push_back(found[i] ? std::move(*found[i])
                               : failed(lists[i], question_of(client, lists[i].zone), "no answer in time"));
    state.settle(i, v6, answers.back());
  }
  return judge(lists, std::move(answers), state.options.reject_score, client);
}

}  // namespace tubepost::policy
