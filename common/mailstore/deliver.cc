// MailStore::deliver: all deliveries of a call in one transaction, each exactly once. Refusals have the codes of RFC 3463 3.
#include "base/file.h"
#include "base/text.h"
#include "mailstore/bodies.h"
#include "mailstore/state.h"
#include "message/seven_bit.h"

namespace tubepost::mailstore {
namespace {

constexpr std::uint32_t body_names_most = 16;  // of bodies that share an id and differ: a bug's bodies
constexpr std::uint32_t body_name_ordinal = 1U << 31;  // apart from the ordinals of generated mail

schema::BodyHeader header_of(const Delivery& delivery) {
  schema::BodyHeader header;
  header.length = delivery.body.size();
  header.id = delivery.id.id;
  header.crc = delivery.body_crc;
  return header;
}

RecordedOutcome outcome_of(const Delivery& delivery) {
  RecordedOutcome outcome;
  outcome.body_size = delivery.body.size();
  outcome.body_crc = delivery.body_crc;
  return outcome;
}

bool is_same_body(const RecordedOutcome& recorded, const Delivery& delivery) {
  return recorded.body_size == delivery.body.size() && recorded.body_crc == delivery.body_crc;
}

// Octets as fetch() will give them.
std::uint64_t given_size(const Delivery& delivery) {
  return delivery.head.size() + message::size_in_lines(delivery.body);
}

// What a batch of the group commit counts.
std::size_t weight_of(const std::vector<Delivery>& deliveries) {
  std::size_t bytes = 0;
  for (const auto& delivery : deliveries) bytes += delivery.head.size() + delivery.body.size();
  return bytes;
}

std::size_t forget_rows(lmdb::WriteTransaction& transaction, const schema::Tables& tables,
                        const std::vector<DeliveryId>& ids) {
  std::size_t forgotten = 0;
  for (const auto& id : ids) {
    const auto key = schema::delivery_key(id);
    const auto value = transaction.get(tables.delivered, key);
    if (!value) continue;
    auto row = schema::need(schema::decode_delivered(*value), "delivered");
    if (row.forgotten) continue;
    row.forgotten = true;
    row.outcome.text = row.outcome.delivered ? "delivered before" : "decided before";
    transaction.put(tables.delivered, key, encode(row));
    ++forgotten;
  }
  return forgotten;
}

// One transaction's worth of deliveries.
class Run {
public:
  explicit Run(Ledger& ledger)
      : ledger_(ledger), transaction_(ledger.transaction()), tables_(ledger.tables()) {}
  // `size`: given_size(), found out before the transaction.
  Result<Delivered> deliver(const Delivery& delivery, const StagedBody* staged, std::uint64_t size);

private:
  std::optional<schema::DeliveredRow> recorded(const DeliveryId& id) const;
  std::optional<Delivered> refusal(const Delivery& delivery, std::uint64_t size);
  Result<void> place_body(const Delivery& delivery, const StagedBody* staged, Message& message);
  void share_body(const Delivery& delivery, Message& message);

