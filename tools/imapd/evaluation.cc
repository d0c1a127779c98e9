#include "imapd/evaluation.h"

#include <algorithm>

#include "base/text.h"
#include "imapd/thread_id.h"
#include "message/charset.h"

namespace tubepost::imapd {
namespace {

using Kind = imap::SearchKey::Kind;

// What deliver writes above a message.
constexpr std::string_view generated_fields[] = {"Return-Path", "Delivered-To", "Received", "X-Original-To"};
constexpr std::string_view structure_fields[] = {"From", "To", "Cc", "Bcc", "Subject"};

template <std::size_t count>
bool is_one_of(const std::string_view (&names)[count], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view known) { return equal_ignoring_case(known, name); });
}

bool has_text(Kind kind) { return kind == Kind::header || kind == Kind::body || kind == Kind::text; }

bool compare(Kind before, Kind on, Kind kind, std::chrono::sys_days day, std::chrono::sys_days wanted) {
  if (kind == before) return day < wanted;
  return kind == on ? day == wanted : day >= wanted;
}

std::uint32_t keyword_bits(const mailstore::MailboxStatus& mailbox, std::string_view keyword) {
  for (std::size_t i = 0; i < mailbox.keywords.size(); ++i)
    if (equal_ignoring_case(mailbox.keywords[i], keyword)) return mailstore::keyword_bit(i);
  return 0;
}

}  // namespace

std::optional<Evaluation> Evaluation::make(const imap::SearchProgram& program, const Selected& box,
                                           Timestamp now) {
  // RFC 9051 6.4.4: also where the text would be the same in any charset.
  if (!program.charset.empty() && !message::is_known_charset(program.charset)) return std::nullopt;
  Evaluation evaluation(box, now);
  if (!evaluation.prepare(program.key, program.charset, evaluation.root_)) return std::nullopt;
  for (const Node& child : evaluation.root_.children)
    if (child.kind == Kind::sequence || child.kind == Kind::uid)
      evaluation.candidates_ = evaluation.candidates_.intersection(child.set);
  return evaluation;
}

bool Evaluation::prepare(const imap::SearchKey& key, const std::string& charset, Node& node) {
  node.kind = key.kind;
  node.number = key.number;
  node.bits = key.kind == Kind::keyword ? keyword_bits(box_.status, key.text)
                                        : static_cast<std::uint32_t>(key.number);
  node.day = key.day;
  node.field = key.field;
  node.id = key.text;
  if (key.kind == Kind::sequence || key.kind == Kind::uid)
    node.set = box_.chosen(key.set, key.kind == Kind::uid);
  if (has_text(key.kind)) {
    node.needle = imap::Needle::make(key.text, charset);
    if (!node.needle) return false;
  }
  need(key);
  for (const auto& child : key.children)
    if (!prepare(child, charset, node.children.emplace_back())) return false;
  return true;
}

void Evaluation::need(const imap::SearchKey& key) {
  using With = mailstore::With;
  const bool sent =
      key.kind == Kind::sent_before || key.kind == Kind::sent_on || key.kind == Kind::sent_since;
  // Whether a field is there at all is not in the structure.
  const bool in_structure =
      key.kind == Kind::header && !key.text.empty() && is_one_of(structure_fields, key.field);
  const bool thread = key.kind == Kind::thread_id;
  needs_sent_ = needs_sent_ || sent || thread;
  if (key.kind == Kind::header && is_one_of(generated_fields, key.field)) needs_head_ = true;
  if (has_text(key.kind) && !in_structure)
    needs_ = With::texts;
  else if ((sent || thread || in_structure) && needs_ == With::records)
    needs_ = With::structures;
}

bool Evaluation::matches_date(const Node& node, const mailstore::Message& message,
                              const imap::MessageText& text) const {
  const auto day_of = [](Timestamp time) { return std::chrono::floor<std::chrono::days>(time); };
  switch (node.kind) {
    case Kind::internal_before:
    case Kind::internal_on:
    case Kind::internal_since:
      return compare(Kind::internal_before, Kind::internal_on, node.kind, day_of(message.internal_date),
                     node.day);
    case Kind::saved_before:
    case Kind::saved_on:
    case Kind::saved_since:
      return compare(Kind::saved_before, Kind::saved_on, node.kind, day_of(message.save_date), node.day);
    default: {
      const auto sent = text.structure.sent_day();
      return sent && compare(Kind::sent_before, Kind::sent_on, node.kind, *sent, node.day);
    }
  }
}

bool Evaluation::matches(const Node& node, const mailstore::Message& message,
                         const imap::MessageText& text) const {
  const auto child_matches = [&](const Node& child) { return matches(child, message, text); };
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now_ - message.internal_date).count();
  switch (node.kind) {
    case Kind::all:
      return true;
    case Kind::none:
      return false;
    case Kind::flag:
    case Kind::keyword:
      return (message.flags & node.bits) != 0;
    case Kind::sequence:
    case Kind::uid:
      return node.set.contains(message.uid);
    case Kind::header:
      return imap::header_has(text, node.field, *node.needle);
    case Kind::body:
      return imap::body_has(text, *node.needle);
    case Kind::text:
      return imap::text_has(text, *node.needle);
    case Kind::larger:
      return message.size > node.number;
    case Kind::smaller:
      return message.size < node.number;
    case Kind::older:  // RFC 5032 3
      return age >= static_cast<std::int64_t>(node.number);
    case Kind::younger:
      return age <= static_cast<std::int64_t>(node.number);
    case Kind::modseq:
      return message.modseq >= node.number;
    case Kind::email_id:
      return node.id == "M" + message.email_id.to_text();
    case Kind::thread_id:
      return node.id == thread_id(text.structure, message.email_id);
    case Kind::negation:
      return !child_matches(node.children.front());
    case Kind::any:
      return std::any_of(node.children.begin(), node.children.end(), child_matches);
    case Kind::every:
      return std::all_of(node.children.begin(), node.children.end(), child_matches);
    default:
      return matches_date(node, message, text);
  }
}

}  // namespace tubepost::imapd
