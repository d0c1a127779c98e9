#include "avscan-wrap/eicar.h"

#include "message/transfer_encoding.h"

namespace tubepost::avscan {
namespace {

std::string message_with(const std::string& attachment) {
  std::string text =
      "From: Virus scanner <postmaster@localhost>\r\nTo: postmaster@localhost\r\n"
      "Subject: self-test of the virus scanner\r\nDate: Sun, 1 Nov 2026 12:00:00 +0000\r\n"
      "Message-ID: <selftest@localhost>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n"
      "--=_part\r\nContent-Type: text/plain\r\n\r\nA test.\r\n";
  return text + attachment + "--=_part--\r\n";
}

}  // namespace

std::string eicar() {
  std::string text = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$";
  text += "EICAR-STANDARD-";
  return text += "ANTIVIRUS-TEST-FILE!$H+H*";
}

std::string message_with_eicar() {
  return message_with(
      "--=_part\r\nContent-Type: application/octet-stream; name=\"eicar.com\"\r\n"
      "Content-Disposition: attachment; filename=\"eicar.com\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n" +
      message::encode_base64_lines(eicar()));
}

std::string message_without_virus() { return message_with(""); }

}  // namespace tubepost::avscan
