#include "imapd/thread_id.h"

#include "auth/crypto.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t hashed_octets = 16;  // of SHA-256: nobody makes two threads one by chance or on purpose

}  // namespace

std::string thread_id(const imap::StructureView& structure, const spool::SpoolId& email_id) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto references = structure.references();
  const auto root = references.empty() ? structure.message_id() : references.substr(0, references.find('\n'));
  std::string id = "T";
  if (root.empty()) return id += email_id.to_text();
  const auto hash = auth::sha256(root);
  for (const char c : hash.substr(0, hashed_octets)) {
    id += digits[static_cast<unsigned char>(c) >> 4];
    id += digits[static_cast<unsigned char>(c) & 15];
  }
  return id;
}

}  // namespace tubepost::imapd
