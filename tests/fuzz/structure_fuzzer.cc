// The structure of any message can be made and read; its texts have balanced parentheses outside of strings; every section
// lies within the body. And any bytes taken for a structure are read without harm, beside a body they do not fit.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "imap/section.h"
#include "imap/sort.h"
#include "imap/structure_cache.h"
#include "imap/thread.h"

namespace {

using namespace tubepost::imap;

void demand(bool holds) {
  if (!holds) std::abort();
}

// Behind the string that begins there (RFC 9051 9 string).
std::size_t skip_string(std::string_view text, std::size_t at) {
  if (text[at] == '"') {
    for (++at; text.at(at) != '"'; ++at)
      if (text[at] == '\\') ++at;
    return at + 1;
  }
  const auto end = text.find('}', at);
  const auto size = tubepost::parse_number<std::size_t>(text.substr(at + 1, end - at - 1));
  demand(end != std::string_view::npos && size && text.substr(end + 1, 2) == "\r\n");
  const auto literal = text.substr(end + 3, *size);
  demand(literal.size() == *size && literal.find('\0') == std::string_view::npos);
  return end + 3 + *size;
}

void check_list(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '{') {
      at = skip_string(text, at);
      continue;
    }
    if (text[at] == ')') demand(depth-- > 0);
    if (text[at] == '(') ++depth;
    demand(depth > 0 || at + 1 == text.size());
    ++at;
  }
  demand(depth == 0 && text.size() > 2);
}

void read_all(const StructureView& view, std::string_view body) {
  SectionName name;
  for (std::uint32_t i = 0; i < std::min(view.part_count(), 20U); ++i) {
    for (const auto what : {SectionName::What::whole, SectionName::What::header_fields_not,
                            SectionName::What::text, SectionName::What::mime}) {
      name.what = what;
      if (auto section = read_section(view, "H: x\r\n", body, name)) {
        section->cut(i, 100);
        demand(section->text().size() == section->size() && section->size() <= 100);
      }
    }
    const auto binary = read_binary(view, "", body, name.part);
    demand(binary.bytes.size() == read_binary_size(view, "", body, name.part).size);
    demand(binary.bytes.size() <= body.size());
    name.part.push_back(i % 3 + 1);
  }
  Sorter sorter({{SortKey::date}, {SortKey::subject}, {SortKey::display_from, true}});
  Threader threader(ThreadAlgorithm::references);
  for (std::uint32_t i = 1; i < 3; ++i) {
    sorter.add(i, {}, i, view);
    threader.add(i, {}, view);
  }
  demand(sorter.sorted().size() == 2 && !threader.threads().empty());
  (void)view.sent_day();
  demand(view.body().size() <= view.body_structure().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto record = make_structure(text);
  const StructureView view(record);
  demand(view.valid() && view.body_size() == size && view.part_count() > 0);
  check_list(view.envelope());
  check_list(view.body_structure());
  check_list(view.body());
  demand(tubepost::is_valid_utf8(view.preview()));
  read_all(view, text);

  read_all(StructureView(text), text);
  for (std::size_t i = 0; i < size && i < 16; ++i)
    record[2 + (data[i] * 7 + i * 131) % (record.size() - 2)] ^= 0x41;
  const StructureView damaged(record);
  read_all(damaged, text);
  (void)damaged.envelope();
  return 0;
}
