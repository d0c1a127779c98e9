#include "message/received.h"
#include "sendmail/carrier.h"
#include "spool/event_words.h"

namespace tubepost::sendmail {
namespace {

class SpoolCarrier final : public Carrier {
public:
  SpoolCarrier(spool::Spool& spool, const Clock& clock, Filtering filtering)
      : spool_(spool),
        clock_(clock),
        filtering_(std::move(filtering)),
        id_(spool::SpoolId::make(clock)),
        body_(spool.new_body()) {}

  Result<void> begin(const Letter& letter) override {
    if (auto room = spool_.check_room(0); !room) return room;
    letter_ = letter;
    const std::string id = id_.to_text();
    message::Received received;
    received.user = letter.unix_user, received.by = letter.hostname, received.id = id,
    received.time = clock_.now();
    body_.append(message::received_field(received));
    return {};
  }

  void write(std::string_view content) override { body_.append(content); }

  Result<std::string> finish(bool eight_bit) override {
    if (auto room = spool_.check_room(body_.size()); !room) return std::move(room).error();
    auto writer = spool_.new_body();
    const auto filtered = filter(writer);
    if (!filtered) return filtered.error();
    if (filtered->verdict == policy::FilterVerdict::drop) return drop(*filtered);
    auto body = filtered->changed ? writer.finish() : body_.finish();
    if (!body) return std::move(body).error();
    spool::Message message{id_, envelope(eight_bit || filtered->eight_bit), recipients(), std::move(*body)};
    if (auto accepted = spool_.accept(std::move(message)); !accepted) return std::move(accepted).error();
    return id_.to_text();
  }

private:
  // A verdict that is no refusal. Temporary (75) or permanent (77) as the filters say.
  Result<policy::Filtered> filter(spool::BodyWriter& writer) {
    const auto view = body_.view();
    if (!view) return view.error();
    const policy::FilterEnvelope envelope{letter_.sender,   letter_.recipients, "",
                                          letter_.hostname, letter_.unix_user,  id_.to_text()};
    policy::FilterOptions options;
    options.output_max = filtering_.output_max;
    auto filtered =
        policy::run_filters(filtering_.commands, envelope, {view->bytes, view->file, body_.size()}, options,
                            [&](std::string_view part) { writer.append(part); });
    using policy::FilterVerdict;
    if (filtered.verdict == FilterVerdict::go_on || filtered.verdict == FilterVerdict::drop) return filtered;
    const std::string text = filtered.reply.empty()
                                 ? "message filter " + filtered.command + ": " + filtered.reason
                                 : filtered.reply;
    if (filtered.verdict == FilterVerdict::later) return Failure::temporary(text);
    return Failure::permanent(text, {5, 7, 1});
  }

  Result<std::string> drop(const policy::Filtered& filtered) {
    const spool::Event event{clock_.now(), "dropped",
                             spool::words({{"by", filtered.command},
                                           {"from", letter_.sender},
                                           {"user", letter_.unix_user},
                                           {"reason", filtered.reason}})};
    if (auto noted = spool_.note(id_, event); !noted) return std::move(noted).error();
    return id_.to_text();
  }

  spool::Envelope envelope(bool eight_bit) const {
    spool::Envelope envelope;
    envelope.reverse_path = letter_.sender;
    envelope.body_type = eight_bit ? spool::BodyType::eight_bit_mime : spool::BodyType::seven_bit;
    envelope.smtputf8 = letter_.smtputf8;
    envelope.dsn_envid = letter_.dsn_envid, envelope.dsn_ret = letter_.dsn_return;
    envelope.origin.role = "local", envelope.origin.auth_user = letter_.unix_user;
    return envelope;
  }

  std::vector<spool::NewRecipient> recipients() const {
    std::vector<spool::NewRecipient> all;
    for (const auto& address : letter_.recipients) all.push_back({address, {}, {}, letter_.dsn_notify});
    return all;
  }

  spool::Spool& spool_;
  const Clock& clock_;
  const Filtering filtering_;
  spool::SpoolId id_;
  spool::BodyWriter body_;
  Letter letter_;
};

}  // namespace

std::unique_ptr<Carrier> make_spool_carrier(spool::Spool& spool, const Clock& clock, Filtering filtering) {
  return std::make_unique<SpoolCarrier>(spool, clock, std::move(filtering));
}

}  // namespace tubepost::sendmail
