// MailStore::deliver: all deliveries of a call in one transaction, each exactly once.
#include "base/file.h"
#include "base/text.h"
#include "mailstore/state.h"

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
  Run(lmdb::WriteTransaction& transaction, const schema::Tables& tables, const BodyFiles& files,
      Timestamp now)
      : transaction_(transaction),
        tables_(tables),
        now_(now),
        ledger_(transaction, tables, now),
        links_(files) {}

  Result<Delivered> deliver(const Delivery& delivery, const StagedBody* staged);
  // The books, and the folders of linked files; the transaction may commit then.
  Result<void> finish();
  std::vector<Changed> changed() const { return ledger_.changed(); }

private:
  std::optional<schema::DeliveredRow> recorded(const DeliveryId& id) const;
  std::optional<Delivered> refusal(const Delivery& delivery);
  Result<spool::SpoolId> place_body(const Delivery& delivery, const StagedBody* staged);
  Result<void> store_body(const Delivery& delivery, const StagedBody* staged, schema::BodyHeader header);

  lmdb::WriteTransaction& transaction_;
  const schema::Tables& tables_;
  Timestamp now_;
  Ledger ledger_;
  Links links_;
};

Result<Delivered> Run::deliver(const Delivery& delivery, const StagedBody* staged) {
  const auto earlier = recorded(delivery.id);
  if (earlier && is_same_body(earlier->outcome, delivery)) return Delivered{earlier->outcome, true};
  if (auto refused = refusal(delivery)) return *refused;
  auto body = place_body(delivery, staged);
  if (!body) return std::move(body).error();

  auto& mailbox = ledger_.find_or_make(delivery.account, *mailbox_name(delivery.mailbox));
  schema::MessageRow message;
  message.info.flags = delivery.flags;
  message.info.internal_date = delivery.internal_date;
  message.info.save_date = now_;
  message.info.size = delivery.head.size() + delivery.body.size();
  message.info.email_id = *body;
  message.head = delivery.head;
  ledger_.insert(delivery.account, mailbox, message);

  Delivered done{outcome_of(delivery), false, earlier.has_value()};
  done.outcome.text = "delivered to " + mailbox.name;
  if (done.differs) done.outcome.text += "; another message was delivered under this id before";
  transaction_.put(tables_.delivered, schema::delivery_key(delivery.id),
                   encode(schema::DeliveredRow{false, now_, done.outcome}));
  return done;
}

std::optional<schema::DeliveredRow> Run::recorded(const DeliveryId& id) const {
  const auto row = transaction_.get(tables_.delivered, schema::delivery_key(id));
  if (!row) return std::nullopt;
  return schema::need(schema::decode_delivered(*row), "delivered");
}

// Refusals are not recorded: when the job comes again there may be room, or another rule.
std::optional<Delivered> Run::refusal(const Delivery& delivery) {
  Delivered refused{outcome_of(delivery)};
  refused.outcome.delivered = false;
  const auto name = mailbox_name(delivery.mailbox);
  if (!name) {
    refused.outcome.status = {5, 3, 5};
    refused.outcome.text = "no name for a mailbox: " + printable(delivery.mailbox);
    return refused;
  }
  if (ledger_.find_or_make(delivery.account, *name).uid_next == UINT32_MAX) {
    refused.outcome.status = {4, 2, 0};
    refused.outcome.text = "the mailbox has used up its numbers";
    return refused;
  }
  const auto& usage = ledger_.account(delivery.account).usage;
  const auto size = delivery.head.size() + delivery.body.size();
  const bool too_large = delivery.quota_bytes != 0 && usage.bytes + size > delivery.quota_bytes;
  const bool too_many = delivery.quota_messages != 0 && usage.messages + 1 > delivery.quota_messages;
  if (!too_large && !too_many) return std::nullopt;
  refused.outcome.status = {4, 2, 2};  // RFC 3463 3.3: mailbox full
  refused.outcome.text = too_large ? "the mailbox is full: " + std::to_string(usage.bytes) + " of " +
                                         std::to_string(delivery.quota_bytes) + " bytes"
                                   : "the mailbox is full: " + std::to_string(usage.messages) + " of " +
                                         std::to_string(delivery.quota_messages) + " messages";
  return refused;
}

// The body is named by its message's spool id; it may be here already (two addresses of one account). Under
// another body's id it gets a name derived from it.
Result<spool::SpoolId> Run::place_body(const Delivery& delivery, const StagedBody* staged) {
  auto header = header_of(delivery);
  for (std::uint32_t ordinal = 0; ordinal < body_names_most; ++ordinal) {
    const auto value = transaction_.get(tables_.bodies, schema::body_key(delivery.account, header.id));
    if (!value) {
      if (auto stored = store_body(delivery, staged, header); !stored) return std::move(stored).error();
      return header.id;
    }
    const auto there = schema::need(schema::decode_body_header(*value), "bodies");
    if (there.length == header.length && there.crc == header.crc) {
      ledger_.add_reference(delivery.account, header.id);
      return header.id;
    }
    header.id = spool::SpoolId::derive(delivery.id.id, delivery.id.recipient, body_name_ordinal + ordinal);
  }
  return Failure::permanent("too many different bodies under the id " + delivery.id.id.to_text());
}

Result<void> Run::store_body(const Delivery& delivery, const StagedBody* staged, schema::BodyHeader header) {
  const auto key = schema::body_key(delivery.account, header.id);
  if (staged != nullptr) {
    if (auto linked = links_.add(*staged, delivery.body, delivery.account, header.id); !linked) return linked;
    header.place = schema::Place::beside;
    transaction_.put(tables_.bodies, key, encode(header));
    transaction_.erase(tables_.doomed, key);
    return {};
  }
  const auto encoded = encode(header);
  char* const room = transaction_.reserve(tables_.bodies, key, encoded.size() + delivery.body.size());
  std::copy(encoded.begin(), encoded.end(), room);
  std::copy(delivery.body.begin(), delivery.body.end(), room + encoded.size());
  return {};
}

Result<void> Run::finish() {
  ledger_.save();
  if (auto synced = links_.sync(); !synced) return synced;
  links_.keep();
  return {};
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
  std::vector<Delivered> outcomes;
  std::vector<Changed> changed;
  auto committed = state_->commit(
      [&](lmdb::WriteTransaction& transaction) -> Result<void> {
        outcomes.clear();
        Run run(transaction, state_->tables, state_->files, state_->clock.now());
        for (std::size_t i = 0; i < deliveries.size(); ++i) {
          const auto& file = (*staged)[i];
          auto done = run.deliver(deliveries[i], file ? &*file : nullptr);
          if (!done) return std::move(done).error();
          outcomes.push_back(std::move(*done));
          if (file) state_->at_step("linked");
        }
        forget_rows(transaction, state_->tables, forget);
        changed = run.changed();
        auto finished = run.finish();
        state_->at_step("written");
        return finished;
      },
      weight_of(deliveries));
  if (!committed) return std::move(committed).error();
  state_->at_step("committed");
  state_->notifier.tell(changed);
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
