#include "relay/job.h"

#include <array>

#include "base/text.h"

namespace tubepost::relay {
namespace {

constexpr std::size_t text_max = 400;  // one line that a person reads
constexpr std::array<std::string_view, 5> phases{"connecting", "waiting", "connected", "transaction",
                                                 "final-dot"};
constexpr std::array<std::string_view, 4> statuses{"delivered", "deferred", "failed", "postponed"};
constexpr std::array<std::string_view, 6> troubles{"none", "dns", "connect", "session", "tls", "policy"};

template <class Enum, std::size_t size>
std::optional<Enum> parse_enum(const std::array<std::string_view, size>& names, std::string_view text) {
  for (std::size_t i = 0; i < size; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

Failure not_understood(const process::Record& record) {
  return Failure::permanent("not a job or its answer: " + printable(record.to_text()), {5, 6, 0});
}

// Cuts the next word off the front of a rcpt value; nullopt: the value ends before.
std::optional<std::string_view> take_word(std::string_view& value) {
  const auto blank = value.find(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  const auto word = value.substr(0, blank);
  value.remove_prefix(blank + 1);
  return word;
}

std::string word_or_dash(std::string_view word) { return word.empty() ? "-" : std::string(word); }
std::string dash_or_word(std::string_view word) { return word == "-" ? "" : std::string(word); }

std::optional<JobRecipient> parse_recipient(std::string_view value) {
  const auto number = take_word(value), notify = take_word(value), orcpt = take_word(value);
  if (!number || !notify || !orcpt || value.empty()) return std::nullopt;
  const auto parsed = parse_number<std::uint32_t>(*number);
  if (!parsed) return std::nullopt;
  return JobRecipient{*parsed, dash_or_word(*notify), dash_or_word(*orcpt), std::string(value)};
}

std::optional<Verdict> parse_verdict(std::string_view value) {
  const auto number = take_word(value), status = take_word(value), code = take_word(value);
  const auto reply = take_word(value), host = take_word(value);
  if (!number || !status || !code || !reply || !host) return std::nullopt;
  const auto parsed_number = parse_number<std::uint32_t>(*number);
  const auto parsed_status = parse_enum<Status>(statuses, *status);
  const auto parsed_code = parse_enhanced_status(*code);
  const auto parsed_reply = *reply == "-" ? std::optional<int>(0) : parse_number<int>(*reply);
  if (!parsed_number || !parsed_status || !parsed_code || !parsed_reply) return std::nullopt;
  return Verdict{*parsed_number, *parsed_status,      *parsed_code,
                 *parsed_reply,  dash_or_word(*host), std::string(value)};
}

std::string to_value(const Verdict& verdict) {
  return std::to_string(verdict.number) + ' ' + std::string(to_text(verdict.status)) + ' ' +
         to_string(verdict.code) + ' ' + (verdict.reply == 0 ? "-" : std::to_string(verdict.reply)) + ' ' +
         word_or_dash(verdict.host) + ' ' + printable(verdict.text, text_max);
}

std::string_view body_name(spool::BodyType type) {
  switch (type) {
    case spool::BodyType::seven_bit:
      return "7BIT";
    case spool::BodyType::eight_bit_mime:
      return "8BITMIME";
    case spool::BodyType::binary_mime:
      return "BINARYMIME";
  }
  return "7BIT";
}

std::optional<spool::BodyType> parse_body(std::string_view name) {
  for (const auto type :
       {spool::BodyType::seven_bit, spool::BodyType::eight_bit_mime, spool::BodyType::binary_mime})
    if (equal_ignoring_case(name, body_name(type))) return type;
  return std::nullopt;
}

// RFC 2852 4, but for the time, which is a moment here.
std::string by_value(const spool::DeliverBy& by) {
  return std::to_string(by.deadline.time_since_epoch().count()) +
         (by.mode == spool::DeliverByMode::give_back ? ";R" : ";N") + (by.trace ? "T" : "");
}

std::optional<spool::DeliverBy> parse_by(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  const auto time = parse_number<std::int64_t>(value.substr(0, semicolon));
  const std::string_view mode = value.substr(semicolon + 1);
  if (!time || *time < 0 || (mode != "R" && mode != "N" && mode != "RT" && mode != "NT")) return std::nullopt;
  return spool::DeliverBy{Timestamp(Milliseconds(*time)),
                          mode[0] == 'R' ? spool::DeliverByMode::give_back : spool::DeliverByMode::notify,
                          mode.size() == 2};
}

Result<News> parse_answer(const spool::SpoolId& id, const process::Record& record) {
  const auto trouble = parse_enum<Trouble>(troubles, record.get_or("trouble", "none"));
  if (!trouble) return not_understood(record);
  Answer answer;
  answer.id = id;
  answer.trouble = *trouble;
  answer.tls = record.get_or("tls", "");
  answer.dsn = record.get_or("dsn", "") == "yes";
  answer.deliver_by = record.get_or("by", "") == "yes";
  answer.seconds = parse_number<std::uint64_t>(record.get_or("seconds", "0")).value_or(0);
  for (const auto& [name, value] : record.fields()) {
    if (name != "rcpt") continue;
    auto verdict = parse_verdict(value);
    if (!verdict) return not_understood(record);
    answer.verdicts.push_back(std::move(*verdict));
  }
  if (answer.verdicts.empty()) return not_understood(record);
  return News(std::move(answer));
}

}  // namespace

std::string_view to_text(Phase phase) { return phases[static_cast<std::size_t>(phase)]; }
std::string_view to_text(Status status) { return statuses[static_cast<std::size_t>(status)]; }
std::string_view to_text(Trouble trouble) { return troubles[static_cast<std::size_t>(trouble)]; }

Result<Job> parse_job(const process::Record& record) {
  const auto id = spool::SpoolId::parse(record.get_or("id", ""));
  const auto body = parse_body(record.get_or("body", "7BIT"));
  if (!id || !body || !record.get("route") || !record.get("domain")) return not_understood(record);
  Job job;
  job.id = *id;
  job.body = *body;
  job.route = record.get_or("route", "");
  job.domain = record.get_or("domain", "");
  job.sender = record.get_or("sender", "");
  if (const auto envid = record.get("envid")) job.envid = std::string(*envid);
  job.ret = record.get_or("ret", "");
  job.smtputf8 = record.get_or("smtputf8", "") == "yes";
  job.require_tls = record.get_or("require-tls", "") == "yes";
  job.last = record.get_or("last", "") == "yes";
  if (const auto by = record.get("by")) {
    job.deliver_by = parse_by(*by);
    if (!job.deliver_by) return not_understood(record);
  }
  for (const auto& [name, value] : record.fields()) {
    if (name != "rcpt") continue;
    auto recipient = parse_recipient(value);
    if (!recipient || job.recipients.size() == recipients_max) return not_understood(record);
    job.recipients.push_back(std::move(*recipient));
  }
  if (job.recipients.empty()) return not_understood(record);
  return job;
}

process::Record to_record(const Job& job) {
  process::Record record;
  record.set("id", job.id.to_text()).set("route", job.route).set("domain", job.domain);
  record.set("sender", job.sender);
  if (job.envid) record.set("envid", *job.envid);
  if (!job.ret.empty()) record.set("ret", job.ret);
  if (job.body != spool::BodyType::seven_bit) record.set("body", body_name(job.body));
  if (job.smtputf8) record.set("smtputf8", "yes");
  if (job.require_tls) record.set("require-tls", "yes");
  if (job.last) record.set("last", "yes");
  if (job.deliver_by) record.set("by", by_value(*job.deliver_by));
  for (const JobRecipient& recipient : job.recipients)
    record.set("rcpt", std::to_string(recipient.number) + ' ' + word_or_dash(recipient.notify) + ' ' +
                           word_or_dash(recipient.orcpt) + ' ' + recipient.address);
  return record;
}

process::Record to_record(const Answer& answer) {
  process::Record record;
  record.set("id", answer.id.to_text()).set("trouble", to_text(answer.trouble));
  for (const Verdict& verdict : answer.verdicts) record.set("rcpt", to_value(verdict));
  if (!answer.tls.empty()) record.set("tls", answer.tls);
  if (answer.dsn) record.set("dsn", "yes");
  if (answer.deliver_by) record.set("by", "yes");
  record.set("seconds", std::to_string(answer.seconds));
  return record;
}

process::Record to_record(const PhaseNews& news) {
  process::Record record;
  record.set("id", news.id.to_text()).set("phase", to_text(news.phase));
  return record;
}

process::Record to_record(const IdleNews&) {
  process::Record record;
  record.set("idle", "yes");
  return record;
}

process::Record to_record(const GoAhead&) {
  process::Record record;
  record.set("go", "yes");
  return record;
}

bool is_go_ahead(const process::Record& record) { return record.get("go").has_value(); }

Result<News> parse_news(const process::Record& record) {
  if (record.get("idle")) return News(IdleNews());
  const auto id = spool::SpoolId::parse(record.get_or("id", ""));
  if (!id) return not_understood(record);
  const auto phase = record.get("phase");
  if (!phase) return parse_answer(*id, record);
  const auto parsed = parse_enum<Phase>(phases, *phase);
  if (!parsed) return not_understood(record);
  return News(PhaseNews{*id, *parsed});
}

}  // namespace tubepost::relay
