// Messages that clients bring: NewBody, MailStore::append, replace (RFC 8508), put_cached.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "base/crc32c.h"
#include "base/file.h"
#include "mailstore/bodies.h"
#include "mailstore/body_files.h"
#include "mailstore/state.h"
#include "mailstore/walk.h"
#include "message/seven_bit.h"

namespace tubepost::mailstore {

// ---- NewBody

struct NewBody::State {
  std::string folder;
  std::uint64_t inline_max = 0;
  std::string pieces;  // all of a small body; of a large one what is not in the file yet
  StagedBody staged;
  MappedFile mapped;
  std::uint64_t size = 0, given_size = 0;
  std::uint32_t crc = 0;

  bool is_large() const { return staged.file.get() >= 0; }
  Result<void> spill();
  Result<void> keep();
};

namespace {

constexpr std::size_t piece_size = 64 << 10;  // of a large body, written at a time

}  // namespace

NewBody::NewBody(std::unique_ptr<State> state) : state_(std::move(state)) {}
NewBody::NewBody(NewBody&&) noexcept = default;
NewBody& NewBody::operator=(NewBody&&) noexcept = default;
NewBody::~NewBody() = default;
std::uint64_t NewBody::size() const { return state_->size; }
std::string_view NewBody::bytes() const {
  return state_->is_large() ? state_->mapped.bytes() : std::string_view(state_->pieces);
}

Result<void> NewBody::State::spill() {
  if (!is_large()) staged.file.reset(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0660));
  if (!is_large() || !write_all(staged.file.get(), pieces)) return file_failure(folder, errno);
  pieces.clear();
  return {};
}

Result<void> NewBody::write(std::string_view piece) {
  state_->size += piece.size();
  state_->crc = crc32c(piece, state_->crc);
  state_->pieces += piece;
  const bool fits = state_->size <= state_->inline_max;
  if (fits || (state_->is_large() && state_->pieces.size() < piece_size)) return {};
  return state_->spill();
}

Result<void> NewBody::State::keep() {
  if (auto written = spill(); !written) return written;
  if (::fdatasync(staged.file.get()) != 0) return file_failure(folder, errno);
  auto file =
      MappedFile::open("/proc/self/fd/" + std::to_string(staged.file.get()), MappedFile::Links::followed);
  if (!file) return std::move(file).error();
  mapped = std::move(*file);
  pieces.shrink_to_fit();
  return {};
}

Result<void> NewBody::finish() {
  if (state_->is_large())
    if (auto kept = state_->keep(); !kept) return kept;
  state_->given_size = message::size_in_lines(bytes());
  return {};
}

NewBody MailStore::new_body() const {
  auto state = std::make_unique<NewBody::State>();
  state->folder = state_->files.folder();
  state->inline_max = state_->options.inline_max;
  return NewBody(std::move(state));
}

// ---- appending

namespace {

// Bodies that come together lie together, in the order of their messages: in one millisecond each is named by
// the number behind the last one's.
spool::SpoolId following(const spool::SpoolId& last, const Clock& clock) {
  if (last.time() != clock.now()) return spool::SpoolId::make(clock);
  std::string bytes(last.bytes());
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
    if (++*byte != 0) break;
  return spool::SpoolId::from_bytes(bytes);
}

}  // namespace

// Of a ledger: the message is new, and so is its body's name.
Result<void> MailStore::State::append_one(Ledger& ledger, MailboxRef to, const Append& append) {
  auto* const mailbox = ledger.find(to);
  const auto& body = *append.body.state_;
  schema::BodyHeader header;
  header.id = last_body = following(last_body, clock);
  header.length = body.size;
  header.crc = body.crc;
  const bool is_given_so = body.given_size == body.size;
  const BodyParts parts{{},
                        append.body.bytes(),
                        is_given_so ? append.structure : std::string_view(),
                        append.text,
                        body.is_large() ? &body.staged : nullptr};
  Message message;
  message.flags = ledger.bits_that_fit(*mailbox, append.flags);
  message.internal_date = append.internal_date;
  message.save_date = ledger.now();
  message.size = body.given_size;
  message.email_id = header.id;
  if (auto stored = store_body(ledger, to.account, header, parts); !stored) return stored;
  if (parts.staged != nullptr) at_step("linked");
  ledger.insert(*mailbox, message);
  return {};
}

