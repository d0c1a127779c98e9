// Any bytes as the parts of IMAP commands: an answer, within the limits, and no more.
#include <cstdlib>

#include "imap/date_time.h"
#include "imap/fetch_item.h"
#include "imap/flags.h"
#include "imap/mailbox_name.h"
#include "imap/search_key.h"
#include "imap/sequence_set.h"
#include "imap/status_item.h"
#include "imap/writer.h"

namespace {

using namespace tubepost::imap;

void check(bool holds) {
  if (!holds) std::abort();
}

// What was read can be written, and read again as the same.
void round_trip(std::string_view text) {
  Scanner scanner(text);
  const auto value = scanner.expect_astring();
  if (scanner.failed()) return;
  std::string written;
  append_astring(written, value);
  Scanner again(written);
  check(again.expect_astring() == value);
  again.expect_end();
  check(!again.failed());
}

void names(std::string_view text) {
  for (const bool utf8 : {false, true}) {
    const auto name = parse_mailbox_name(text, utf8);
    if (!name) continue;
    check(name->size() <= mailbox_name_max);
    check(decode_utf7(encode_utf7(*name)) == name);
    check(Pattern("*").matches(*name));
  }
  const auto half = text.size() / 2;
  Pattern(text.substr(0, half)).matches(text.substr(half).substr(0, mailbox_name_max));
}

template <class Parse>
void parse(std::string_view text, Parse parse_it) {
  Scanner scanner(text);
  parse_it(scanner);
  check(scanner.failed() == !scanner.why().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  round_trip(text);
  names(text);
  literal_at_end(text);
  parse(text, [](Scanner& scanner) { expect_search_program(scanner, true); });
  parse(text, [](Scanner& scanner) {
    for (const auto& section : expect_fetch_items(scanner).sections) section.label();
  });
  parse(text, [](Scanner& scanner) { expect_store_flags(scanner); });
  parse(text, [](Scanner& scanner) { expect_status_items(scanner); });
  parse(text, [](Scanner& scanner) {
    const auto set = expect_sequence_set(scanner);
    check(set.ranges.size() <= set_ranges_max);
    const auto ranges = set.resolve(1000);
    for (std::size_t i = 1; i < ranges.size(); ++i) check(ranges[i - 1].last < ranges[i].first);
  });
  if (const auto time = parse_date_time(text)) {
    std::string written;
    append_date_time(written, *time);
    check(parse_date_time(std::string_view(written).substr(1, written.size() - 2)) == time);
  }
  return 0;
}
