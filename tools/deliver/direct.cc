#include "deliver/direct.h"

#include "base/crc32c.h"
#include "base/text.h"

namespace tubepost::deliver {
namespace {

class OneBody final : public Bodies {
public:
  explicit OneBody(std::string_view message) : body_{message, crc32c(message), ""} {}
  Result<Body> get(const spool::SpoolId&) override { return body_; }
  void release() override {}

private:
  Body body_;
};

int weight(Status status) {
  switch (status) {
    case Status::deferred:
      return 3;
    case Status::failed:
      return 2;
    case Status::queued:
      return 1;
    case Status::delivered:
      return 0;
  }
  return 0;
}

// RFC 5321 4.5.1: "postmaster" needs no domain.
std::optional<smtp::Mailbox> parse_recipient(const std::string& text) {
  if (equal_ignoring_case(text, "postmaster")) return smtp::Mailbox{text, ""};
  return smtp::parse_mailbox(text);
}

}  // namespace

Answer summary(const std::vector<Answer>& answers) {
  if (answers.empty()) return Answer::failed({5, 1, 1}, "leads to nobody");
  return *std::max_element(answers.begin(), answers.end(), [](const Answer& a, const Answer& b) {
    return weight(a.status) < weight(b.status);
  });
}

ExitStatus exit_status(const std::vector<Answer>& answers) {
  const auto any = [&](Status status) {
    return std::any_of(answers.begin(), answers.end(),
                       [&](const Answer& answer) { return answer.status == status; });
  };
  if (any(Status::deferred)) return ExitStatus::later;
  return any(Status::failed) ? ExitStatus::refused : ExitStatus::ok;
}

std::vector<Answer> Direct::deliver(const std::vector<std::string>& recipients) {
  std::vector<Way> ways;
  for (const auto& recipient : recipients) ways.push_back(follow(recipient));
  const auto delivered = deliver_jobs(spool::SpoolId::make(parts_.clock));
  const auto queued = remote_.empty() ? Answer() : queue_remote();
  std::vector<Answer> answers;
  for (auto& way : ways) {
    for (const auto place : way.jobs) way.answers.push_back(delivered[place]);
    if (!way.remote.empty()) way.answers.push_back(queued);
    answers.push_back(summary(way.answers));
  }
  return answers;
}

Direct::Way Direct::follow(const std::string& recipient) {
  Way way;
  const auto address = parse_recipient(recipient);
  if (!address) {
    way.answers.push_back(Answer::failed({5, 1, 3}, "not a mail address"));
    return way;
  }
  const auto expansion = directory::expand(parts_.directory, *address, sender_);
  if (!expansion) {
    way.answers.push_back(Answer::deferred(expansion.error()));
    return way;
  }
  for (const auto& problem : expansion->problems) way.answers.push_back(Answer::failed({5, 1, 1}, problem));
  for (const auto& leaf : expansion->leaves) {
    if (leaf.account)
      way.jobs.push_back(add_job(leaf, recipient));
    else
      way.remote.push_back(add_remote(leaf, recipient));
  }
  return way;
}

// Two operands may lead to one mailbox: it gets one message.
std::size_t Direct::add_job(const directory::Leaf& leaf, const std::string& recipient) {
  const auto mailbox = leaf.address.to_text();
  const auto known =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.mailbox == mailbox; });
  if (known != jobs_.end()) return static_cast<std::size_t>(known - jobs_.begin());
  Job job;
  job.id.recipient = static_cast<std::uint32_t>(jobs_.size());
  job.mailbox = mailbox;
  job.detail = leaf.detail;
  job.original = recipient;
  job.sender = sender_;
  jobs_.push_back(std::move(job));
  return jobs_.size() - 1;
}

std::size_t Direct::add_remote(const directory::Leaf& leaf, const std::string& recipient) {
  const auto address = leaf.address.to_text();
  const auto known = std::find_if(remote_.begin(), remote_.end(),
                                  [&](const spool::NewRecipient& other) { return other.address == address; });
  if (known != remote_.end()) return static_cast<std::size_t>(known - remote_.begin());
  spool::NewRecipient made;
  made.address = address;
  if (recipient != address) made.original = recipient;
  remote_.push_back(std::move(made));
  return remote_.size() - 1;
}

std::vector<Answer> Direct::deliver_jobs(const spool::SpoolId& id) {
  for (auto& job : jobs_) job.id.id = id;
  OneBody body(message_);
  Desk desk({parts_.directory, parts_.store, body, parts_.clock, parts_.logger});
  std::vector<Answer> answers;
  while (answers.size() < jobs_.size()) {
    const auto some = desk.deliver(std::span(jobs_).subspan(answers.size()));
    answers.insert(answers.end(), some.begin(), some.end());
  }
  return answers;
}

Answer Direct::queue_remote() {
  const auto id = accept();
  if (id) return {Status::queued, {2, 0, 0}, "queued as " + *id};
  const auto& failure = id.error();
  return failure.retry == Retry::later ? Answer::deferred(failure)
                                       : Answer::failed(failure.status, failure.text);
}

Result<std::string> Direct::accept() {
  auto spool = parts_.open_spool();
  if (!spool) return std::move(spool).error();
  auto writer = spool->new_body();
  writer.append(message_);
  auto body = writer.finish();
  if (!body) return std::move(body).error();
  spool::Envelope envelope;
  envelope.reverse_path = sender_;
  const auto is_high = [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; };
  if (std::any_of(message_.begin(), message_.end(), is_high))
    envelope.body_type = spool::BodyType::eight_bit_mime;
  envelope.origin.role = "local";
  envelope.origin.auth_user = parts_.user;
  const auto id = spool::SpoolId::make(parts_.clock);
  spool::Message message{id, std::move(envelope), remote_, std::move(*body)};
  if (auto accepted = spool->accept(std::move(message)); !accepted) return std::move(accepted).error();
  return id.to_text();
}

}  // namespace tubepost::deliver
