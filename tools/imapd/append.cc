// APPEND (RFC 9051 6.3.12), several messages in one (RFC 3502), UTF8 (RFC 9755), and REPLACE (RFC 8508); APPENDLIMIT
// (RFC 7889). A
// message goes piece by piece from the client into the store's new body; nothing is in the mailbox before
// all of them are there.
#include "base/text.h"
#include "imap/date_time.h"
#include "imap/flags.h"
#include "imap/search_text.h"
#include "imap/structure_cache.h"
#include "imapd/line_ends.h"
#include "imapd/room.h"
#include "imapd/session.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t messages_max = 1000;  // in one APPEND

struct Options {
  mailstore::Flags flags;
  std::optional<Timestamp> internal_date;
  bool utf8 = false, catenate = false;
  imap::LiteralHead literal;
};

// [SP flag-list] [SP date-time] SP (literal / "CATENATE" SP "("), from behind the first SP.
Options expect_append_options(imap::Scanner& args) {
  Options options;
  if (args.peek() == '(') {
    auto flags = imap::expect_flag_list(args);
    options.flags = {flags.system, std::move(flags.keywords)};
    args.expect_space();
  }
  if (args.peek() == '"') {
    options.internal_date = imap::parse_date_time(args.expect_string());
    if (!options.internal_date) args.fail("a date and time expected");
    args.expect_space();
  }
  if (args.take_word("CATENATE")) {  // RFC 4469 5
    options.catenate = true;
    args.expect_space();
    args.expect('(');
    return options;
  }
  if (args.take_word("UTF8")) {
    options.utf8 = true;
    args.expect_space();
    args.expect('(');
  }
  const auto head = imap::literal_at_end(args.rest());
  if (!head || head->length != args.rest().size()) args.fail("a message expected, as a literal");
  if (head) options.literal = *head;
  if (options.utf8 && !options.literal.binary) args.fail("UTF8 has its message as a literal8");
  return options;
}

// RFC 9051 6.3.12: none for who may not read the mailbox.
std::string append_code(const Found& target, const mailstore::Appended& appended) {
  if (!target.rights.has('r')) return {};
  const imap::Ranges uids{{appended.uids.first, appended.uids.last}};
  return "APPENDUID " + std::to_string(appended.uid_validity) + ' ' + imap::to_text(uids);
}

// RFC 4314 4: without the right to it a flag is left out, and that is no failure.
void keep_allowed(mailstore::Flags& flags, Rights rights) {
  const auto settable = settable_flags(rights);
  flags.system &= settable.system;
  if (!settable.keywords) flags.keywords.clear();
}

}  // namespace

std::optional<Answer> Session::receive_bytes(const imap::LiteralHead& head, mailstore::NewBody& body) {
  std::optional<Answer> failure;
  LineEnds text(body);
  reader_.begin_literal();
  for (auto left = head.size; left > 0;) {
    const auto piece =
        lines_.fill().substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, SIZE_MAX)));
    if (piece.empty()) throw net::Disconnected();
    if (!failure && !head.binary && piece.find('\0') != std::string_view::npos)
      failure = imap::no(imap::code::cannot, "A NUL in the message: send it as a literal8");
    if (!failure)
      if (auto written = head.binary ? body.write(piece) : text.write(piece); !written)
        failure = refused(written.error());
    left -= piece.size();
    lines_.consume(piece.size());
  }
  return failure;
}

// The message that `head` announces; then `text` is what stands behind it.
std::optional<Answer> Session::receive_literal(const imap::LiteralHead& head, bool utf8, std::string& text,
                                               mailstore::NewBody& body) {
  if (head.size > rules_.message_size_max) return imap::no(imap::code::too_big, "Message too large");
  if (head.size == 0) return imap::no(imap::code::cannot, "A message of nothing");
  const auto failure = receive_bytes(head, body);
  const auto rest = reader_.rest_of_line();
  if (!rest) return imap::bad("Command too long");
  if (utf8 && !rest->starts_with(')')) return imap::bad("Syntax: ) expected behind the message");
  text = rest->substr(utf8 ? 1 : 0);
  return failure;
}

