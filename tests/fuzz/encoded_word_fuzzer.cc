// Whatever a header holds becomes valid UTF-8 without line ends and controls, and folds to valid UTF-8; what we encode
// reads back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "message/charset.h"
#include "message/encoded_word.h"
#include "message/transfer_encoding.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto decoded = message::decode_encoded_words(text);
  demand(is_valid_utf8(decoded));
  demand(std::none_of(decoded.begin(), decoded.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  demand(is_valid_utf8(message::fold_case(text)));
  demand(message::fold_case(decoded).size() <= 33 * decoded.size());
  demand(message::decode_encoded_words(message::encode_words(decoded)) == decoded);
  demand(message::decode_transfer(message::encode_quoted_printable(text),
                                  message::TransferEncoding::quoted_printable) == text);
  if (size > 2)
    for (const auto* charset : {"utf-16", "iso-2022-jp", "utf-7", "gb18030", "hz-gb-2312"})
      demand(is_valid_utf8(message::to_utf8(text, charset).value_or("")));
  return 0;
}
