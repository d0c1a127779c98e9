#include "avscan-wrap/envelope.h"

#include "avscan-wrap/limits.h"
#include "base/file.h"
#include "base/text.h"

namespace tubepost::avscan {
namespace {

void add_lines(std::vector<std::string>& lines, std::string_view text) {
  for (const auto line : split(text, '\n'))
    if (!trim(line).empty()) lines.emplace_back(trim(line));
}

}  // namespace

Envelope read_envelope(const std::function<const char*(const char*)>& value_of) {
  const auto text_of = [&](const char* name) {
    const char* value = value_of(name);
    return std::string(value != nullptr ? value : "");
  };
  Envelope envelope;
  envelope.known = value_of("SENDER") != nullptr;
  envelope.sender = text_of("SENDER");
  envelope.client_address = text_of("CLIENT_ADDRESS");
  envelope.auth_user = text_of("AUTH_USER");
  envelope.spool_id = text_of("SPOOL_ID");
  envelope.released = text_of(release_variable);
  add_lines(envelope.recipients, text_of("RECIPIENTS"));
  const std::string file = text_of("ENVELOPE");
  if (!envelope.recipients.empty() || file.empty()) return envelope;
  const auto content = read_file(file, envelope_max);
  const auto first_end = content ? content->find('\n') : std::string::npos;
  if (first_end != std::string::npos)
    add_lines(envelope.recipients, std::string_view(*content).substr(first_end));
  return envelope;
}

}  // namespace tubepost::avscan
