// The text of a configuration file: whatever stands in it, load_text() gives settings or problems with their
// places.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/settings.h"

using namespace tubepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = config::load_text({"/home", "", {}, nullptr}, text);
  if ((loaded.settings == nullptr) == loaded.problems.empty()) std::abort();
  for (const auto& problem : loaded.problems)
    if (problem.where.empty() || problem.text.empty()) std::abort();
  if (!loaded.settings) return 0;
  // What has been accepted can be read by every setting's kind.
  for (const auto& row : config::all_settings()) {
    (void)loaded.settings->text(row.name);
    (void)loaded.settings->list(row.name);
    if (row.kind == config::Kind::number || row.kind == config::Kind::size) {
      const auto number = loaded.settings->number(row.name);
      if (number < row.least || number > row.most) std::abort();
    }
    if (row.kind == config::Kind::duration) (void)loaded.settings->duration(row.name);
    if (row.kind == config::Kind::durations) (void)loaded.settings->durations(row.name);
    if (row.kind == config::Kind::percentage) (void)loaded.settings->part(row.name);
  }
  (void)config::warnings(*loaded.settings);
  return 0;
}
