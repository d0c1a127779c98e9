// APPEND … CATENATE (RFC 4469): a message made of texts that the client sends and of parts of messages that are here.
#include "base/text.h"
#include "imap/message_url.h"
#include "imap/section.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr unsigned parts_max = 1000;  // of one message; each may be a message to be taken apart

Answer bad_url(std::string_view url) {
  // RFC 4469 5 url-resp-text: no bracket that would end the code.
  std::string text = printable(url, 200);
  for (char& c : text)
    if (c == ']' || c == '[') c = '?';
  return imap::no("BADURL " + text, "There is no such message, or no such part of it");
}

Answer too_big() { return imap::no(imap::code::too_big, "Message too large"); }

}  // namespace

// Behind "CATENATE (": `text` is what has been read of the line; then what stands behind the closing parenthesis.
std::optional<Answer> Session::receive_parts(std::string& text, mailstore::NewBody& body) {
  for (unsigned parts = 0;; ++parts) {
    if (parts == parts_max) return imap::no(imap::code::limit, "Too many parts");
    imap::Scanner args(text);
    const bool is_text = args.take_word("TEXT");
    if (!is_text && !args.take_word("URL")) args.fail("TEXT or URL expected");
    args.expect_space();
    if (args.failed()) return syntax_error(args);
    std::string rest(args.rest());
    if (auto answer = is_text ? receive_text(rest, body) : receive_url(rest, body)) return answer;
    if (rest.starts_with(')')) {
      text = rest.substr(1);
      return std::nullopt;
    }
    if (!rest.starts_with(' ')) return imap::bad("Syntax: a space or ) expected behind a part");
    text = rest.substr(1);
  }
}

std::optional<Answer> Session::receive_text(std::string& rest, mailstore::NewBody& body) {
  const auto head = imap::literal_at_end(rest);
  if (!head || head->length != rest.size()) return imap::bad("Syntax: a literal expected");
  if (head->size > rules_.message_size_max - std::min(body.size(), rules_.message_size_max)) return too_big();
  const auto failure = receive_bytes(*head, body);
  const auto behind = reader_.rest_of_line();
  if (!behind) return imap::bad("Command too long");
  rest = *behind;
  return failure;
}

std::optional<Answer> Session::receive_url(std::string& rest, mailstore::NewBody& body) {
  std::string url;
  const auto head = imap::literal_at_end(rest);
  if (head && head->length == rest.size()) {
    if (head->size > imap::message_url_max) return bad_url("too long");
    url = reader_.literal(static_cast<std::size_t>(head->size));
    const auto behind = reader_.rest_of_line();
    if (!behind) return imap::bad("Command too long");
    rest = *behind;
  } else {
    imap::Scanner args(rest);
    url = args.expect_astring();
    if (args.failed()) return syntax_error(args);
    rest = std::string(args.rest());
  }
  return append_url(url, body);
}

std::optional<Answer> Session::append_url(const std::string& text, mailstore::NewBody& body) {
  const auto url = imap::parse_message_url(text);
  if (!url || (url->mailbox.empty() && !selected_)) return bad_url(text);
  mailstore::MailboxRef ref;
  std::uint32_t uid_validity = 0;
  if (url->mailbox.empty()) {
    ref = selected_->ref;
    uid_validity = selected_->status.uid_validity;
  } else {
    const auto found = access_->find(url->mailbox);
    if (!found || !found->rights.has('r')) return bad_url(text);
    ref = found->ref;
    uid_validity = found->status.uid_validity;
  }
  if (url->uid_validity.value_or(uid_validity) != uid_validity) return bad_url(text);
  const auto bytes = services_.store.fetch(ref, url->uid);
  if (!bytes) return refused(bytes.error());
  if (!*bytes) return bad_url(text);
  const auto structure = imap::make_structure((*bytes)->body());
  auto section = imap::read_section(imap::StructureView(structure), (*bytes)->head(), (*bytes)->body(),
                                    url->section.name);
  if (!section) return bad_url(text);
  if (url->section.partial) section->cut(url->section.partial->offset, url->section.partial->length);
  if (body.size() + section->size() > rules_.message_size_max) return too_big();
  for (const auto piece : section->pieces())
    if (auto written = body.write(piece); !written) return refused(written.error());
  return std::nullopt;
}

}  // namespace tubepost::imapd
