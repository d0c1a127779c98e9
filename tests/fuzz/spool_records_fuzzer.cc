// The spool's records as a damaged disk may hold them: whatever is read without complaint is written back as
// it was.
#include <cstdlib>

#include "spool/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tubepost::spool;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto envelope = decode_envelope(bytes)) {
    const auto again = decode_envelope(encode(*envelope));
    if (!again || encode(*again) != encode(*envelope)) std::abort();
  }
  if (const auto recipient = decode_recipient(7, bytes)) {
    const auto again = decode_recipient(7, encode(*recipient));
    if (!again || encode(*again) != encode(*recipient)) std::abort();
  }
  if (const auto header = BodyHeader::parse(bytes)) {
    char written[BodyHeader::size];
    header->write(written);
    if (std::string_view(written, sizeof written) != bytes.substr(0, BodyHeader::size)) std::abort();
  }
  if (const auto key = parse_due_key(bytes)) (void)key->id.to_text();
  if (const auto key = parse_recipient_key(bytes)) (void)key->id.to_text();
  if (const auto id = SpoolId::parse(bytes); id && id->to_text() != bytes) std::abort();
  return 0;
}
