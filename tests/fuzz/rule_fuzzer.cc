// A rule's entry in its normal form is its own normal form, whatever the scope; the same for scopes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "directory/rule_keys.h"
#include "directory/rules.h"

using namespace tubepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto scope = directory::normal_scope(text)) {
    const auto again = directory::normal_scope(*scope);
    if (!again || *again != *scope) std::abort();
  }
  for (const char* scope : {"server", "example.test", "bob@example.test"}) {
    const auto entries = directory::normal_entries(scope, text);
    if (!entries) continue;
    for (const auto& entry : *entries) {
      const auto again = directory::normal_entries(scope, entry);
      if (!again || again->size() != 1 || again->front() != entry) std::abort();
      const auto read = directory::entry_of_key(directory::entry_key(entry));
      if (!read || *read != entry) std::abort();
    }
  }
  return 0;
}
