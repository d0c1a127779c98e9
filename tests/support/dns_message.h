// DNS answers as bytes, for tests of their parser and for a server of one answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "dns/record.h"

namespace tubepost::test_support {

class DnsMessage {
public:
  // Flags of the second header word: QR and RA, `more` or-ed to it (0x20 is AD, 3 NXDOMAIN, 2 SERVFAIL).
  DnsMessage(std::string_view question, dns::Type type, std::uint16_t more = 0) {
    u16(0x1234), u16(static_cast<std::uint16_t>(0x8180 | more)), u16(1), u16(0), u16(0), u16(0);
    name(question), u16(static_cast<std::uint16_t>(type)), u16(1);
  }
  DnsMessage& record(std::string_view owner, dns::Type type, const std::string& data,
                     std::uint32_t ttl = 300) {
    name(owner), u16(static_cast<std::uint16_t>(type)), u16(1);
    u16(static_cast<std::uint16_t>(ttl >> 16)), u16(static_cast<std::uint16_t>(ttl));
    u16(static_cast<std::uint16_t>(data.size()));
    bytes_ += data;
    bytes_[7] = static_cast<char>(bytes_[7] + 1);
    if (bytes_[7] == 0) bytes_[6] = static_cast<char>(bytes_[6] + 1);
    return *this;
  }
  static std::string name_of(std::string_view text) {
    std::string wire;
    if (text != ".")
      for (const auto label : split(text, '.')) wire += static_cast<char>(label.size()), wire += label;
    return wire + '\0';
  }
  static std::string number(std::uint16_t value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
  }
  const std::string& text() const { return bytes_; }
  std::vector<std::uint8_t> bytes() const { return {bytes_.begin(), bytes_.end()}; }

private:
  void u16(std::uint16_t value) { bytes_ += number(value); }
  void name(std::string_view text) { bytes_ += name_of(text); }
  std::string bytes_;
};

}  // namespace tubepost::test_support
