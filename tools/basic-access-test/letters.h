// Messages with a token, made and handed to a server: for the groups legs and scanner. Threading: one thread.
#pragma once

#include <string>

#include "basic-access-test/context.h"
#include "basic-access-test/mail_session.h"

namespace tubepost::basic_access_test {

struct Made {
  std::string token, text;  // the token is in the subject
};
// `attachment` not empty: the octets of a file beside the text, named eicar.com.
Made make_letter(const Context& context, const std::string& from, const std::string& to,
                 const std::string& attachment = {});

// What the server says to a letter for one recipient: at its end, or where it refuses earlier.
struct Answer {
  smtp::Reply reply;
  bool to_content = false;  // the message itself was judged
  std::string record;       // of the whole conversation
};
// A Failure: no answer.
Result<Answer> hand_over(MailSession& session, const std::string& sender, const std::string& recipient,
                         const std::string& text);

}  // namespace tubepost::basic_access_test
