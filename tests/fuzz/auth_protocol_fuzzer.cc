// The lines of the Dovecot auth protocol, from both ends. What is read must survive being written and read
// again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "auth/dovecot_protocol.h"

namespace dovecot = tubepost::auth::dovecot;

namespace {

std::string without_end(std::string line) {
  if (line.empty() || line.back() != '\n' || line.find('\n') != line.size() - 1) std::abort();
  line.pop_back();
  return line;
}

void write_and_read(const dovecot::AuthRequest& request) {
  const auto line = without_end(to_line(request));
  if (line.size() > dovecot::auth_line_max) return;  // escapes make it longer
  const auto again = dovecot::parse_client_line(line);
  const auto* same = again ? std::get_if<dovecot::AuthRequest>(&*again) : nullptr;
  if (!same || same->id != request.id || same->initial_response != request.initial_response ||
      same->service.empty() || same->secured != request.secured)
    std::abort();
}

void write_and_read(const dovecot::Fail& fail) {
  const auto again = dovecot::parse_server_line(without_end(to_line(fail)));
  const auto* same = again ? std::get_if<dovecot::Fail>(&*again) : nullptr;
  if (!same || same->id != fail.id || same->temporary != fail.temporary) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto message = dovecot::parse_client_line(line))
    if (const auto* request = std::get_if<dovecot::AuthRequest>(&*message)) write_and_read(*request);
  if (const auto message = dovecot::parse_server_line(line))
    if (const auto* fail = std::get_if<dovecot::Fail>(&*message)) write_and_read(*fail);
  if (dovecot::tab_unescape(dovecot::tab_escape(line)) != line) std::abort();
  return 0;
}
