// A row of records of one size, for as many consecutive UIDs as `Bits` has bits; those of messages that are there:
//
//   row = present:Bits record{number of bits in present}     bit i: UID number * uids + i
//
// Numbers in it are big-endian. What is asked of a record must be there: has().
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "mailstore/types.h"

namespace tubepost::mailstore {

namespace packed {

static_assert(std::endian::native == std::endian::little, "numbers are turned to big-endian by swapping");
constexpr std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
constexpr std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

template <std::unsigned_integral T>
T load(const char* from) {
  T value = 0;
  std::memcpy(&value, from, sizeof value);
  return swapped(value);
}

template <std::unsigned_integral T>
void store(char* to, T value) {
  value = swapped(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace packed

// As it stands in the database; borrows the bytes.
template <std::unsigned_integral Bits, std::size_t size_of_record>
class PackedView {
public:
  using Present = Bits;
  static constexpr std::size_t header_size = sizeof(Bits), record_size = size_of_record;
  static constexpr unsigned uids = 8 * sizeof(Bits);
  static constexpr std::size_t size_max = header_size + uids * record_size;

  PackedView() = default;  // invalid
  PackedView(std::uint32_t number, std::string_view bytes) : number_(number), bytes_(bytes) {}

  bool is_valid() const {
    if (bytes_.size() < header_size) return false;
    const auto records = static_cast<std::size_t>(std::popcount(present()));
    return records > 0 && bytes_.size() == header_size + records * record_size;
  }
  std::uint32_t number() const { return number_; }
  Uid first_uid() const { return number_ * uids; }
  Bits present() const { return packed::load<Bits>(bytes_.data()); }
  bool has(unsigned bit) const { return (present() >> bit & 1) != 0; }
  const char* record(unsigned bit) const { return bytes_.data() + place(bit); }
  std::string_view bytes() const { return bytes_; }

  std::size_t place(unsigned bit) const {
    const Bits before = present() & ((Bits{1} << bit) - 1);
    return header_size + static_cast<std::size_t>(std::popcount(before)) * record_size;
  }

private:
  std::uint32_t number_ = 0;
  std::string_view bytes_;
};

// One to edit.
template <class View>
class Packed {
public:
  using Bits = typename View::Present;

  void clear(std::uint32_t number) {
    number_ = number;
    size_ = View::header_size;
    std::memset(bytes_.data(), 0, size_);
  }
  void load(const View& view) {  // of a valid one
    number_ = view.number();
    size_ = view.bytes().size();
    std::memcpy(bytes_.data(), view.bytes().data(), size_);
  }
  View view() const { return {number_, {bytes_.data(), size_}}; }
  bool is_empty() const { return view().present() == 0; }

  char* record(unsigned bit) { return bytes_.data() + view().place(bit); }
  // Room for the record of a bit that is not set, to be filled.
  char* insert(unsigned bit) {
    const auto place = view().place(bit);
    char* const at = bytes_.data() + place;
    std::memmove(at + View::record_size, at, size_ - place);
    size_ += View::record_size;
    packed::store<Bits>(bytes_.data(), view().present() | Bits{1} << bit);
    return at;
  }
  void erase(unsigned bit) {
    const auto place = view().place(bit);
    char* const at = bytes_.data() + place;
    size_ -= View::record_size;
    std::memmove(at, at + View::record_size, size_ - place);
    packed::store<Bits>(bytes_.data(), view().present() & ~(Bits{1} << bit));
  }

private:
  std::uint32_t number_ = 0;
  std::size_t size_ = 0;
  std::array<char, View::size_max> bytes_;
};

// Calls `each` with every set bit's number, lowest first.
template <std::unsigned_integral Bits, class Each>
void each_bit(Bits bits, Each each) {
  for (; bits != 0; bits &= bits - 1) each(static_cast<unsigned>(std::countr_zero(bits)));
}

}  // namespace tubepost::mailstore
