// The bytes of a record: numbers big-endian, texts with their length before them (schema.h). The reader is
// sticky: after the first thing that is not there it gives zeros and empty texts, and ok() is false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tubepost::spool {

class RecordWriter {
public:
  explicit RecordWriter(std::size_t expected) { bytes_.reserve(expected); }

  template <class Number>
  RecordWriter& number(Number value) {
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
      bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xff);
    return *this;
  }
  RecordWriter& text(std::string_view value) {
    std::size_t length = value.size();
    for (; length >= 0x80; length >>= 7) bytes_ += static_cast<char>((length & 0x7f) | 0x80);
    bytes_ += static_cast<char>(length);
    bytes_ += value;
    return *this;
  }
  std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

class RecordReader {
public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  void number(Number& value) {
    std::uint64_t wide = 0;
    for (const char c : take(sizeof value)) wide = wide << 8 | static_cast<unsigned char>(c);
    value = static_cast<Number>(wide);
  }
  void text(std::string& value) {
    std::size_t length = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      std::uint8_t byte = 0;
      number(byte);
      length |= static_cast<std::size_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        value = take(length);
        return;
      }
    }
    ok_ = false;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

private:
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tubepost::spool
