#include "mailstore/block.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tubepost::mailstore {
namespace {

// Places in a record.
constexpr std::size_t flags_at = 0, head_at = 4, modseq_at = 8, internal_date_at = 16, save_date_at = 24,
                      size_at = 32, body_at = 40;

std::uint32_t load_u32(const char* from) {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return __builtin_bswap32(value);
}
std::uint64_t load_u64(const char* from) {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return __builtin_bswap64(value);
}
void store_u32(char* to, std::uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(to, &value, sizeof value);
}
void store_u64(char* to, std::uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(to, &value, sizeof value);
}
static_assert(std::endian::native == std::endian::little, "numbers are turned to big-endian by swapping");

std::uint64_t to_number(Timestamp time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

unsigned bit_of(Uid uid) { return uid & (block_uids - 1); }
unsigned rank(std::uint32_t present, unsigned bit) {
  return static_cast<unsigned>(std::popcount(present & ((std::uint32_t{1} << bit) - 1)));
}

std::uint32_t number_in(std::string_view key) { return lmdb::read_u32(key.substr(12)); }

// The bits of `uids` in a block.
std::uint32_t mask_of(const UidSet& uids, std::size_t& at, std::uint32_t block) {
  const auto& ranges = uids.ranges();
  const Uid low = block << block_shift, high = low + (block_uids - 1);
  while (at < ranges.size() && ranges[at].last < low) ++at;
  std::uint32_t mask = 0;
  for (std::size_t i = at; i < ranges.size() && ranges[i].first <= high; ++i) {
    const unsigned first = bit_of(std::max(ranges[i].first, low)),
                   last = bit_of(std::min(ranges[i].last, high));
    mask |= (~std::uint32_t{0} >> (31 - (last - first))) << first;
  }
  return mask;
}

}  // namespace

// ---- BlockView

bool BlockView::is_valid() const {
  if (bytes_.size() < header_size) return false;
  const auto messages = static_cast<std::size_t>(std::popcount(present()));
  return messages > 0 && bytes_.size() == header_size + messages * record_size;
}
std::uint32_t BlockView::present() const { return load_u32(bytes_.data()); }
ModSeq BlockView::highest_modseq() const { return load_u64(bytes_.data() + 4); }
const char* BlockView::record(unsigned bit) const {
  return bytes_.data() + header_size + rank(present(), bit) * record_size;
}
std::uint32_t BlockView::flags(unsigned bit) const { return load_u32(record(bit) + flags_at); }
ModSeq BlockView::modseq(unsigned bit) const { return load_u64(record(bit) + modseq_at); }

Message BlockView::message(unsigned bit) const {
  const char* const from = record(bit);
  Message message;
  message.uid = (number_ << block_shift) + bit;
  message.flags = load_u32(from + flags_at);
  message.head = load_u32(from + head_at);
  message.modseq = load_u64(from + modseq_at);
  message.internal_date = schema::to_time(load_u64(from + internal_date_at));
  message.save_date = schema::to_time(load_u64(from + save_date_at));
  message.size = load_u64(from + size_at);
  message.email_id = spool::SpoolId::from_bytes({from + body_at, 16});
  return message;
}

// ---- Block

void Block::clear(std::uint32_t number) {
  number_ = number;
  size_ = BlockView::header_size;
  std::memset(bytes_.data(), 0, size_);
}

void Block::load(const BlockView& view) {
  number_ = view.number();
  size_ = view.bytes().size();
  std::memcpy(bytes_.data(), view.bytes().data(), size_);
}

char* Block::record(unsigned bit) {
  return bytes_.data() + BlockView::header_size + rank(view().present(), bit) * BlockView::record_size;
}

void Block::raise(ModSeq modseq) {
  if (modseq > view().highest_modseq()) store_u64(bytes_.data() + 4, modseq);
}

void Block::insert(const Message& message) {
  const unsigned bit = bit_of(message.uid);
  char* const to = record(bit);
  const auto behind = static_cast<std::size_t>(bytes_.data() + size_ - to);
  std::memmove(to + BlockView::record_size, to, behind);
  size_ += BlockView::record_size;
  store_u32(bytes_.data(), view().present() | std::uint32_t{1} << bit);
  store_u32(to + flags_at, message.flags);
  store_u32(to + head_at, message.head);
  store_u64(to + modseq_at, message.modseq);
  store_u64(to + internal_date_at, to_number(message.internal_date));
  store_u64(to + save_date_at, to_number(message.save_date));
  store_u64(to + size_at, message.size);
  std::memcpy(to + body_at, message.email_id.bytes().data(), 16);
  raise(message.modseq);
}

void Block::erase(Uid uid) {
  const unsigned bit = bit_of(uid);
  char* const to = record(bit);
  const auto behind = static_cast<std::size_t>(bytes_.data() + size_ - to) - BlockView::record_size;
  std::memmove(to, to + BlockView::record_size, behind);
  size_ -= BlockView::record_size;
  store_u32(bytes_.data(), view().present() & ~(std::uint32_t{1} << bit));
}

void Block::set_flags(Uid uid, std::uint32_t flags, ModSeq modseq) {
  char* const to = record(bit_of(uid));
  store_u32(to + flags_at, flags);
  store_u64(to + modseq_at, modseq);
  raise(modseq);
}

// ---- Chunk

void Chunk::clear(std::uint32_t number) {
  number_ = number;
  highest_modseq_ = 0;
  words_.fill(0);
}

bool Chunk::load(std::uint32_t number, std::string_view bytes) {
  clear(number);
  if (bytes.size() <= 8 || bytes.size() > 8 + sizeof words_) return false;
  highest_modseq_ = load_u64(bytes.data());
  std::memcpy(words_.data(), bytes.data() + 8, bytes.size() - 8);
  return true;
}

std::string Chunk::encoded() const {
  std::string bytes;
  lmdb::append_u64(bytes, highest_modseq_);
  bytes.append(reinterpret_cast<const char*>(words_.data()), sizeof words_);
  bytes.resize(std::max<std::size_t>(bytes.find_last_not_of('\0') + 1, 8));
  return bytes;
}

bool Chunk::is_empty() const {
  return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
}
void Chunk::set(Uid uid) { words_[(uid & (chunk_uids - 1)) / 64] |= std::uint64_t{1} << uid % 64; }
void Chunk::reset(Uid uid) { words_[(uid & (chunk_uids - 1)) / 64] &= ~(std::uint64_t{1} << uid % 64); }
bool Chunk::has(Uid uid) const { return (words_[(uid & (chunk_uids - 1)) / 64] >> uid % 64 & 1) != 0; }
std::uint32_t Chunk::bits_of_block(std::uint32_t block) const {
  const auto word = words_[(block & (chunk_uids / block_uids - 1)) / 2];
  return static_cast<std::uint32_t>(block % 2 == 0 ? word : word >> 32);
}

void Chunk::add_to(UidSet& uids) const {
  const Uid base = number_ << chunk_shift;
  for (unsigned i = 0; i < words_.size(); ++i) {
    std::uint64_t word = words_[i];
    while (word != 0) {
      const auto first = static_cast<unsigned>(std::countr_zero(word));
      const auto run = static_cast<unsigned>(std::countr_one(word >> first));
      uids.add(UidRange{base + i * 64 + first, base + i * 64 + first + run - 1});
      if (first + run == 64) break;
      word &= ~std::uint64_t{0} << (first + run);
    }
  }
}

// ---- Pages

void Pages::insert(const Message& message) {
  need_block(message.uid);
  need_chunk(message.uid);
  block_.insert(message);
  chunk_.set(message.uid);
  chunk_.raise(message.modseq);
  block_is_dirty_ = chunk_is_dirty_ = true;
}

void Pages::erase(Uid uid) {
  need_block(uid);
  need_chunk(uid);
  if (!block_.view().has(bit_of(uid))) schema::damaged("messages");
  block_.erase(uid);
  chunk_.reset(uid);
  block_is_dirty_ = chunk_is_dirty_ = true;
}

void Pages::set_flags(Uid uid, std::uint32_t flags, ModSeq modseq) {
  need_block(uid);
  need_chunk(uid);
  if (!block_.view().has(bit_of(uid))) schema::damaged("messages");
  block_.set_flags(uid, flags, modseq);
  chunk_.raise(modseq);
  block_is_dirty_ = chunk_is_dirty_ = true;
}

void Pages::flush() {
  flush_block();
  flush_chunk();
}

void Pages::need_block(Uid uid) {
  const std::uint32_t number = uid >> block_shift;
  if (block_number_ == number) return;
  flush_block();
  const auto bytes = transaction_.get(tables_.messages, schema::block_key(mailbox_, number));
  if (!bytes) {
    block_.clear(number);
  } else {
    const BlockView view(number, *bytes);
    if (!view.is_valid()) schema::damaged("messages");
    block_.load(view);
  }
  block_number_ = number;
}

void Pages::need_chunk(Uid uid) {
  const std::uint32_t number = uid >> chunk_shift;
  if (chunk_number_ == number) return;
  flush_chunk();
  const auto bytes = transaction_.get(tables_.uids, schema::chunk_key(mailbox_, number));
  if (!bytes)
    chunk_.clear(number);
  else if (!chunk_.load(number, *bytes))
    schema::damaged("uids");
  chunk_number_ = number;
}

void Pages::flush_block() {
  if (!block_is_dirty_) return;
  const auto key = schema::block_key(mailbox_, *block_number_);
  if (block_.is_empty())
    transaction_.erase(tables_.messages, key);
  else
    transaction_.put(tables_.messages, key, block_.view().bytes());
  block_is_dirty_ = false;
}

void Pages::flush_chunk() {
  if (!chunk_is_dirty_) return;
  const auto key = schema::chunk_key(mailbox_, *chunk_number_);
  if (chunk_.is_empty())
    transaction_.erase(tables_.uids, key);
  else
    transaction_.put(tables_.uids, key, chunk_.encoded());
  chunk_is_dirty_ = false;
}

// ---- walks

BlockWalk::BlockWalk(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                     MailboxRef mailbox, const UidSet& uids, Blocks blocks)
    : uids_(uids),
      blocks_(blocks),
      mailbox_(mailbox),
      prefix_(schema::mailbox_key(mailbox)),
      cursor_(transaction.cursor(tables.messages)) {}

bool BlockWalk::next() {
  do {
    if (!step()) return false;
  } while (wanted_ == 0);
  return true;
}

bool BlockWalk::step() {
  const auto& ranges = uids_.ranges();
  while (at_ < ranges.size() && ranges[at_].last >> block_shift < next_) ++at_;
  if (at_ == ranges.size()) return false;
  const auto wished = std::max(next_, ranges[at_].first >> block_shift);
  const bool is_adjacent = blocks_ == Blocks::stay && next_ != 0 && wished == next_;
  const bool moved = is_adjacent ? cursor_.next() : cursor_.seek(schema::block_key(mailbox_, wished));
  if (!moved || cursor_.key().size() != prefix_.size() + 4 || !cursor_.key().starts_with(prefix_))
    return false;
  number_ = number_in(cursor_.key());
  next_ = number_ + 1;
  const BlockView found(number_, cursor_.value());
  if (!found.is_valid()) schema::damaged("messages");
  if (blocks_ == Blocks::may_change) copy_.load(found);
  wanted_ = mask_of(uids_, at_, number_) & found.present();
  return true;
}

UidSet uids_of(const lmdb::ReadTransaction& transaction, const schema::Tables& tables, MailboxRef mailbox) {
  UidSet uids;
  const auto prefix = schema::mailbox_key(mailbox);
  auto cursor = transaction.cursor(tables.uids);
  Chunk chunk;
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
       more = cursor.next()) {
    if (cursor.key().size() != prefix.size() + 4 || !chunk.load(number_in(cursor.key()), cursor.value()))
      schema::damaged("uids");
    chunk.add_to(uids);
  }
  return uids;
}