// `text`: what stands before the message; then what stands before the next one, empty if there is none.
std::optional<Answer> Session::receive_one(std::string& text, mailstore::Append& into) {
  imap::Scanner args(text);
  auto options = expect_append_options(args);
  if (args.failed()) return syntax_error(args);
  std::string behind(args.rest());
  const auto failure = options.catenate ? receive_parts(behind, into.body)
                                        : receive_literal(options.literal, options.utf8, behind, into.body);
  if (failure) return failure;
  const bool more = behind.starts_with(' ');
  if (!more && !behind.empty()) return imap::bad("Syntax: too much behind the message");
  if (into.body.size() == 0) return imap::no(imap::code::cannot, "A message of nothing");
  // It may have grown: see LineEnds.
  if (into.body.size() > rules_.message_size_max) return imap::no(imap::code::too_big, "Message too large");
  if (auto finished = into.body.finish(); !finished) return refused(finished.error());
  into.flags = std::move(options.flags);
  into.internal_date = options.internal_date.value_or(services_.clock.now());
  into.structure = imap::make_structure(into.body.bytes());
  into.text = imap::make_search_text(into.body.bytes());
  text = more ? behind.substr(1) : std::string();
  return std::nullopt;
}

std::optional<Answer> Session::receive(imap::Scanner& first, std::vector<mailstore::Append>& into) {
  std::string text(first.rest());  // the reader's own does not outlive the next line
  while (!text.empty()) {
    if (into.size() == messages_max) return imap::no(imap::code::limit, "Too many messages at once");
    into.push_back({services_.store.new_body(), {}, {}, {}, {}});
    if (auto answer = receive_one(text, into.back())) return answer;
  }
  return std::nullopt;
}

Answer Session::append(Call& call) {
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_space();
  if (call.args.failed()) return syntax_error(call.args);
  // Who is refused is told before a message is sent.
  const auto target = find_mailbox(name, "i", refusal, imap::code::try_create);
  if (refusal) return *refusal;
  std::vector<mailstore::Append> messages;
  if (auto answer = receive(call.args, messages)) return *answer;
  for (auto& message : messages) keep_allowed(message.flags, target->rights);
  const auto room = room_of(services_.store, services_.directory, target->location.owner);
  if (!room) return refused(room.error());
  const auto appended = services_.store.append(target->ref, messages, *room);
  if (!appended) return refused(appended.error(), imap::code::try_create);
  note_own_messages(target->ref, appended->uids);
  return imap::ok(append_code(*target, *appended), "Appended");
}

// RFC 8508 3.3: the new message comes and the old one goes, or neither.
Answer Session::replace(Call& call) {
  const auto set = imap::expect_sequence_set(call.args);
  call.args.expect_space();
  std::optional<Answer> refusal;
  const auto name = expect_name(call.args, refusal);
  call.args.expect_space();
  if (call.args.failed()) return syntax_error(call.args);
  const auto uids = selected_->chosen(set, call.uid);
  if (uids.size() != 1 && !refusal) refusal = imap::no(imap::code::nonexistent, "No such message");
  if (selected_->read_only)
    refusal = imap::no(imap::code::no_permission, "The mailbox is open for reading only");
  if (!may_remove(selected_->rights)) refusal = no_right();
  const auto target = find_mailbox(name, "i", refusal, imap::code::try_create);
  if (refusal) return *refusal;
  std::vector<mailstore::Append> messages;
  if (auto answer = receive(call.args, messages)) return *answer;
  if (messages.size() != 1) return imap::bad("One message replaces one");
  keep_allowed(messages.front().flags, target->rights);
  const auto room = room_of(services_.store, services_.directory, target->location.owner);
  if (!room) return refused(room.error());
  const auto appended =
      services_.store.replace(selected_->ref, uids.first(), target->ref, messages.front(), *room);
  if (!appended) return refused(appended.error(), imap::code::try_create);
  note_own_messages(target->ref, appended->uids);
  lines_ << imap::ok(append_code(*target, *appended), "Replaced").to_wire("*");
  return imap::ok("Done");
}

}  // namespace tubepost::imapd
