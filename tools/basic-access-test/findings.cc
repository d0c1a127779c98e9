#include "basic-access-test/findings.h"

#include "base/base64.h"
#include "base/text.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::size_t secret_least = 4;  // what is shorter stands in any text by chance
constexpr std::string_view mask = "[secret]", cut = "\n[…]\n";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

// Lines of printable text, as terminals, JSON and metrics can take them.
std::string printable_lines(std::string_view text) {
  std::string lines;
  for (const auto line : split(text, '\n')) {
    if (!lines.empty()) lines += '\n';
    const auto end = line.ends_with('\r') ? line.size() - 1 : line.size();
    lines += printable(line.substr(0, end), evidence_max);
  }
  return lines;
}

}  // namespace

void Findings::ok(CheckId check, std::string subject, std::string evidence) {
  add({&check.row(), Outcome::ok, std::move(subject), std::move(evidence), {}});
}

void Findings::warn(CheckId check, std::string subject, std::string evidence, std::string remedy) {
  if (remedy.empty()) remedy = check.row().remedy;
  add({&check.row(), Outcome::warning, std::move(subject), std::move(evidence), std::move(remedy)});
}

void Findings::fail(CheckId check, std::string subject, std::string evidence, std::string remedy) {
  if (remedy.empty()) remedy = check.row().remedy;
  add({&check.row(), Outcome::failed, std::move(subject), std::move(evidence), std::move(remedy)});
}

void Findings::skip(CheckId check, std::string subject, std::string reason) {
  add({&check.row(), Outcome::skipped, std::move(subject), std::move(reason), {}});
}

void Findings::add(Finding result) {
  result.subject = clean(std::move(result.subject));
  result.evidence = clean(std::move(result.evidence));
  result.remedy = clean(std::move(result.remedy));
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  const auto now = std::chrono::steady_clock::now();
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_);
  last_ = now;
  results_.push_back(std::move(result));
}

void Findings::start_clock() {
  const std::lock_guard lock(mutex_);
  last_ = std::chrono::steady_clock::now();
}

bool Findings::has(CheckId check) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(results_.begin(), results_.end(),
                     [&](const Finding& result) { return result.check == &check.row(); });
}

std::vector<Finding> Findings::take() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  return std::move(results_);
}

std::string Findings::clean(std::string text) const {
  for (const std::string& secret : secrets_) {
    if (secret.size() < secret_least) continue;
    replace_all(text, secret, mask);
    replace_all(text, base64_encode(secret), mask);
  }
  text = printable_lines(trim(text));
  if (text.size() <= evidence_max) return text;
  // The begin of a dialogue says whom we spoke to, its end what went wrong.
  std::size_t head = evidence_max / 2, tail = text.size() - (evidence_max / 2 - cut.size());
  const auto inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
  while (head > 0 && inside(head)) --head;
  while (tail < text.size() && inside(tail)) ++tail;
  return text.substr(0, head).append(cut) + text.substr(tail);
}

}  // namespace tubepost::basic_access_test
