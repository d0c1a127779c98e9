#include "mxsend/sts_store.h"

#include "base/file.h"
#include "base/text.h"
#include "dns/name.h"

namespace tubepost::mxsend {
namespace {

using mailauth::parse_sts_policy;
using mailauth::StsPolicy;

constexpr auto ask_again = std::chrono::minutes(5);
constexpr std::size_t known_max = 1000;
constexpr std::size_t file_max = mailauth::sts_policy_max + 256;

}  // namespace

std::optional<StsPolicy> StsStore::find(const std::string& domain) {
  if (!dns::normal_name(domain)) return std::nullopt;  // a literal; and the name becomes one of a file
  const auto now = clock_.now();
  const auto known = known_.find(domain);
  if (known == known_.end() || now - known->second.looked > ask_again) {
    if (known_.size() >= known_max) known_.clear();
    known_[domain] = renewed(domain, read(domain));
  }
  const auto& kept = known_[domain].kept;
  if (!kept || kept->until <= now) return std::nullopt;
  return kept->policy;
}

std::string StsStore::problem_with(const std::string& domain) const {
  const auto known = known_.find(domain);
  return known == known_.end() || known->second.kept ? std::string() : known->second.problem;
}

StsStore::Known StsStore::renewed(const std::string& domain, std::optional<Kept> kept) {
  Known known{std::move(kept), clock_.now(), {}};
  if (known.kept && known.kept->until <= known.looked) known.kept.reset();
  const auto answer = resolver_.txt("_mta-sts." + domain);
  const auto id = mailauth::parse_sts_record(answer.records);
  // RFC 8461 3.3: no record, but a policy not yet expired
  if (!id || (known.kept && known.kept->id == *id)) return known;
  if (auto fetched = fetch(domain, *id, known.problem)) known.kept = std::move(fetched);
  return known;
}

std::optional<StsStore::Kept> StsStore::fetch(const std::string& domain, const std::string& id,
                                              std::string& problem) {
  auto text = source_.fetch(domain);
  auto policy = text ? parse_sts_policy(*text) : Result<StsPolicy>(text.error());
  if (!policy) {
    problem = text                                             ? "sts-policy-invalid"
              : text.error().status == mailauth::sts_untrusted ? "sts-webpki-invalid"
                                                               : "sts-policy-fetch-error";
    logger_.warning("sts-policy-unavailable", {{"domain", domain}, {"reason", policy.error().text}});
    return std::nullopt;
  }
  Kept kept{id, std::move(*text), clock_.now() + policy->max_age, std::move(*policy)};
  write(domain, kept);
  return kept;
}

// On disk: id, the end of its time (RFC 3339), and the policy as it came; a line each for the first two.
std::optional<StsStore::Kept> StsStore::read(const std::string& domain) const {
  const auto file = read_file(folder_ + '/' + domain, file_max);
  if (!file) return std::nullopt;
  const auto first = file->find('\n');
  const auto second = first == std::string::npos ? first : file->find('\n', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const auto until = parse_rfc3339(std::string_view(*file).substr(first + 1, second - first - 1));
  auto policy = parse_sts_policy(std::string_view(*file).substr(second + 1));
  if (!until || !policy) return std::nullopt;
  return Kept{file->substr(0, first), file->substr(second + 1), *until, std::move(*policy)};
}

void StsStore::write(const std::string& domain, const Kept& kept) const {
  const auto parent = folder_.substr(0, folder_.rfind('/'));
  auto done = make_directory(parent, 0750);
  if (done) done = make_directory(folder_, 0750);
  if (done)
    done = write_file_atomically(folder_ + '/' + domain,
                                 kept.id + '\n' + to_rfc3339(kept.until) + '\n' + kept.text, 0640);
  if (!done) logger_.warning("sts-policy-not-kept", {{"domain", domain}, {"reason", done.error().text}});
}

}  // namespace tubepost::mxsend
