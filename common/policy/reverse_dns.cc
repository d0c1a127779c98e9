#include "policy/reverse_dns.h"

#include <mutex>

#include "base/bounded_map.h"
#include "base/text.h"

namespace tubepost::policy {
namespace {

constexpr std::chrono::minutes answer_life{5};
constexpr std::chrono::seconds error_life{10};

using Kind = ReverseVerdict::Kind;

bool cannot_say(dns::Kind kind) {
  return kind != dns::Kind::ok && kind != dns::Kind::nodata && kind != dns::Kind::nxdomain;
}

std::string inputs_of(const net::IpAddress& client, const dns::ReverseNames& found) {
  std::string text = "PTR " + dns::reverse_name(client) + ": ";
  if (found.names.empty())
    return text + (found.kind == dns::Kind::ok ? "what it leads to is no name" : std::string(dns::to_text(found.kind)));
  text += printable(join(found.names, " "));
  return text +
         (found.confirmed.empty() ? (found.unsure ? " (perhaps)" : " (not confirmed)") : " (confirmed)");
}

ReverseVerdict judge(const net::IpAddress& client, const dns::ReverseNames& found, ReverseNeed need) {
  ReverseVerdict verdict;
  verdict.inputs = inputs_of(client, found);
  if (!found.confirmed.empty()) verdict.name = found.confirmed.front();
  if (!found.names.empty()) verdict.claimed = found.names.front();
  const auto address = client.to_text();
  // "Exists" looks at no value (S3): a record that leads to what is no name is one.
  const bool exists = found.kind == dns::Kind::ok;
  if (need == ReverseNeed::confirmed ? !found.confirmed.empty() : exists) return verdict;
  if (cannot_say(found.kind) || (need == ReverseNeed::confirmed && found.unsure)) {
    verdict.kind = Kind::deferred;
    verdict.text = "the reverse name of " + address + " cannot be looked up now";
  } else {
    verdict.kind = Kind::refused;
    verdict.text = exists ? "no reverse name of " + address + " leads back to it" : address + " has no reverse name";
  }
  return verdict;
}

}  // namespace

std::optional<ReverseNeed> parse_reverse_need(std::string_view text) {
  if (text == "off") return ReverseNeed::off;
  if (text == "exists") return ReverseNeed::exists;
  if (text == "confirmed") return ReverseNeed::confirmed;
  return std::nullopt;
}

struct ReverseDns::State {
  struct Cached {
    dns::ReverseNames names;
    Timestamp until{};
  };
  State(Options o, const Clock& c) : options(o), clock(c), cache(o.cache_max) {}

  std::optional<dns::ReverseNames> cached(const std::string& address);
  void remember(const std::string& address, const dns::ReverseNames& names);

  const Options options;
  const Clock& clock;
  std::mutex mutex;  // of the cache
  BoundedMap<Cached> cache;
};

std::optional<dns::ReverseNames> ReverseDns::State::cached(const std::string& address) {
  const std::lock_guard lock(mutex);
  const auto* found = cache.find(address);
  if (found == nullptr || found->until <= clock.now()) return std::nullopt;
  return found->names;
}

void ReverseDns::State::remember(const std::string& address, const dns::ReverseNames& names) {
  const bool is_sure = !cannot_say(names.kind) && !names.unsure;
  const std::lock_guard lock(mutex);
  cache.touch(address) = {names, clock.now() + (is_sure ? std::chrono::seconds(answer_life) : error_life)};
}

ReverseDns::ReverseDns(Options options, const Clock& clock)
    : state_(std::make_unique<State>(options, clock)) {}
ReverseDns::~ReverseDns() = default;

ReverseDns::LookUp ReverseDns::begin(const net::IpAddress& client, ReverseNeed need, dns::Inquiry& inquiry) {
  return {*state_, client, need, inquiry};
}

ReverseDns::LookUp::LookUp(State& state, const net::IpAddress& client, ReverseNeed need,
                           dns::Inquiry& inquiry)
    : state_(state), client_(client), need_(need) {
  if (need == ReverseNeed::off) return;
  remembered_ = state.cached(client.to_text());
  if (!remembered_) asked_.emplace(client, inquiry, dns::Inquiry::Time::now() + state.options.deadline);
}

void ReverseDns::LookUp::follow_up(dns::Inquiry& inquiry) {
  if (asked_) asked_->follow_up(inquiry);
}

ReverseVerdict ReverseDns::LookUp::finish(dns::Inquiry& inquiry) {
  if (need_ == ReverseNeed::off) return {};
  if (remembered_) {
    auto verdict = judge(client_, *remembered_, need_);
    verdict.inputs += ", cached";
    return verdict;
  }
  const auto names = asked_->finish(inquiry);
  state_.remember(client_.to_text(), names);
  return judge(client_, names, need_);
}

}  // namespace tubepost::policy
