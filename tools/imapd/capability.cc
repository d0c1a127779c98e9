// What the client may use (CAPABILITY, RFC 9051 6.1.1), what it wants to use (ENABLE), and who is who (ID).
#include "base/text.h"
#include "imap/writer.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr std::string_view always = "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE";
constexpr std::string_view after_login =
    " IDLE UIDPLUS NAMESPACE CHILDREN UNSELECT MOVE SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS"
    " ESEARCH SEARCHRES CONDSTORE QRESYNC STATUS=SIZE MULTIAPPEND OBJECTID SAVEDATE PREVIEW BINARY WITHIN"
    " SORT SORT=DISPLAY THREAD=ORDEREDSUBJECT THREAD=REFERENCES UNAUTHENTICATE UTF8=ACCEPT REPLACE PARTIAL"
    " QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE ACL RIGHTS=texk LIST-MYRIGHTS"
    " METADATA NOTIFY CATENATE MULTISEARCH UIDONLY INPROGRESS";

constexpr std::size_t id_fields_max = 30;  // RFC 2971 3.3

}  // namespace

std::string Session::capabilities() {
  std::string all(always);
  if (is_logged_in()) {
    all += after_login;
    if (!deflate_stream_) all += " COMPRESS=DEFLATE";
    return all.append(" APPENDLIMIT=").append(std::to_string(rules_.message_size_max));
  }
  if (client_.preauthenticated) return all;
  if (services_.tls && !client_.tls) all += " STARTTLS";
  if (!may_send_passwords()) all += " LOGINDISABLED";  // RFC 9051 6.2.3
  for (const auto& mechanism : mechanisms())
    if (!mechanism.plaintext || may_send_passwords()) all.append(" AUTH=").append(mechanism.name);
  return all;
}

Answer Session::capability(Call&) {
  lines_ << "* CAPABILITY " << capabilities() << "\r\n";
  return imap::ok("That is all");
}

// RFC 2971: what clients say of themselves helps in the log, nobody believes it.
Answer Session::id(Call& call) {
  std::string said;
  if (!call.args.take_word("NIL")) {
    call.args.expect('(');
    for (std::size_t fields = 0; !call.args.failed() && !call.args.take(')'); ++fields) {
      if (fields > 0) call.args.expect_space();
      if (fields == id_fields_max) call.args.fail("too many fields");
      const auto field = call.args.expect_string();
      call.args.expect_space();
      const auto value = call.args.expect_nstring();
      said += (said.empty() ? "" : "; ") + printable(field, 30) + '=' + printable(value.value_or("NIL"), 200);
    }
  }
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  services_.logger.info("client-id", {{"client", client_.address_text()}, {"id", said}});
  lines_ << "* ID (\"name\" \"Tubepost\")\r\n";
  return imap::ok("Pleased to meet you");
}

// RFC 7162 3.1: the first command that needs it turns it on.
void Session::enable_condstore() {
  if (std::exchange(condstore_, true) || !selected_) return;
  lines_ << "* OK [HIGHESTMODSEQ " << std::to_string(selected_->told) << "] Mod-sequences from now on\r\n";
}

// RFC 5161 3.1: what is not known is passed over.
Answer Session::enable(Call& call) {
  std::string enabled;
  do {
    const auto name = to_upper(call.args.expect_atom());
    if (name == "CONDSTORE") enable_condstore();
    if (name == "QRESYNC") enable_condstore(), qresync_ = true;
    if (name == "IMAP4REV2") rev2_ = true;
    if (name == "UTF8=ACCEPT") utf8_ = true;
    if (name == "UIDONLY") uid_only_ = true;
    if (name == "UIDONLY" && selected_) selected_->uid_only = true;
    if (name == "CONDSTORE" || name == "QRESYNC" || name == "UTF8=ACCEPT" || name == "UIDONLY")
      enabled += ' ' + name;
    if (name == "IMAP4REV2") enabled += " IMAP4rev2";
  } while (!call.args.failed() && call.args.take(' '));
  call.args.expect_end();
  if (call.args.failed()) return syntax_error(call.args);
  lines_ << "* ENABLED" << enabled << "\r\n";
  return imap::ok("Done");
}

}  // namespace tubepost::imapd
