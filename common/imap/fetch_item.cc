#include "imap/fetch_item.h"

#include <algorithm>

#include "base/text.h"
#include "imap/writer.h"

namespace tubepost::imap {
namespace {

using SectionKind = FetchSection::Kind;
using What = SectionName::What;

struct Attribute {
  std::string_view word;
  std::uint32_t bits;
};
constexpr std::uint32_t fast = fetch_flags | fetch_internal_date | fetch_size;
constexpr Attribute macros[] = {
    {"ALL", fast | fetch_envelope}, {"FAST", fast}, {"FULL", fast | fetch_envelope | fetch_body}};
constexpr Attribute attributes[] = {
    {"FLAGS", fetch_flags},        {"UID", fetch_uid},           {"INTERNALDATE", fetch_internal_date},
    {"RFC822.SIZE", fetch_size},   {"ENVELOPE", fetch_envelope}, {"BODYSTRUCTURE", fetch_body_structure},
    {"MODSEQ", fetch_modseq},      {"EMAILID", fetch_email_id},  {"THREADID", fetch_thread_id},
    {"SAVEDATE", fetch_save_date},
};

std::uint32_t find_attribute(const Attribute* from, std::size_t count, std::string_view word) {
  for (std::size_t i = 0; i < count; ++i)
    if (equal_ignoring_case(from[i].word, word)) return from[i].bits;
  return 0;
}

// RFC 9051 9: section-msgtext, and MIME behind part numbers.
struct Text {
  std::string_view word;
  What what;
};
constexpr Text texts[] = {{"HEADER.FIELDS.NOT", What::header_fields_not},
                          {"HEADER.FIELDS", What::header_fields},
                          {"HEADER", What::header},
                          {"TEXT", What::text},
                          {"MIME", What::mime}};

void expect_field_names(Scanner& scanner, SectionName& name) {
  scanner.expect_space();
  scanner.expect('(');
  do {
    if (name.fields.size() == section_fields_max) return scanner.fail("too many header fields");
    name.fields.push_back(scanner.expect_astring());
  } while (!scanner.failed() && scanner.take(' '));
  scanner.expect(')');
}

void expect_section_text(Scanner& scanner, SectionName& name) {
  for (const Text& text : texts) {
    if (!scanner.take_word(text.word)) continue;
    name.what = text.what;
    if (text.what == What::mime && name.part.empty()) return scanner.fail("MIME of no part");
    if (text.what == What::header_fields || text.what == What::header_fields_not)
      expect_field_names(scanner, name);
    return;
  }
  scanner.fail("an unknown section");
}

// Behind "[".
SectionName expect_section_name(Scanner& scanner, bool parts_only) {
  SectionName name;
  if (scanner.take(']')) return name;
  while (!scanner.failed()) {
    if (!is_digit(scanner.peek())) {
      parts_only ? scanner.fail("a part number expected") : expect_section_text(scanner, name);
      break;
    }
    name.part.push_back(scanner.expect_nz_number());
    if (name.part.size() > section_depth_max) scanner.fail("a part too deep");
    if (!scanner.take('.')) break;
  }
  scanner.expect(']');
  return name;
}

std::optional<FetchSection::Partial> take_partial(Scanner& scanner) {
  if (!scanner.take('<')) return std::nullopt;
  FetchSection::Partial partial;
  partial.offset = scanner.expect_number64();
  scanner.expect('.');
  partial.length = scanner.expect_number64();
  scanner.expect('>');
  if (!scanner.failed() && partial.length == 0) scanner.fail("a partial of nothing");
  return partial;
}

FetchSection expect_section(Scanner& scanner, SectionKind kind, bool peek) {
  FetchSection section;
  section.kind = kind;
  section.peek = peek || kind == SectionKind::binary_size;
  scanner.expect('[');
  section.name = expect_section_name(scanner, kind != SectionKind::body);
  if (kind != SectionKind::binary_size) section.partial = take_partial(scanner);
  return section;
}

FetchSection whole_message(SectionKind kind) {
  FetchSection section;
  section.kind = kind;
  section.peek = kind == SectionKind::rfc822_header;
  if (kind == SectionKind::rfc822_header) section.name.what = What::header;
  if (kind == SectionKind::rfc822_text) section.name.what = What::text;
  return section;
}

class FetchParser {
public:
  FetchParser(Scanner& scanner, FetchItems& items) : scanner_(scanner), items_(items) {}