UidSet changed_since(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                     MailboxRef mailbox, ModSeq modseq) {
  UidSet changed;
  const auto prefix = schema::mailbox_key(mailbox);
  auto cursor = transaction.cursor(tables.uids);
  Chunk chunk;
  for (bool more = cursor.seek_prefix(prefix); more && cursor.key().starts_with(prefix);
       more = cursor.next()) {
    const auto number = number_in(cursor.key());
    if (!chunk.load(number, cursor.value())) schema::damaged("uids");
    if (chunk.highest_modseq() <= modseq) continue;
    const Uid first = number << chunk_shift;
    const UidSet its_uids{UidRange{first, first + (chunk_uids - 1)}};
    for (BlockWalk walk(transaction, tables, mailbox, its_uids); walk.next();)
      if (const auto block = walk.block(); block.highest_modseq() > modseq)
        each_bit(walk.wanted(), [&](unsigned bit) {
          if (block.modseq(bit) > modseq) changed.add((block.number() << block_shift) + bit);
        });
  }
  return changed;
}

std::optional<Message> find_message(const lmdb::ReadTransaction& transaction, const schema::Tables& tables,
                                    MailboxRef mailbox, Uid uid) {
  const auto number = uid >> block_shift;
  const auto bytes = transaction.get(tables.messages, schema::block_key(mailbox, number));
  if (!bytes) return std::nullopt;
  const BlockView block(number, *bytes);
  if (!block.is_valid()) schema::damaged("messages");
  if (!block.has(bit_of(uid))) return std::nullopt;
  return block.message(bit_of(uid));
}

}  // namespace tubepost::mailstore
