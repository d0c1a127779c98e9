#include "popd/maildrop.h"

namespace tubepost::popd {

Maildrop::Maildrop(mailstore::MailStore& store, mailstore::AccountId account, mailstore::MailboxStatus status)
    : store_(&store), account_(account), mailbox_(status.id), uid_validity_(status.uid_validity) {
  messages_.reserve(status.messages);
}

Result<Maildrop> Maildrop::open(mailstore::MailStore& store, mailstore::AccountId account) {
  auto status = store.open_mailbox(account, mailstore::inbox);
  if (!status) return std::move(status).error();
  Maildrop maildrop(store, account, std::move(*status));
  const auto listed = store.list({account, maildrop.mailbox_}, 1, [&](const mailstore::Message& info) {
    maildrop.messages_.push_back({info.uid, false, info.size});
    return true;
  });
  if (!listed) return listed.error();
  return maildrop;
}

const Message* Maildrop::find(std::uint32_t number) const {
  if (number == 0 || number > messages_.size() || messages_[number - 1].deleted) return nullptr;
  return &messages_[number - 1];
}

std::string Maildrop::unique_id(const Message& message) const {
  return std::to_string(uid_validity_) + '.' + std::to_string(message.uid);
}

void Maildrop::mark(std::uint32_t number) { messages_.at(number - 1).deleted = true; }

void Maildrop::unmark_all() {
  for (Message& message : messages_) message.deleted = false;
}

std::uint32_t Maildrop::messages() const {
  std::uint32_t count = 0;
  for (const Message& message : messages_) count += message.deleted ? 0 : 1;
  return count;
}

std::uint64_t Maildrop::octets() const {
  std::uint64_t sum = 0;
  for (const Message& message : messages_) sum += message.deleted ? 0 : message.size;
  return sum;
}

Result<std::optional<mailstore::MessageBytes>> Maildrop::fetch(const Message& message) const {
  return store_->fetch({account_, mailbox_}, message.uid);
}

Result<std::size_t> Maildrop::remove_marked() {
  mailstore::UidSet marked;
  for (const Message& message : messages_)
    if (message.deleted) marked.add(message.uid);
  if (marked.empty()) return std::size_t{0};
  const auto removed = store_->expunge({account_, mailbox_}, marked);
  if (!removed && removed.error().status == mailstore::refusal::no_such_mailbox) return std::size_t{0};
  if (!removed) return removed.error();
  return removed->uids.size();
}

}  // namespace tubepost::popd
