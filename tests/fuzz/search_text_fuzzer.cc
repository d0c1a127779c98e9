// Search text of any message keeps its bound, is found where it is said to be, and any bytes can be taken for one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "imap/search_match.h"

namespace {

using namespace tubepost::imap;

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t most = size > 0 ? data[0] * 8U : 1000;
  const auto whole = make_search_text(text), cut = make_search_text(text, most),
             structure = make_structure(text);
  const SearchTextView view(whole), part(cut);
  demand(view.valid() && part.valid() && view.all().size() == view.header().size() + view.body().size());
  demand(view.header().starts_with('\n') && part.all().size() <= most + 2);
  demand(tubepost::is_valid_utf8(view.all()) || !view.complete());

  const MessageText message{StructureView(structure), part, "X-Head: y\r\n", [&] { return text; }};
  const auto needle = Needle::make(text.substr(0, 5), "utf-8");
  demand(needle.has_value());
  if (body_has(message, *needle)) demand(text_has(message, *needle));
  if (header_has(message, "x-other", *needle)) demand(text_has(message, *needle));
  demand(header_has(message, "x-head", *Needle::make("Y", "")));

  const MessageText damaged{StructureView(text), SearchTextView(text), text, [&] { return text; }};
  (void)header_has(damaged, "subject", *needle);
  (void)text_has(damaged, *needle);
  return 0;
}