  void item() {
    const auto word = scanner_.expect_atom();
    if (scanner_.failed()) return;
    if (const auto bits = find_attribute(attributes, std::size(attributes), word)) {
      items_.attributes |= bits;
      return;
    }
    if (equal_ignoring_case(word, "PREVIEW")) return preview();
    sections(word);
  }

private:
  // RFC 8970 3.1: PREVIEW, PREVIEW (LAZY).
  void preview() {
    items_.attributes |= fetch_preview;
    const auto rest = scanner_.rest();
    if (!starts_with_ignoring_case(rest, " (LAZY)")) return;
    scanner_.expect_space();
    scanner_.expect('(');
    scanner_.take_word("LAZY");
    scanner_.expect(')');
    items_.preview_lazy = true;
  }

  // '[' is an atom char; ']' is none: "BODY[1]" comes as the atom "BODY[1" and is read again.
  void sections(std::string_view word) {
    const auto name = word.substr(0, word.find('['));
    const bool bracket = name.size() < word.size();
    if (items_.sections.size() == fetch_sections_max) return scanner_.fail("too many sections");
    if (!bracket && equal_ignoring_case(name, "BODY")) {
      items_.attributes |= fetch_body;
    } else if (!bracket) {
      whole(name);
    } else {
      section(name, word.size() - name.size());
    }
  }

  void whole(std::string_view name) {
    if (equal_ignoring_case(name, "RFC822")) return add(whole_message(SectionKind::rfc822));
    if (equal_ignoring_case(name, "RFC822.HEADER")) return add(whole_message(SectionKind::rfc822_header));
    if (equal_ignoring_case(name, "RFC822.TEXT")) return add(whole_message(SectionKind::rfc822_text));
    scanner_.fail("an unknown thing to fetch");
  }

  void section(std::string_view name, std::size_t behind) {
    scanner_.step_back(behind);
    if (equal_ignoring_case(name, "BODY")) return add(expect_section(scanner_, SectionKind::body, false));
    if (equal_ignoring_case(name, "BODY.PEEK")) return add(expect_section(scanner_, SectionKind::body, true));
    if (equal_ignoring_case(name, "BINARY")) return add(expect_section(scanner_, SectionKind::binary, false));
    if (equal_ignoring_case(name, "BINARY.PEEK")) return add(expect_section(scanner_, SectionKind::binary, true));
    if (equal_ignoring_case(name, "BINARY.SIZE"))
      return add(expect_section(scanner_, SectionKind::binary_size, true));
    scanner_.fail("an unknown thing to fetch");
  }

  void add(FetchSection section) { items_.sections.push_back(std::move(section)); }

  Scanner& scanner_;
  FetchItems& items_;
};

}  // namespace

FetchItems expect_fetch_items(Scanner& scanner) {
  FetchItems items;
  FetchParser parser(scanner, items);
  if (scanner.take('(')) {
    do parser.item();
    while (!scanner.failed() && scanner.take(' '));
    scanner.expect(')');
    return items;
  }
  for (const Attribute& macro : macros) {
    if (!scanner.take_word(macro.word)) continue;
    items.attributes = macro.bits;
    return items;
  }
  parser.item();
  return items;
}

bool FetchItems::sets_seen() const {
  return std::any_of(sections.begin(), sections.end(), [](const FetchSection& s) { return !s.peek; });
}

std::string FetchSection::label() const {
  static constexpr std::string_view names[] = {"BODY",   "BINARY",        "BINARY.SIZE",
                                               "RFC822", "RFC822.HEADER", "RFC822.TEXT"};
  std::string label(names[static_cast<std::size_t>(kind)]);
  if (kind == SectionKind::rfc822 || kind == SectionKind::rfc822_header || kind == SectionKind::rfc822_text) return label;
  label += '[';
  bool dot = false;
  for (const auto number : name.part) {
    if (std::exchange(dot, true)) label += '.';
    append_number(label, number);
  }
  for (const Text& text : texts) {
    if (text.what != name.what) continue;
    if (dot) label += '.';
    label += text.word;
  }
  if (!name.fields.empty()) {
    label += " (";
    for (const auto& field : name.fields) {
      if (label.back() != '(') label += ' ';
      append_astring(label, field);
    }
    label += ')';
  }
  label += ']';
  if (partial) {
    label += '<';
    append_number(label, partial->offset);
    label += '>';
  }
  return label;
}

}  // namespace tubepost::imap