  Ledger& ledger_;
  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
};

Result<Delivered> Run::deliver(const Delivery& delivery, const StagedBody* staged, std::uint64_t size) {
  const auto earlier = recorded(delivery.id);
  if (earlier && is_same_body(earlier->outcome, delivery)) return Delivered{earlier->outcome, true};
  if (auto refused = refusal(delivery, size)) return *refused;
  auto& mailbox = ledger_.find_or_make(delivery.account, *mailbox_name(delivery.mailbox));
  Message message;
  message.size = size;
  if (auto placed = place_body(delivery, staged, message); !placed) return std::move(placed).error();
  message.flags = ledger_.bits_that_fit(mailbox, delivery.flags);
  message.internal_date = delivery.internal_date;
  message.save_date = ledger_.now();
  ledger_.insert(mailbox, message);

  Delivered done{outcome_of(delivery), false, earlier.has_value()};
  done.outcome.text = "delivered to " + mailbox.status().name;
  if (done.differs) done.outcome.text += "; another message was delivered under this id before";
  transaction_.put(tables_.delivered, schema::delivery_key(delivery.id),
                   encode(schema::DeliveredRow{false, ledger_.now(), done.outcome}));
  return done;
}

std::optional<schema::DeliveredRow> Run::recorded(const DeliveryId& id) const {
  const auto row = transaction_.get(tables_.delivered, schema::delivery_key(id));
  if (!row) return std::nullopt;
  return schema::need(schema::decode_delivered(*row), "delivered");
}

// Refusals are not recorded: when the job comes again there may be room, or another rule.
std::optional<Delivered> Run::refusal(const Delivery& delivery, std::uint64_t size) {
  Delivered refused{outcome_of(delivery)};
  refused.outcome.delivered = false;
  const auto name = mailbox_name(delivery.mailbox);
  if (!name) {
    refused.outcome.status = {5, 3, 5};
    refused.outcome.text = "no name for a mailbox: " + printable(delivery.mailbox);
    return refused;
  }
  auto* const mailbox = ledger_.find(delivery.account, *name);
  auto failure = mailbox != nullptr ? Ledger::uid_refusal(mailbox->status(), 1) : std::nullopt;
  if (!failure)
    failure =
        ledger_.quota_refusal(delivery.account, {delivery.quota_bytes, delivery.quota_messages}, {size, 1});
  if (!failure) return std::nullopt;
  refused.outcome.status = failure->status;
  refused.outcome.text = std::move(failure->text);
  return refused;
}

// The body is named by its message's spool id; it may be here already (two addresses of one account). Under
// another body's id it gets a name derived from it.
Result<void> Run::place_body(const Delivery& delivery, const StagedBody* staged, Message& message) {
  auto header = header_of(delivery);
  for (std::uint32_t ordinal = 0; ordinal < body_names_most; ++ordinal) {
    message.email_id = header.id;
    const auto value = transaction_.get(tables_.bodies, schema::body_key(delivery.account, header.id));
    if (!value) {
      message.head = delivery.head.empty() ? 0 : 1;
      const bool is_given_so = message.size == delivery.head.size() + delivery.body.size();
      const std::string_view structure = is_given_so ? delivery.structure : std::string_view();
      return store_body(ledger_, delivery.account, header,
                        {delivery.head, delivery.body, structure, delivery.text, staged});
    }
    const auto there = schema::need(schema::decode_body_header(*value), "bodies");
    if (there.length == header.length && there.crc == header.crc)
      return share_body(delivery, message), Result<void>();
    header.id = spool::SpoolId::derive(delivery.id.id, delivery.id.recipient, body_name_ordinal + ordinal);
  }
  return Failure::permanent("too many different bodies under the id " + delivery.id.id.to_text());
}

void Run::share_body(const Delivery& delivery, Message& message) {
  ledger_.references().add(delivery.account, message.email_id);
  message.head =
      delivery.head.empty() ? 0 : add_head(ledger_, delivery.account, message.email_id, delivery.head);
}

}  // namespace

Result<MailStore::State::Staged> MailStore::State::stage(const std::vector<Delivery>& deliveries) const {
  Staged staged(deliveries.size());
  for (std::size_t i = 0; i < deliveries.size(); ++i) {
    if (deliveries[i].body.size() <= options.inline_max) continue;
    auto file = files.stage(deliveries[i].body_path, deliveries[i].body);
    if (!file) return std::move(file).error();
    staged[i] = std::move(*file);
  }
  return staged;
}

Result<std::vector<Delivered>> MailStore::deliver(const std::vector<Delivery>& deliveries,
                                                  const std::vector<DeliveryId>& forget) {
  const auto staged = state_->stage(deliveries);
  if (!staged) return staged.error();
  state_->at_step("staged");
  std::vector<std::uint64_t> sizes;
  for (const auto& delivery : deliveries) sizes.push_back(given_size(delivery));
  std::vector<Delivered> outcomes;
  auto committed = state_->change(
      [&](Ledger& ledger) -> Result<void> {
        outcomes.clear();
        Run run(ledger);
        for (std::size_t i = 0; i < deliveries.size(); ++i) {
          const auto& file = (*staged)[i];
          auto done = run.deliver(deliveries[i], file ? &*file : nullptr, sizes[i]);
          if (!done) return std::move(done).error();
          outcomes.push_back(std::move(*done));
          if (file) state_->at_step("linked");
        }
        if (forget_rows(ledger.transaction(), state_->tables, forget) > 0) ledger.touch();
        return {};
      },
      weight_of(deliveries));
  if (!committed) return std::move(committed).error();
  return outcomes;
}

// ---- what is remembered of deliveries

Result<std::size_t> MailStore::forget_outcomes(const std::vector<DeliveryId>& ids) {
  std::size_t forgotten = 0;
  auto committed = state_->commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
    forgotten = forget_rows(transaction, state_->tables, ids);
    return {};
  });
  if (!committed) return std::move(committed).error();
  return forgotten;
}

Result<std::size_t> MailStore::prune_delivered(Timestamp older_than, std::size_t most) {
  const auto& table = state_->tables.delivered;
  auto old = state_->environment.read([&](const lmdb::ReadTransaction& transaction) {
    std::vector<std::string> keys;
    auto cursor = transaction.cursor(table);
    for (bool more = cursor.first(); more && keys.size() < most; more = cursor.next()) {
      // A key begins with the time of its message's acceptance, which is never after that of its delivery.
      if (cursor.key().size() < 16 || spool::SpoolId::from_bytes(cursor.key()).time() > older_than) break;
      const auto row = schema::decode_delivered(cursor.value());
      if (row && row->forgotten && row->recorded < older_than) keys.emplace_back(cursor.key());
    }
    return keys;
  });
  if (!old) return std::move(old).error();
  auto committed = old->empty() ? Result<void>()
                                : state_->commit([&](lmdb::WriteTransaction& transaction) -> Result<void> {
                                    for (const auto& key : *old) transaction.erase(table, key);
                                    return {};
                                  });
  if (!committed) return std::move(committed).error();
  return old->size();
}

}  // namespace tubepost::mailstore
