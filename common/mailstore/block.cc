#include "mailstore/block.h"

namespace tubepost::mailstore {
namespace {

// Places in a block's record. Numbers of six and seven bytes are read and written as eight whose last ones belong to the next.
constexpr std::size_t head_at = 0, internal_date_at = 4, save_date_at = 11, size_at = 18, body_at = 24;
constexpr unsigned not_of_a_date = 8, not_of_the_size = 16;  // bits
static_assert(body_at + schema::id_size == BlockRow::record_size);

Timestamp date_at(const char* from) {
  const auto milliseconds = static_cast<std::int64_t>(packed::load<std::uint64_t>(from)) >> not_of_a_date;
  return schema::to_time(static_cast<std::uint64_t>(milliseconds));
}
void put_date(char* to, Timestamp time) {
  packed::store(to, static_cast<std::uint64_t>(time.time_since_epoch().count()) << not_of_a_date);
}

}  // namespace

// ---- rows

Message BlockRow::unmarked(unsigned bit) const {
  const char* const from = record(bit);
  Message message;
  message.uid = first_uid() + bit;
  message.head = packed::load<std::uint32_t>(from + head_at);
  message.internal_date = date_at(from + internal_date_at);
  message.save_date = date_at(from + save_date_at);
  message.size = packed::load<std::uint64_t>(from + size_at) >> not_of_the_size;
  message.email_id = spool::SpoolId::from_bytes({from + body_at, schema::id_size});
  return message;
}

void write_record(char* record, const Message& message) {
  packed::store(record + head_at, message.head);
  put_date(record + internal_date_at, message.internal_date);
  put_date(record + save_date_at, message.save_date);
  packed::store(record + size_at, message.size << not_of_the_size);
  std::memcpy(record + body_at, message.email_id.bytes().data(), schema::id_size);
}

std::uint32_t MarksRow::flags(unsigned bit) const { return packed::load<std::uint32_t>(record(bit)); }
ModSeq MarksRow::modseq(unsigned bit) const { return packed::load<std::uint64_t>(record(bit) + 4); }

void write_marks(char* record, std::uint32_t flags, ModSeq modseq) {
  packed::store(record, flags);
  packed::store(record + 4, modseq);
}

bool BlockView::has_marks_of(std::uint32_t bits) const {
  return marks_.is_valid() && (bits & ~static_cast<std::uint32_t>(marks_.present() >> shift_)) == 0;
}

Message BlockView::message(unsigned bit) const {
  auto message = block_.unmarked(bit);
  message.flags = marks_.flags(shift_ + bit);
  message.modseq = marks_.modseq(shift_ + bit);
  return message;
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
  highest_modseq_ = packed::load<std::uint64_t>(bytes.data());
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
void Chunk::set(Uid uid) { words_[uid % chunk_uids / 64] |= std::uint64_t{1} << uid % 64; }
void Chunk::reset(Uid uid) { words_[uid % chunk_uids / 64] &= ~(std::uint64_t{1} << uid % 64); }

void Chunk::add_to(UidSet& uids) const {
  const Uid base = number_ * chunk_uids;
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

}  // namespace tubepost::mailstore
