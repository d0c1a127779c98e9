#include "imap/structure_cache.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "imap/base_subject.h"
#include "imap/body_structure.h"
#include "imap/bytes.h"
#include "imap/envelope.h"
#include "imap/preview.h"
#include "message/address_list.h"
#include "message/charset.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/header.h"

namespace tubepost::imap {
namespace {

// In the order in which they are stored.
enum Slot : unsigned {
  folded_from,  // FoldedField, in its order
  folded_to,
  folded_cc,
  folded_bcc,
  folded_subject,
  subject_base,
  mailbox_from,
  mailbox_to,
  mailbox_cc,
  shown_from,
  shown_to,
  id,
  reference_ids,
  preview_text,
  envelope_text,
  structure_text,
  extension_ranges,  // of structure_text: begin:u32 length:u32 each
  part_table,        // part_size each
  slot_count
};

constexpr std::size_t zone_at = 4, body_size_at = 8, sent_at = 16, ends_at = 24;
constexpr std::size_t data_at = ends_at + 4 * slot_count;
constexpr std::uint16_t has_date = 1, is_reply = 2, was_cut = 4, has_first_field = 8;
constexpr std::size_t part_size = 48, range_size = 8;
constexpr std::size_t first_address_max = 4 << 10;  // octets of a field that are read for its first address
constexpr std::size_t in_reply_to_max = 4 << 10;
constexpr std::size_t sort_text_max = 200;  // octets of a mailbox or display name

// Cut between characters.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (text[most] & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

class StructureMaker {
public:
  explicit StructureMaker(std::string_view body) : body_(body), parts_(message::read_mime(body)) {}
  std::string run();

private:
  void fold_fields();
  void read_sort_keys();
  void read_date();
  void write_parts();
  std::string assemble() const;

