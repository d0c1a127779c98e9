#include <iostream>

#include "basic-access-test/groups.h"
#include "smtp/reply_class.h"

namespace tubepost::basic_access_test {

ExitStatus explain(const Context& context) {
  const auto meaning = smtp::explain_reply(0, std::nullopt, context.options.reply);
  std::cout << smtp::to_text(meaning.reply_class) << '\t' << meaning.advice << '\n';
  return ExitStatus::ok;
}

}  // namespace tubepost::basic_access_test
