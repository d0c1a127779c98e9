// DATA, RFC 5321 4.1.1.4, and the end of every message, however it came: the promise. 250 leaves after the commit that holds body,
// envelope and every recipient is on disk (design.md 2).
#include "base/text.h"
#include "message/received.h"
#include "smtp/dot_stream.h"
#include "smtpd/intake.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {

Answer Session::data(std::string_view) {
  if (!transaction_) return refusals::need_mail_first();
  if (transaction_->recipients.empty()) return refusals::need_recipient_first(policy_->role() == Role::lmtp);
  // RFC 3030 2 and 3: DATA after BDAT, and DATA for a binary body.
  if (transaction_->chunks) return refusals::chunks_have_begun();
  if (transaction_->envelope.body_type == spool::BodyType::binary_mime) return refusals::binary_needs_chunks();
  if (auto refused = content_permission()) return std::move(*refused);
  const auto id = spool::SpoolId::make(services_.clock);
  Intake intake(services_.spool.new_body(), intake_options(id));
  send({354, std::nullopt, "End data with <CR><LF>.<CR><LF>"});
  postpone_stop(true);
  const auto read = read_content(intake);
  return finish_message(id, intake, read);
}

// Policy services are asked once before the content, whether it comes by DATA or BDAT.
std::optional<Answer> Session::content_permission() {
  auto& effects = transaction_->effects;
  if (auto refused = consult(policy::ProtocolState::data, effects, {}))
    return refuse(std::move(refused->reply), "DATA", refused->rule);
  return std::nullopt;
}

IntakeOptions Session::intake_options(const spool::SpoolId& id) const {
  IntakeOptions options;
  for (const auto& field : transaction_->effects.prepended) options.received += field;
  options.received += message::received_field({.helo = helo_,
                                               .client_address = client_.ip() ? client_.ip()->to_smtp_literal() : "",
                                               .by = policy_->hostname(),
                                               .protocol = std::string(protocol()),
                                               .tls = tls_text(),
                                               .id = id.to_text(),
                                               .recipient = transaction_->recipients.size() == 1
                                                                ? transaction_->recipients.front().address
                                                                : std::string(),
                                               .time = services_.clock.now()});
  options.size_max = policy_->message_size_max();
  options.validates = policy_->validates();
  options.completes = policy_->role() == Role::submission || policy_->role() == Role::local || !login_.empty();
  options.submitter = account_ ? account_->address.to_text() : transaction_->envelope.reverse_path;
  options.hostname = policy_->hostname();
  options.now = services_.clock.now();
  return options;
}

smtp::DotReader::Findings Session::read_content(Intake& intake) {
  smtp::DotReader reader;
  const auto take = [&](std::string_view content) { intake.take(content); };
  while (!reader.finished()) {
    if (lines_.accepts_lf()) {
      const auto line = lines_.read_line(policy_->data_line_max() + 1);
      if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected{};
      reader.feed(line.text, take);
      reader.feed("\r\n", take);
    } else {
      const auto chunk = lines_.fill();
      if (chunk.empty()) throw net::Disconnected{};
      lines_.consume(reader.feed(chunk, take));
    }
  }
  return reader.findings();
}

// The end of mail data, accepted or not, ends the transaction (RFC 5321 4.1.1.4). LMTP: one reply for each recipient (RFC 2033 4.2).
Answer Session::finish_message(const spool::SpoolId& id, Intake& intake, const smtp::DotReader::Findings& read) {
  transaction_->declared_size = intake.size();
  auto answer = judge_message(id, intake, read);
  if (policy_->role() == Role::lmtp) answer.times = transaction_->accepted_rcpts;
  transaction_.reset();
  return answer;
}

Answer Session::judge_message(const spool::SpoolId& id, Intake& intake, const smtp::DotReader::Findings& read) {
  const Flaw flaw = intake.finish();
  auto refused = content_guard(read, intake, flaw);
  if (!refused) {
    auto& effects = transaction_->effects;
    if (auto by_policy = consult(policy::ProtocolState::end, effects, {})) refused = std::move(by_policy->reply);
  }
  if (refused) {
    log_refused_message(id, *transaction_, *refused);
    return std::move(*refused);
  }
  obey_effects();
  if (!transaction_->effects.discard.empty()) {
    policy::Filtered discarded;
    discarded.verdict = policy::FilterVerdict::drop;
    discarded.command = transaction_->effects.discard;
    discarded.reason = "DISCARD";
    return drop(id, *transaction_, discarded);
  }
  auto content = filter(id, *transaction_, intake);
  if (content.answer) return std::move(*content.answer);
  return accept(id, *transaction_, std::move(content));
}

