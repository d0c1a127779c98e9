// What is taken as a path reads the same when written again, and is what the limits allow; refusals are one
// printable line.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "smtp/path.h"

namespace {

using namespace tubepost;

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_mailbox(const smtp::Mailbox& mailbox, bool allow_utf8) {
  demand(mailbox.local_part.size() <= smtp::local_part_max && mailbox.domain.size() <= smtp::domain_max);
  demand(mailbox.to_text().find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  demand(allow_utf8 || mailbox.is_ascii());
  if (!mailbox.domain.empty()) demand(smtp::parse_mailbox(mailbox.to_text()) == mailbox);
}

void check_command(const Result<smtp::PathCommand>& command, bool allow_utf8) {
  if (!command) {
    demand(printable(command.error().text) == command.error().text);
    return;
  }
  if (command->mailbox) check_mailbox(*command->mailbox, allow_utf8 || command->smtputf8);
  demand(command->parameters.size() <= smtp::parameters_max);
  for (const auto& parameter : command->parameters) {
    demand(command->find(parameter.keyword) == &parameter);  // none twice
    if (!parameter.value) continue;
    demand(!parameter.value->empty());
    if (const auto decoded = smtp::decode_xtext(*parameter.value))
      demand(smtp::decode_xtext(smtp::encode_xtext(*decoded)) == decoded);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_command(smtp::parse_mail_command(text), false);
  check_command(smtp::parse_rcpt_command(text, false), false);
  check_command(smtp::parse_rcpt_command(text, true), true);
  // The same bytes where only a path is left to be right.
  check_command(smtp::parse_mail_command("FROM:<" + std::string(text) + "> SMTPUTF8"), true);
  check_command(smtp::parse_rcpt_command("TO:<" + std::string(text) + '>', true), true);
  if (const auto mailbox = smtp::parse_mailbox(text)) check_mailbox(*mailbox, true);
  return 0;
}
