#include "directory/schema.h"

#include <cerrno>

#include "base/text.h"

namespace tubepost::directory {
namespace {

constexpr std::size_t key_max = 511;  // LMDB's

[[noreturn]] void damaged() { throw lmdb::Error(EBADMSG, "damaged entry in the directory"); }

void append_string(std::string& out, std::string_view text) {
  lmdb::append_u32(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

class Decoder {
public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) damaged();
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::uint32_t u32() { return lmdb::read_u32(take(4)); }
  std::uint64_t u64() { return lmdb::read_u64(take(8)); }
  std::string string() { return std::string(take(u32())); }
  void expect_end() const {
    if (!rest_.empty()) damaged();
  }

private:
  std::string_view rest_;
};

Properties take_properties(Decoder& in) {
  Properties properties;
  for (auto left = in.u32(); left > 0; --left) {
    auto key = in.string();
    properties.insert_or_assign(std::move(key), in.string());
  }
  return properties;
}

}  // namespace

std::string encode(const Properties& properties) {
  std::string out;
  lmdb::append_u32(out, static_cast<std::uint32_t>(properties.size()));
  for (const auto& [key, value] : properties) append_string(out, key), append_string(out, value);
  return out;
}

std::string encode(const Entry& entry) {
  std::string out = entry.is_account() ? "A" : "L";
  if (entry.is_account()) lmdb::append_u64(out, entry.id);
  append_string(out, entry.local_part);
  if (entry.is_account()) return out + encode(entry.properties);
  lmdb::append_u32(out, static_cast<std::uint32_t>(entry.targets.size()));
  for (const auto& target : entry.targets)
    append_string(out, target.local_part), append_string(out, target.domain);
  return out;
}

Entry decode_entry(std::string_view bytes) {
  Decoder in(bytes);
  const auto type = in.take(1);
  Entry entry;
  if (type == "A") {
    entry.id = in.u64();
    entry.local_part = in.string();
    entry.properties = take_properties(in);
  } else if (type == "L") {
    entry.local_part = in.string();
    for (auto left = in.u32(); left > 0; --left) {
      auto local_part = in.string();
      entry.targets.push_back({std::move(local_part), in.string()});
    }
  } else {
    damaged();
  }
  in.expect_end();
  return entry;
}

Properties decode_properties(std::string_view bytes) {
  Decoder in(bytes);
  auto properties = take_properties(in);
  in.expect_end();
  return properties;
}

std::string encode(const Route& route) {
  std::string out;
  append_string(out, kind_name(route.kind));
  append_string(out, route.target);
  return out;
}

Route decode_route(std::string_view key, std::string_view bytes) {
  Decoder in(bytes);
  const auto kind = parse_kind(in.string());
  auto target = in.string();
  if (!kind || key.size() < 2) damaged();
  in.expect_end();
  return {std::string(key.substr(1)), key.front() == 's', *kind, std::move(target)};
}

bool is_postmaster(std::string_view local_part) { return equal_ignoring_case(local_part, "postmaster"); }

std::string domain_prefix(std::string_view domain) { return to_lower(domain) + '\0'; }

std::string address_key(const smtp::Mailbox& address, bool folds_case) {
  if (address.domain.find('\0') != std::string::npos) return {};
  std::string key = domain_prefix(address.domain);
  // RFC 5321 2.4: only the domain is without case; that local parts are too is our default (A7), and so for
  // postmaster always.
  key += folds_case || is_postmaster(address.local_part) ? to_lower(address.local_part) : address.local_part;
  return key.size() <= key_max ? key : std::string();
}

std::string age_key(std::string_view domain, AccountId id) { return domain_prefix(domain) + id_key(id); }

std::string id_key(AccountId id) {
  std::string key;
  lmdb::append_u64(key, id);
  return key;
}

std::string route_key(std::string_view pattern, bool by_sender) {
  std::string key = (by_sender ? "s" : "r") + to_lower(pattern);
  return key.size() <= key_max ? key : std::string();
}

std::string domain_of_key(std::string_view address_key) {
  return std::string(address_key.substr(0, address_key.find('\0')));
}

}  // namespace tubepost::directory