void Session::obey_effects() {
  auto& recipients = transaction_->recipients;
  auto& effects = transaction_->effects;
  if (!effects.redirect.empty()) {
    spool::NewRecipient to{effects.redirect, recipients.front().address, {}, {}};
    recipients.assign(1, std::move(to));
  }
  for (const auto& address : effects.bcc) recipients.push_back({address, {}, {}, "NEVER"});
}

std::optional<smtp::Reply> Session::content_guard(const smtp::DotReader::Findings& read, const Intake& intake, Flaw flaw) const {
  // RFC 3030 3: a binary body has no lines.
  const bool binary = transaction_->envelope.body_type == spool::BodyType::binary_mime;
  if (flaw == Flaw::too_large) return refusals::message_too_large(policy_->message_size_max());
  if (!binary && read.longest_line > policy_->data_line_max()) return refusals::data_line_too_long(policy_->data_line_max());
  if (!binary && (read.bare_cr || read.bare_lf)) return refusals::bare_line_end();
  if (!binary && policy_->validates() && read.nul) return refusals::corrupt_message("a NUL stands in it");
  if (flaw == Flaw::corrupt) return refusals::corrupt_message(intake.corruption());
  if (flaw == Flaw::loop) return refusals::mail_loop();
  return std::nullopt;
}

void Session::log_refused_message(const spool::SpoolId& id, const Transaction& transaction, const smtp::Reply& reply) {
  const std::string text = reply.first_line();
  services_.logger.info("refused-message", {{"id", id.to_text()},
                                            {"client", client_.address_text()},
                                            {"from", transaction.envelope.reverse_path},
                                            {"reply", reply.code},
                                            {"reason", text}});
  explain("DATA", "refused", text);
}

Answer Session::accept(const spool::SpoolId& id, Transaction& transaction, Content content) {
  const auto size = content.body->size();
  const auto recipients = transaction.recipients.size();
  spool::Message message{.id = id,
                         .envelope = std::move(transaction.envelope),
                         .recipients = std::move(transaction.recipients),
                         .body = std::move(*content.body),
                         .hold = transaction.effects.hold,
                         .decisions = std::move(transaction.effects.decisions)};
  const std::string from = message.envelope.reverse_path;
  // What a filter made of 7 bits may have 8.
  if (content.eight_bit && message.envelope.body_type == spool::BodyType::seven_bit)
    message.envelope.body_type = spool::BodyType::eight_bit_mime;
  message.envelope.origin = {.role = std::string(to_text(policy_->role())),
                             .protocol = std::string(protocol()),
                             .client_address = client_.ip() ? client_.ip()->to_text() : "",
                             .helo = helo_,
                             .auth_user = login_.empty() ? client_.unix_user : login_,
                             .tls = tls_text()};
  if (auto stored = services_.spool.accept(std::move(message)); !stored) return not_stored(id, stored.error());
  ++messages_;
  services_.logger.info("accepted", {{"id", id.to_text()},
                                     {"client", client_.address_text()},
                                     {"from", from},
                                     {"recipients", recipients},
                                     {"size", size},
                                     {"user", login_}});
  explain("DATA", "accepted", "durable in the spool as " + id.to_text());
  return smtp::Reply{250, EnhancedStatus{2, 0, 0}, "Ok: queued as " + id.to_text()};
}

Answer Session::not_stored(const spool::SpoolId& id, const Failure& failure) {
  services_.logger.error("not-stored", {{"id", id.to_text()}, {"client", client_.address_text()}, {"reason", failure.text}});
  return refusals::failed(failure, "The message could not be stored, try again");
}

std::string Session::tls_text() const {
  return client_.tls ? client_.tls_info.protocol + ' ' + client_.tls_info.cipher : std::string();
}

}  // namespace tubepost::smtpd
