#include "message/received.h"
#include "sendmail/carrier.h"

namespace tubepost::sendmail {
namespace {

class SpoolCarrier final : public Carrier {
public:
  SpoolCarrier(spool::Spool& spool, const Clock& clock)
      : spool_(spool), clock_(clock), id_(spool::SpoolId::make(clock)), body_(spool.new_body()) {}

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
    auto body = body_.finish();
    if (!body) return std::move(body).error();
    spool::Message message{id_, envelope(eight_bit), recipients(), std::move(*body)};
    if (auto accepted = spool_.accept(std::move(message)); !accepted) return std::move(accepted).error();
    return id_.to_text();
  }

private:
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
  spool::SpoolId id_;
  spool::BodyWriter body_;
  Letter letter_;
};

}  // namespace

std::unique_ptr<Carrier> make_spool_carrier(spool::Spool& spool, const Clock& clock) {
  return std::make_unique<SpoolCarrier>(spool, clock);
}

}  // namespace tubepost::sendmail
