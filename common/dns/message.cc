#include "dns/message.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <map>

#include "base/text.h"

namespace tubepost::dns {
namespace {

// Big-endian numbers and strings out of a record's data; sticky: after the first that is not there, nothing
// is.
class DataReader {
public:
  DataReader(const ns_msg& message, const ns_rr& record)
      : message_(message), at_(ns_rr_rdata(record)), end_(at_ + ns_rr_rdlen(record)) {}

  std::uint8_t u8() { return take(1) ? at_[-1] : std::uint8_t{0}; }
  std::uint16_t u16() {
    return take(2) ? static_cast<std::uint16_t>(at_[-2] << 8 | at_[-1]) : std::uint16_t{0};
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  // RFC 1035 3.1, compressed or not.
  std::string host() {
    char text[NS_MAXDNAME];
    const int used =
        ok_ ? ns_name_uncompress(ns_msg_base(message_), ns_msg_end(message_), at_, text, sizeof text) : -1;
    if (used < 0 || used > end_ - at_) return ok_ = false, std::string();
    at_ += used;
    return text[0] == '\0' ? "." : to_lower(text);
  }
  std::string string() {  // a length octet, and as many octets
    const std::size_t size = u8();
    return bytes(size);
  }
  std::string bytes(std::size_t size) {
    if (!take(size)) return {};
    return {reinterpret_cast<const char*>(at_ - size), size};
  }
  std::string rest() { return bytes(left()); }
  std::size_t left() const { return ok_ ? static_cast<std::size_t>(end_ - at_) : 0; }
  bool ok() const { return ok_; }

private:
  bool take(std::size_t size) {
    if (!ok_ || static_cast<std::size_t>(end_ - at_) < size) return ok_ = false;
    at_ += size;
    return true;
  }
  const ns_msg& message_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

std::optional<net::IpAddress> read_address(DataReader& data, int family, std::size_t size) {
  const std::string bytes = data.rest();
  char text[INET6_ADDRSTRLEN];
  if (bytes.size() != size || !::inet_ntop(family, bytes.data(), text, sizeof text)) return std::nullopt;
  return net::IpAddress::parse(text);
}

std::optional<Data> read_text(DataReader& data) {
  Text text;
  while (data.left() > 0 && text.text.size() < text_max) text.text += data.string();
  if (!data.ok()) return std::nullopt;
  text.text.resize(std::min(text.text.size(), text_max));
  return text;
}

template <class T>
std::optional<Data> if_whole(const DataReader& data, T value) {
  if (!data.ok()) return std::nullopt;
  return Data(std::move(value));
}

// The braces of an initialiser are evaluated from left to right.
std::optional<Data> read_data(DataReader data, Type type) {
  switch (type) {
    case Type::a:
      return read_address(data, AF_INET, 4);
    case Type::aaaa:
      return read_address(data, AF_INET6, 16);
    case Type::ns:
    case Type::cname:
    case Type::ptr: {
      Host host{data.host()};
      return if_whole(data, std::move(host));
    }
    case Type::mx: {
      Mx mx{data.u16(), data.host()};
      return if_whole(data, std::move(mx));
    }
    case Type::txt:
      return read_text(data);
    case Type::srv: {
      Srv srv{data.u16(), data.u16(), data.u16(), data.host()};
      return if_whole(data, std::move(srv));
    }
    case Type::tlsa: {
      Tlsa tlsa{data.u8(), data.u8(), data.u8(), data.rest()};
      return if_whole(data, std::move(tlsa));
    }
    case Type::caa: {
      Caa caa{data.u8(), to_lower(data.string()), data.rest()};
      return if_whole(data, std::move(caa));
    }
    case Type::soa: {
      Soa soa{data.host(), data.host(), data.u32(), 0};
      data.bytes(12);  // refresh, retry, expire
      soa.minimum = data.u32();
      return if_whole(data, std::move(soa));
    }
  }
  return std::nullopt;
}

struct Found {
  std::vector<Record> records;                 // of the type, whatever their owner
  std::map<std::string, std::string> aliases;  // CNAMEs
  bool broken = false;                         // something was there that cannot be read
};

Found read_records(ns_msg& message, Type type) {
  Found found;
  const int count = std::min<int>(ns_msg_count(message, ns_s_an), records_max + aliases_max);
  for (int i = 0; i < count; ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) {
      found.broken = true;
      break;
    }
    if (ns_rr_class(record) != ns_c_in) continue;
    const auto its_type = static_cast<Type>(ns_rr_type(record));
    if (its_type != type && its_type != Type::cname) continue;
    auto data = read_data(DataReader(message, record), its_type);
    if (!data) {
      found.broken = true;
      continue;
    }
    const std::string owner = to_lower(ns_rr_name(record));
    if (its_type == Type::cname) found.aliases.emplace(owner, std::get<Host>(*data).name);
    if (its_type == type && found.records.size() < records_max)
      found.records.push_back({owner, type, ns_rr_ttl(record), std::move(*data)});
  }
  return found;
}

std::string end_of_aliases(const Found& found, const std::string& name) {
  std::string at = name;
  for (int i = 0; i < aliases_max; ++i) {
    const auto next = found.aliases.find(at);
    if (next == found.aliases.end()) break;
    at = next->second;
  }
  return at;
}

}  // namespace

AnyAnswer parse_message(std::span<const std::uint8_t> bytes, const std::string& name, Type type) {
  AnyAnswer answer;
  answer.name = name;
  ns_msg message;
  if (bytes.size() > NS_MAXMSG || ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) != 0) {
    answer.detail = "a broken answer";
    return answer;
  }
  const int code = ns_msg_getflag(message, ns_f_rcode);
  answer.authenticated = ns_msg_getflag(message, ns_f_ad) != 0;
  if (code == ns_r_nxdomain) return answer.kind = Kind::nxdomain, answer;
  if (code != ns_r_noerror) {
    answer.detail = code == ns_r_servfail  ? "SERVFAIL"
                    : code == ns_r_refused ? "REFUSED"
                                           : "error " + std::to_string(code);
    return answer;
  }
  Found found = read_records(message, type);
  answer.name = type == Type::cname ? name : end_of_aliases(found, name);
  for (Record& record : found.records)
    if (record.name == answer.name) answer.records.push_back(std::move(record));
  // What cannot be read is not absent: mail would go elsewhere, or back.
  if (answer.records.empty() && found.broken) return answer.detail = "a broken answer", answer;
  answer.kind = answer.records.empty() ? Kind::nodata : Kind::ok;
  return answer;
}

}  // namespace tubepost::dns