  std::string_view body_;
  std::vector<message::MimePart> parts_;
  EnvelopeFields fields_;
  std::array<std::string, slot_count> slots_;
  std::uint16_t flags_ = 0;
  std::int16_t zone_ = 0;
  std::int64_t sent_ = 0;
};

std::string StructureMaker::run() {
  const auto header = parts_[0].header(body_);
  fields_ = read_envelope_fields(header);
  fold_fields();
  read_sort_keys();
  read_date();
  slots_[preview_text] = make_preview(body_, parts_);
  append_envelope(slots_[envelope_text], fields_);
  auto structure = render_body_structure(body_, parts_);
  slots_[structure_text] = std::move(structure.text);
  for (const auto& range : structure.extensions) {
    append_le(slots_[extension_ranges], range.begin);
    append_le(slots_[extension_ranges], range.length);
  }
  write_parts();
  return assemble();
}

// Of all fields of a name, as they are what SEARCH asks about.
void StructureMaker::fold_fields() {
  constexpr std::string_view names[] = {"From", "To", "Cc", "Bcc", "Subject"};
  message::HeaderReader reader(parts_[0].header(body_));
  while (const auto field = reader.next()) {
    for (unsigned i = 0; i < std::size(names); ++i) {
      if (!field->is(names[i])) continue;
      flags_ |= static_cast<std::uint16_t>(has_first_field << i);
      auto& slot = slots_[folded_from + i];
      const auto raw = field->value.substr(0, 2 * folded_field_max);
      const auto folded = message::fold_case(message::decode_encoded_words(raw));
      const auto kept = cut(folded, folded_field_max - std::min(folded_field_max, slot.size()));
      if (raw.size() < field->value.size() || kept.size() < folded.size()) flags_ |= was_cut;
      if (!slot.empty() && !kept.empty()) slot += '\n';
      slot += kept;
    }
  }
}

struct FirstAddress {
  std::string mailbox, shown;
};

// RFC 5256 3 and RFC 5957 3. A group's name is the mailbox of the address that opens it.
FirstAddress first_address(const std::optional<std::string_view>& value) {
  const auto list = message::parse_address_list(value.value_or("").substr(0, first_address_max));
  if (list.groups.empty()) return {};
  const auto& group = list.groups.front();
  std::string mailbox, shown;
  if (group.name) {
    mailbox = shown = *group.name;
  } else if (!group.members.empty()) {
    const auto& address = group.members.front();
    mailbox = address.local_part;
    shown = address.display_name.empty()
                ? address.local_part + (address.domain.empty() ? "" : "@" + address.domain)
                : message::decode_encoded_words(address.display_name);
  }
  const auto folded = [](std::string_view text) {
    return std::string(cut(message::fold_case(cut(text, sort_text_max)), sort_text_max));
  };
  return {folded(mailbox), folded(shown)};
}

void StructureMaker::read_sort_keys() {
  auto subject = base_subject(fields_.subject.value_or(""));
  if (subject.reply_or_forward) flags_ |= is_reply;
  slots_[subject_base] = std::move(subject.text);
  auto from = first_address(fields_.from), to = first_address(fields_.to);
  slots_[mailbox_from] = std::move(from.mailbox);
  slots_[shown_from] = std::move(from.shown);
  slots_[mailbox_to] = std::move(to.mailbox);
  slots_[shown_to] = std::move(to.shown);
  slots_[mailbox_cc] = first_address(fields_.cc).mailbox;
  const auto own = message_ids(fields_.message_id.value_or(""));
  if (!own.empty()) slots_[id] = own.front();
  // RFC 5256 3: In-Reply-To only where References has nothing, and of that the first.
  auto references = message_ids(fields_.references.value_or("").substr(0, envelope_field_max));
  if (references.empty()) {
    references = message_ids(fields_.in_reply_to.value_or("").substr(0, in_reply_to_max));
    if (references.size() > 1) references.resize(1);
  }
  slots_[reference_ids] = join(references, "\n");
}

void StructureMaker::read_date() {
  const auto date = fields_.date ? message::parse_date(*fields_.date) : std::nullopt;
  if (!date) return;
  flags_ |= has_date;
  sent_ = std::chrono::floor<std::chrono::seconds>(date->time).time_since_epoch().count();
  zone_ = static_cast<std::int16_t>(date->zone.count());
}

void StructureMaker::write_parts() {
  auto& table = slots_[part_table];
  table.reserve(parts_.size() * part_size);
  for (const auto& part : parts_) {
    for (const auto offset : {part.header_begin, part.body_begin, part.body_end})
      append_le<std::uint64_t>(table, offset);
    for (const auto number : {part.lines, part.parent, part.first_child, part.next_sibling, part.number})
      append_le(table, number);
    append_le(table, static_cast<std::uint8_t>(part.opened));
    append_le(table, static_cast<std::uint8_t>(part.encoding));
    append_le<std::uint16_t>(table, 0);
  }
}

std::string StructureMaker::assemble() const {
  std::string record = "S";
  append_le(record, structure_version);
  append_le(record, flags_);
  append_le(record, zone_);
  append_le<std::uint16_t>(record, 0);
  append_le<std::uint64_t>(record, body_.size());
  append_le(record, sent_);
  std::size_t end = 0;
  for (const auto& slot : slots_) append_le(record, static_cast<std::uint32_t>(end += slot.size()));
  record.reserve(data_at + end);
  for (const auto& slot : slots_) record += slot;
  return record;
}

}  // namespace

std::string make_structure(std::string_view body) { return StructureMaker(body).run(); }

StructureView::StructureView(std::string_view record) {
  const bool known = record.size() >= data_at && record[0] == 'S' &&
                     static_cast<std::uint8_t>(record[1]) == structure_version;
  const auto end = read_le<std::uint32_t>(record, ends_at + 4 * (slot_count - 1));
  if (known && record.size() - data_at == end) record_ = record;
}

std::string_view StructureView::slot(unsigned index) const {
  const std::size_t begin = index == 0 ? 0 : read_le<std::uint32_t>(record_, ends_at + 4 * (index - 1));
  const std::size_t end = read_le<std::uint32_t>(record_, ends_at + 4 * index);
  if (begin > end || record_.size() < data_at || end > record_.size() - data_at) return {};
  return record_.substr(data_at + begin, end - begin);
}

std::string_view StructureView::envelope() const { return slot(envelope_text); }
std::string_view StructureView::body_structure() const { return slot(structure_text); }
std::string_view StructureView::preview() const { return slot(preview_text); }

std::string StructureView::body() const {
  const auto text = slot(structure_text), ranges = slot(extension_ranges);
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i + range_size <= ranges.size(); i += range_size) {
    const std::size_t begin = read_le<std::uint32_t>(ranges, i),
                      length = read_le<std::uint32_t>(ranges, i + 4);
    if (begin < at || begin > text.size() || length > text.size() - begin) break;
    out += text.substr(at, begin - at);
    at = begin + length;
  }
  return out += text.substr(at);
}

