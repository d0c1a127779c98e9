#include "deliver/desk.h"

#include "base/text.h"
#include "deliver/head.h"
#include "imap/search_text.h"
#include "imap/structure_cache.h"

namespace tubepost::deliver {

std::vector<Answer> Desk::deliver(std::span<const Job> jobs, const Forget& forget) {
  std::vector<Answer> answers;
  std::vector<mailstore::Delivery> deliveries;
  std::vector<std::size_t> places;  // of the deliveries among the answers
  std::size_t bytes = 0;
  for (const Job& job : jobs) {
    if (bytes >= batch_bytes_max) break;
    mailstore::Delivery delivery;
    auto refusal = prepare(job, delivery);
    if (!refusal) {
      bytes += delivery.head.size() + delivery.body.size();
      places.push_back(answers.size());
      deliveries.push_back(std::move(delivery));
    }
    answers.push_back(refusal ? std::move(*refusal) : Answer());
  }
  commit(deliveries, forget, answers, places);
  parts_.bodies.release();
  accounts_.clear();
  cached_.clear();
  for (std::size_t i = 0; i < answers.size(); ++i) report(jobs[i], answers[i]);
  return answers;
}

std::optional<Answer> Desk::prepare(const Job& job, mailstore::Delivery& delivery) {
  const auto& found = account_of(job.mailbox);
  if (auto refusal = refuse(job, found)) return refusal;
  const directory::Account& account = **found;
  const auto body = parts_.bodies.get(job.id.id);
  if (!body) return Answer::deferred(body.error());
  // RFC 5321 6.3, RFC 3463 3.5: 5.4.6 routing loop detected.
  if (was_delivered_to(body->bytes, job.mailbox))
    return Answer::failed({5, 4, 6}, "mail loop: " + job.mailbox + " had this message before");
  delivery.id = job.id;
  delivery.account = account.id;
  delivery.head = make_head(job, job.detail.empty() ? "" : separator());
  delivery.body = body->bytes;
  delivery.body_crc = body->crc;
  delivery.body_path = body->path;
  const auto& cached = cached_texts_of(job.id.id, body->bytes);
  delivery.structure = cached.structure;
  delivery.text = cached.text;
  delivery.internal_date = parts_.clock.now();
  delivery.quota_bytes = account.quota_bytes().value_or(0);
  delivery.quota_messages = account.quota_messages().value_or(0);
  return std::nullopt;
}

std::optional<Answer> Desk::refuse(const Job& job, const Found& found) const {
  if (!found) return Answer::deferred(found.error());
  if (!*found) return Answer::failed({5, 1, 1}, "no account " + job.mailbox + " any more");
  if ((*found)->is_suspended())
    return Answer::failed({5, 2, 1}, "the account " + job.mailbox + " is suspended");
  return std::nullopt;
}

const Desk::Found& Desk::account_of(const std::string& mailbox) {
  const auto known = accounts_.find(mailbox);
  if (known != accounts_.end()) return known->second;
  const auto address = smtp::parse_mailbox(mailbox);
  return accounts_.emplace(mailbox, address ? parts_.directory.find_account(*address) : Found(std::nullopt))
      .first->second;
}

// Before the transaction, and once for all recipients of a message.
const Desk::CachedTexts& Desk::cached_texts_of(const spool::SpoolId& id, std::string_view body) {
  const auto [cached, is_new] = cached_.try_emplace(id);
  if (is_new) cached->second = {imap::make_structure(body), imap::make_search_text(body)};
  return cached->second;
}

std::string Desk::separator() const {
  const auto server = parts_.directory.server();
  const auto set = server ? server->find("sub-address-separator") : directory::Properties::const_iterator();
  return server && set != server->end() ? set->second : "+";
}

// All in one transaction. If that fails, each alone, so that one that is bad, or too large for the disk,
// fails alone.
void Desk::commit(const std::vector<mailstore::Delivery>& deliveries, const Forget& forget,
                  std::vector<Answer>& answers, const std::vector<std::size_t>& places) {
  if (deliveries.empty() && forget.empty()) return;
  const auto done = parts_.store.deliver(deliveries, forget);
  if (done) {
    for (std::size_t i = 0; i < places.size(); ++i) answers[places[i]] = answer_of((*done)[i]);
    return;
  }
  parts_.logger.error("store-write-failed",
                      {{"deliveries", deliveries.size()}, {"reason", done.error().text}});
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto alone = parts_.store.deliver({deliveries[i]});
    answers[places[i]] = alone ? answer_of(alone->front()) : Answer::deferred(alone.error());
    // RFC 3463 3.4: 4.3.1 is a full disk, which another process would find as full.
    broken_ = broken_ || (!alone && alone.error().status != EnhancedStatus{4, 3, 1});
  }
}

Answer Desk::answer_of(const mailstore::Delivered& delivered) const {
  const auto& outcome = delivered.outcome;
  if (delivered.differs)
    parts_.logger.error("bug-another-body", {{"text", outcome.text}, {"size", outcome.body_size}});
  if (outcome.delivered) return {Status::delivered, outcome.status, outcome.text};
  const bool is_full = outcome.status == EnhancedStatus{4, 2, 2};
  if (is_full && parts_.over_quota_fails) return Answer::failed({5, 2, 2}, outcome.text);
  return {outcome.status.status_class == 5 ? Status::failed : Status::deferred, outcome.status, outcome.text};
}

void Desk::report(const Job& job, const Answer& answer) const {
  const auto level = answer.status == Status::delivered ? log::Level::info : log::Level::warning;
  parts_.logger.event(level, to_text(answer.status),
                      {{"id", job.id.id.to_text()},
                       {"recipient", job.id.recipient},
                       {"mailbox", job.mailbox},
                       {"sender", job.sender},
                       {"code", to_string(answer.code)},
                       {"text", answer.text}});
}

}  // namespace tubepost::deliver
