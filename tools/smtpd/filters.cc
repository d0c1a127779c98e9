// Message filters (contracts.md): the last thing that happens to a message before its commit, in every role.
#include "policy/filter_pipeline.h"
#include "spool/event_words.h"

#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

// A filter adds fields, and parts it encodes again; not more than that.
constexpr std::uint64_t growth_max = 2;

policy::FilterEnvelope envelope_for_filters(const spool::SpoolId& id, const Transaction& transaction) {
  policy::FilterEnvelope envelope;
  envelope.sender = transaction.envelope.reverse_path;
  envelope.spool_id = id.to_text();
  for (const auto& recipient : transaction.recipients) envelope.recipients.push_back(recipient.address);
  return envelope;
}

}  // namespace

Session::Content Session::unfiltered(const spool::SpoolId& id, Intake& intake) {
  Content content;
  auto body = intake.body();
  if (body)
    content.body = std::move(*body);
  else
    content.answer = not_stored(id, body.error());
  return content;
}

Session::Content Session::filter(const spool::SpoolId& id, const Transaction& transaction, Intake& intake) {
  if (policy_->filters().empty()) return unfiltered(id, intake);
  const auto view = intake.content();
  if (!view) return {not_stored(id, view.error())};
  auto envelope = envelope_for_filters(id, transaction);
  envelope.client_address = client_.ip() ? client_.ip()->to_text() : "";
  envelope.helo = helo_;
  envelope.auth_user = login_.empty() ? client_.unix_user : login_;
  policy::FilterOptions options;
  options.output_max = growth_max * policy_->message_size_max();
  options.binary = transaction.envelope.body_type == spool::BodyType::binary_mime;
  const policy::MessageSource source{view->bytes, view->file, intake.content_size()};
  auto writer = services_.spool.new_body();
  const auto filtered = policy::run_filters(policy_->filters(), envelope, source, options,
                                            [&](std::string_view part) { writer.append(part); });
  if (filtered.verdict != policy::FilterVerdict::go_on) return {filter_answer(id, transaction, filtered)};
  explain("filters", filtered.changed ? "changed the message" : "left the message as it is", "smtpd.filter");
  if (!filtered.changed) return unfiltered(id, intake);
  auto body = writer.finish();
  if (!body) return {not_stored(id, body.error())};
  return {std::nullopt, std::move(*body), filtered.eight_bit};
}

Answer Session::filter_answer(const spool::SpoolId& id, const Transaction& transaction,
                              const policy::Filtered& filtered) {
  using policy::FilterVerdict;
  const bool broken = filtered.verdict == FilterVerdict::later;
  services_.logger.event(broken ? log::Level::warning : log::Level::info, "message-filter",
                         {{"id", id.to_text()},
                          {"client", client_.address_text()},
                          {"verdict", policy::to_text(filtered.verdict)},
                          {"command", filtered.command},
                          {"reason", filtered.reason}});
  if (filtered.verdict == FilterVerdict::drop) return drop(id, transaction, filtered);
  auto reply = filtered.verdict == FilterVerdict::refuse      ? refusals::filter_refused(filtered.reply)
               : filtered.verdict == FilterVerdict::malformed ? refusals::filter_found_corrupt(filtered.reply)
                                                              : refusals::filter_says_later();
  log_refused_message(id, transaction, reply);
  return reply;
}

// Accepted, and gone: the journal is all that stays, so that `mailq trace` can answer for it.
Answer Session::drop(const spool::SpoolId& id, const Transaction& transaction,
                     const policy::Filtered& filtered) {
  const std::string recipients = std::to_string(transaction.recipients.size());
  const spool::Event event{services_.clock.now(), "dropped",
                           spool::words({{"by", filtered.command},
                                         {"from", transaction.envelope.reverse_path},
                                         {"recipients", recipients},
                                         {"client", client_.address_text()},
                                         {"reason", filtered.reason}})};
  if (auto noted = services_.spool.note(id, event); !noted) return not_stored(id, noted.error());
  ++messages_;
  explain("DATA", "accepted and dropped", filtered.command);
  return smtp::Reply{250, EnhancedStatus{2, 0, 0}, "Ok: queued as " + id.to_text()};
}

}  // namespace tubepost::smtpd
