#include "basic-access-test/letters.h"

#include "base/file.h"
#include "base/text.h"
#include "message/date.h"
#include "message/transfer_encoding.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::string_view plain_type = "Content-Type: text/plain; charset=us-ascii\r\n";
constexpr std::string_view boundary = "=_basic-access-test";

std::string with_attachment(const std::string& text, const std::string& attachment) {
  const std::string line = "--" + std::string(boundary);
  return "Content-Type: multipart/mixed; boundary=\"" + std::string(boundary) + "\"\r\n\r\n" + line + "\r\n" +
         std::string(plain_type) + "\r\n" + text + line +
         "\r\nContent-Type: application/octet-stream; name=\"eicar.com\"\r\n"
         "Content-Disposition: attachment; filename=\"eicar.com\"\r\n"
         "Content-Transfer-Encoding: base64\r\n\r\n" +
         message::encode_base64_lines(attachment) + line + "--\r\n";
}

}  // namespace

Made make_letter(const Context& context, const std::string& from, const std::string& to,
                 const std::string& attachment) {
  Made made;
  made.token = "bat-" + to_hex(random_bytes(12));
  const std::string text = "A test of this mail server; it may be deleted.\r\n" + made.token + "\r\n";
  made.text = "From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: basic-access-test " + made.token +
              "\r\nDate: " + message::format_date(context.clock.now()) + "\r\nMessage-ID: <" + made.token +
              '@' + own_hostname(*context.settings) +
              ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  made.text +=
      attachment.empty() ? std::string(plain_type) + "\r\n" + text : with_attachment(text, attachment);
  return made;
}

Result<Answer> hand_over(MailSession& session, const std::string& sender, const std::string& recipient,
                         const std::string& text) {
  smtp::Sent sent;
  const auto done = guarded<void>([&]() -> Result<void> {
    smtp::Letter letter;
    letter.sender = sender;
    letter.recipients = {{recipient, "", ""}};
    letter.content = text;
    return session.smtp().send(
        letter, [](bool) {}, sent);
  });
  const std::string record = session.record();
  if (!done) return Failure::temporary(done.error().text + '\n' + record);
  if (sent.mail && !sent.mail->is_success()) return Answer{*sent.mail, false, record};
  if (!sent.recipients.empty() && !sent.recipients.front().is_success())
    return Answer{sent.recipients.front(), false, record};
  if (!sent.content.empty()) return Answer{sent.content.front(), true, record};
  if (sent.data) return Answer{*sent.data, false, record};
  return Failure::temporary("no answer\n" + record);
}

}  // namespace tubepost::basic_access_test
