#include "mailstore/references.h"

#include <algorithm>

namespace tubepost::mailstore {
namespace {

constexpr std::size_t ids_in_row = 100;  // 1,600 bytes: two rows in a page

}  // namespace

void References::save() {
  for (auto& [account, book] : books_) {
    count_added(account, book.added);
    if (book.dropped.size() > dropped_at_once)
      leave_for_later(account, book.dropped);
    else
      for (const auto& body : book.dropped) take_off(account, body);
  }
  books_.clear();
}

void References::count_added(AccountId account, std::vector<spool::SpoolId>& bodies) {
  if (bodies.empty()) return;
  std::sort(bodies.begin(), bodies.end());
  auto cursor = transaction_.cursor(tables_.shares);
  for (auto from = bodies.begin(); from != bodies.end();) {
    const auto to = std::find_if(from, bodies.end(), [&](const spool::SpoolId& id) { return id != *from; });
    const auto key = schema::body_key(account, *from);
    const bool is_shared = cursor.seek(key) && cursor.key() == key;
    const auto count = is_shared ? schema::need(schema::decode_u32(cursor.value()), "shares") : 1;
    cursor.put(key, schema::encode_u32(count + static_cast<std::uint32_t>(to - from)));
    from = to;
  }
}

void References::leave_for_later(AccountId account, const std::vector<spool::SpoolId>& bodies) {
  std::uint64_t number = 0;
  {
    auto cursor = transaction_.cursor(tables_.dropped);
    if (cursor.seek_before(schema::dropped_key(account, UINT64_MAX)) &&
        cursor.key().starts_with(schema::account_key(account)))
      number = lmdb::read_u64(cursor.key().substr(8)) + 1;
  }
  std::string row;
  for (const auto& body : bodies) {
    row += body.bytes();
    if (row.size() < ids_in_row * schema::id_size && &body != &bodies.back()) continue;
    transaction_.put(tables_.dropped, schema::dropped_key(account, number++), row);
    row.clear();
  }
}

std::size_t References::settle(std::size_t most, std::optional<AccountId> account) {
  std::size_t settled = 0;
  while (settled < most) {
    std::string key, ids;
    {
      auto cursor = transaction_.cursor(tables_.dropped);
      if (!(account ? cursor.seek_prefix(schema::account_key(*account)) : cursor.first())) break;
      key = cursor.key();
      ids = cursor.value();
    }
    if (ids.empty() || ids.size() % schema::id_size != 0) schema::damaged("dropped");
    // From the end, so that what is left is a shorter row.
    for (; !ids.empty() && settled < most; ++settled) {
      take_off(lmdb::read_u64(key),
               spool::SpoolId::from_bytes(std::string_view(ids).substr(ids.size() - schema::id_size)));
      ids.resize(ids.size() - schema::id_size);
    }
    if (ids.empty())
      transaction_.erase(tables_.dropped, key);
    else
      transaction_.put(tables_.dropped, key, ids);
  }
  return settled;
}

void References::take_off(AccountId account, const spool::SpoolId& body) {
  const auto key = schema::body_key(account, body);
  const auto shared = transaction_.get(tables_.shares, key);
  if (!shared) return erase_body(key);
  const auto left = schema::need(schema::decode_u32(*shared), "shares") - 1;
  if (left > 1)
    transaction_.put(tables_.shares, key, schema::encode_u32(left));
  else
    transaction_.erase(tables_.shares, key);
}

void References::erase_body(const std::string& key) {
  const auto value = transaction_.get(tables_.bodies, key);
  const auto header = value ? schema::decode_body_header(*value) : std::nullopt;
  if (header && header->place == schema::Place::beside)
    transaction_.put(tables_.doomed, key, schema::encode_time(now_));
  for (const auto table : {tables_.bodies, tables_.structures, tables_.texts}) transaction_.erase(table, key);
  auto cursor = transaction_.cursor(tables_.heads);
  for (bool more = cursor.seek_prefix(key); more && cursor.key().starts_with(key);) more = cursor.erase();
}

}  // namespace tubepost::mailstore