Result<Ledger::Mailbox*> MailStore::State::ready_to_append(Ledger& ledger, MailboxRef to,
                                                           std::span<const Append> messages,
                                                           const Quota& quota) {
  auto mailbox = ledger.need(to);
  if (!mailbox) return mailbox;
  Usage more;
  for (const auto& append : messages) {
    for (const auto& keyword : append.flags.keywords)
      if (!is_keyword(keyword))
        return Failure::permanent("no keyword: " + printable(keyword), refusal::bad_name);
    more.bytes += append.body.state_->given_size;
    more.messages += 1;
  }
  if (auto refused = ledger.quota_refusal(to.account, quota, more)) return std::move(*refused);
  if (auto refused = Ledger::uid_refusal((*mailbox)->status(), messages.size())) return std::move(*refused);
  return mailbox;
}

namespace {

std::size_t weight_of(std::span<const Append> messages) {
  std::size_t bytes = 0;
  for (const auto& append : messages)
    bytes += append.body.size() + append.structure.size() + append.text.size();
  return bytes;
}

}  // namespace

Result<Appended> MailStore::append(MailboxRef to, const std::vector<Append>& messages, const Quota& quota) {
  Appended appended;
  auto committed = state_->change(
      [&](Ledger& ledger) -> Result<void> {
        auto mailbox = state_->ready_to_append(ledger, to, messages, quota);
        if (!mailbox) return std::move(mailbox).error();
        auto& status = (*mailbox)->status();
        appended.uid_validity = status.uid_validity;
        appended.uids.first = status.uid_next;
        for (const auto& append : messages)
          if (auto done = state_->append_one(ledger, to, append); !done) return done;
        appended.uids.last = status.uid_next - 1;
        return {};
      },
      weight_of(messages));
  if (!committed) return std::move(committed).error();
  return appended;
}

Result<Appended> MailStore::replace(MailboxRef from, Uid uid, MailboxRef to, const Append& message,
                                    const Quota& quota) {
  Appended appended;
  const std::span<const Append> one(&message, 1);
  auto committed = state_->change(
      [&](Ledger& ledger) -> Result<void> {
        auto source = ledger.need(from);
        if (!source) return std::move(source).error();
        const auto old = find_message(ledger.transaction(), state_->tables, from, uid);
        if (!old) return Failure::permanent("the message does not exist any more", refusal::no_such_message);
        auto mailbox = state_->ready_to_append(ledger, to, one, quota);
        if (!mailbox) return std::move(mailbox).error();
        appended.uid_validity = (*mailbox)->status().uid_validity;
        appended.uids = {(*mailbox)->status().uid_next, (*mailbox)->status().uid_next};
        if (auto done = state_->append_one(ledger, to, message); !done) return done;
        ledger.erase(**source, *old);
        return {};
      },
      weight_of(one));
  if (!committed) return std::move(committed).error();
  return appended;
}

Result<void> MailStore::put_cached(AccountId account, const std::vector<Cached>& entries) {
  std::size_t bytes = 0;
  for (const auto& entry : entries) bytes += entry.structure.size() + entry.text.size();
  return state_->commit(
      [&](lmdb::WriteTransaction& transaction) -> Result<void> {
        const auto& tables = state_->tables;
        for (const auto& entry : entries) {
          const auto key = schema::body_key(account, entry.email_id);
          if (!transaction.get(tables.bodies, key)) continue;  // gone meanwhile
          if (!entry.structure.empty()) transaction.put(tables.structures, key, entry.structure);
          if (!entry.text.empty()) transaction.put(tables.texts, key, entry.text);
        }
        return {};
      },
      bytes);
}

}  // namespace tubepost::mailstore