std::uint64_t StructureView::body_size() const { return read_le<std::uint64_t>(record_, body_size_at); }

std::uint32_t StructureView::part_count() const {
  return static_cast<std::uint32_t>(slot(part_table).size() / part_size);
}

PartEntry StructureView::part(std::uint32_t index) const {
  const auto table = slot(part_table);
  PartEntry part;
  if (index >= table.size() / part_size) return part;
  const auto entry = table.substr(index * part_size, part_size);
  part.header_begin = read_le<std::uint64_t>(entry, 0);
  part.body_begin = read_le<std::uint64_t>(entry, 8);
  part.body_end = read_le<std::uint64_t>(entry, 16);
  part.lines = read_le<std::uint32_t>(entry, 24);
  part.parent = read_le<std::uint32_t>(entry, 28);
  part.first_child = read_le<std::uint32_t>(entry, 32);
  part.next_sibling = read_le<std::uint32_t>(entry, 36);
  part.number = read_le<std::uint32_t>(entry, 40);
  part.opened = static_cast<message::Opened>(read_le<std::uint8_t>(entry, 44) % 7);
  part.encoding = static_cast<message::TransferEncoding>(read_le<std::uint8_t>(entry, 45) % 4);
  return part;
}

std::uint32_t StructureView::child(std::uint32_t index, std::uint32_t number) const {
  const auto count = part_count();
  auto at = part(index).first_child;
  // Siblings stand in order, so a damaged record cannot lead in circles.
  for (auto before = index; at > before && at < count;) {
    const auto entry = part(at);
    if (entry.number == number) return at;
    before = at;
    at = entry.next_sibling;
  }
  return message::no_part;
}

std::string_view StructureView::folded(FoldedField field) const {
  return slot(folded_from + static_cast<unsigned>(field));
}

bool StructureView::has(FoldedField field) const {
  return (read_le<std::uint16_t>(record_, 2) & has_first_field << static_cast<unsigned>(field)) != 0;
}

bool StructureView::folded_is_complete() const {
  return valid() && (read_le<std::uint16_t>(record_, 2) & was_cut) == 0;
}

std::optional<std::chrono::sys_seconds> StructureView::sent() const {
  if ((read_le<std::uint16_t>(record_, 2) & has_date) == 0) return std::nullopt;
  // Years as dates have them; what a damaged record says beyond is cut.
  constexpr std::int64_t most = 400'000'000'000;
  return std::chrono::sys_seconds(
      std::chrono::seconds(std::clamp(read_le<std::int64_t>(record_, sent_at), -most, most)));
}

std::optional<std::chrono::sys_days> StructureView::sent_day() const {
  const auto time = sent();
  if (!time) return std::nullopt;
  return std::chrono::floor<std::chrono::days>(*time +
                                               std::chrono::minutes(read_le<std::int16_t>(record_, zone_at)));
}

std::string_view StructureView::base_subject() const { return slot(subject_base); }
bool StructureView::is_reply_or_forward() const {
  return (read_le<std::uint16_t>(record_, 2) & is_reply) != 0;
}
std::string_view StructureView::from_mailbox() const { return slot(mailbox_from); }
std::string_view StructureView::to_mailbox() const { return slot(mailbox_to); }
std::string_view StructureView::cc_mailbox() const { return slot(mailbox_cc); }
std::string_view StructureView::display_from() const { return slot(shown_from); }
std::string_view StructureView::display_to() const { return slot(shown_to); }
std::string_view StructureView::message_id() const { return slot(id); }
std::string_view StructureView::references() const { return slot(reference_ids); }

}  // namespace tubepost::imap
