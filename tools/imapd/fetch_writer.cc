#include "imapd/fetch_writer.h"

#include "imap/date_time.h"
#include "imap/section.h"
#include "imap/writer.h"
#include "imapd/thread_id.h"

namespace tubepost::imapd {
namespace {

constexpr std::size_t batch_bytes = 64 << 10;    // of responses, or of structures
constexpr std::size_t batch_messages = 64;       // whose bytes are wanted
constexpr std::size_t structures_at_once = 200;  // put into the store in one transaction

constexpr std::uint32_t structured = imap::fetch_envelope | imap::fetch_body | imap::fetch_body_structure |
                                     imap::fetch_preview | imap::fetch_thread_id;

// RFC 3516 4.2: a literal8 only where there is a NUL, which no other literal can have.
bool has_nul(const imap::SectionBytes& bytes) {
  for (const auto piece : bytes.pieces())
    if (piece.find('\0') != std::string_view::npos) return true;
  return false;
}

}  // namespace

FetchWriter::FetchWriter(mailstore::MailStore& store, const Selected& box, net::LineStream& lines,
                         const imap::FetchItems& items)
    : store_(store),
      box_(box),
      lines_(lines),
      items_(items),
      wants_structure_((items.attributes & structured) != 0),
      wants_bytes_(!items.sections.empty()),
      walk_(box.uids),
      flags_(box.status) {}

Result<void> FetchWriter::write(const mailstore::UidSet& uids, const mailstore::UidSet& with_flags) {
  if (uids.empty()) return {};
  with_flags_ = &with_flags;
  const auto with = wants_structure_ || wants_bytes_ ? mailstore::With::structures : mailstore::With::records;
  for (std::optional<mailstore::Uid> next = uids.first(); next;) {
    const auto batch = uids.from(*next);
    if (batch.empty()) break;
    const auto rest = store_.scan(box_.ref, batch, with,
                                  [this](const mailstore::Scanned& scanned) { return visit(scanned); });
    if (!rest) return rest.error();
    lines_ << out_;
    out_.clear();
    for (const auto& pending : pending_)
      if (auto written = write_pending(pending); !written) return written;
    pending_.clear();
    pending_size_ = 0;
    next = *rest;
  }
  keep_structures();
  return {};
}

// Inside a transaction. Those that need their bytes are put off; so are all behind them, to keep the order.
bool FetchWriter::visit(const mailstore::Scanned& scanned) {
  const imap::StructureView structure(scanned.structure);
  if (wants_bytes_ || (wants_structure_ && !structure.valid())) {
    pending_.push_back({scanned.message, std::string(scanned.structure)});
    pending_size_ += scanned.structure.size();
    return wants_bytes_ && pending_.size() < batch_messages && pending_size_ < batch_bytes;
  }
  begin(scanned.message);
  append_record(scanned.message);
  if (wants_structure_) append_structure(scanned.message, structure);
  out_ += ")\r\n";
  return out_.size() < batch_bytes;
}

Result<void> FetchWriter::write_pending(const Pending& pending) {
  auto bytes = store_.fetch(box_.ref.account, pending.message);
  if (!bytes) return std::move(bytes).error();
  if (!*bytes) return {};  // expunged meanwhile
  std::string made;
  imap::StructureView structure(pending.structure);
  if (!structure.valid()) {
    made = imap::make_structure((*bytes)->body());
    structure = imap::StructureView(made);
  }
  begin(pending.message);
  append_record(pending.message);
  if (wants_structure_) append_structure(pending.message, structure);
  for (const auto& section : items_.sections) append_section(section, structure, **bytes);
  lines_ << out_ << ")\r\n";
  out_.clear();
  if (made.empty()) return {};
  made_.push_back({pending.message.email_id, std::move(made), {}});
  if (made_.size() == structures_at_once) keep_structures();
  return {};
}

// What cannot be kept (the disk is full) is made again the next time; the client has its answer.
void FetchWriter::keep_structures() {
  if (made_.empty()) return;
  static_cast<void>(store_.put_cached(box_.ref.account, made_));
  made_.clear();
}

// RFC 9586 3.3: UIDFETCH.
void FetchWriter::begin(const mailstore::Message& message) {
  ++written_;
  out_ += "* ";
  imap::append_number(out_, box_.uid_only ? message.uid : walk_.sequence_of(message.uid).value_or(0));
  out_ += box_.uid_only ? " UIDFETCH (" : " FETCH (";
}

// Behind a literal, which has been written already, nothing stands in the buffer.
void FetchWriter::append_name(std::string_view name) {
  if (out_.empty() || out_.back() != '(') out_ += ' ';
  out_ += name;
}

void FetchWriter::append_record(const mailstore::Message& message) {
  const auto has = [&](imap::FetchAttribute attribute) { return items_.has(attribute); };
  if (has(imap::fetch_uid)) append_name("UID "), imap::append_number(out_, message.uid);
  if (has(imap::fetch_flags) || (!with_flags_->empty() && with_flags_->contains(message.uid)))
    append_name("FLAGS "), flags_.append(out_, message.flags);
  if (has(imap::fetch_internal_date))
    append_name("INTERNALDATE "), imap::append_date_time(out_, message.internal_date);
  if (has(imap::fetch_size)) append_name("RFC822.SIZE "), imap::append_number(out_, message.size);
  if (has(imap::fetch_modseq))
    append_name("MODSEQ ("), imap::append_number(out_, message.modseq), out_ += ')';
  if (has(imap::fetch_email_id)) append_name("EMAILID (M"), out_ += message.email_id.to_text() + ')';
  if (has(imap::fetch_save_date)) append_name("SAVEDATE "), imap::append_date_time(out_, message.save_date);
}

void FetchWriter::append_structure(const mailstore::Message& message, const imap::StructureView& structure) {
  if (items_.has(imap::fetch_thread_id))
    append_name("THREADID ("), out_ += thread_id(structure, message.email_id) + ')';
  if (items_.has(imap::fetch_envelope)) append_name("ENVELOPE "), out_ += structure.envelope();
  if (items_.has(imap::fetch_body_structure))
    append_name("BODYSTRUCTURE "), out_ += structure.body_structure();
  if (items_.has(imap::fetch_body)) append_name("BODY "), out_ += structure.body();
  if (items_.has(imap::fetch_preview))
    append_name("PREVIEW "), imap::append_string(out_, structure.preview());
}

void FetchWriter::append_section(const imap::FetchSection& section, const imap::StructureView& structure,
                                 const mailstore::MessageBytes& bytes) {
  using Kind = imap::FetchSection::Kind;
  append_name(section.label());
  out_ += ' ';
  if (section.kind == Kind::binary || section.kind == Kind::binary_size)
    return append_binary(section, structure, bytes);
  auto found = imap::read_section(structure, bytes.head(), bytes.body(), section.name);
  if (!found) return void(out_ += "NIL");
  if (section.partial) found->cut(section.partial->offset, section.partial->length);
  out_ += '{';
  imap::append_number(out_, found->size());
  lines_ << out_ << "}\r\n";
  for (const auto piece : found->pieces()) lines_ << piece;
  out_.clear();
}

void FetchWriter::append_binary(const imap::FetchSection& section, const imap::StructureView& structure,
                                const mailstore::MessageBytes& bytes) {
  using Status = imap::BinaryBytes::Status;
  if (section.kind == imap::FetchSection::Kind::binary_size) {
    const auto size = imap::read_binary_size(structure, bytes.head(), bytes.body(), section.name.part);
    met_unknown_encoding_ = met_unknown_encoding_ || size.status == Status::unknown_encoding;
    return imap::append_number(out_, size.size);
  }
  auto found = imap::read_binary(structure, bytes.head(), bytes.body(), section.name.part);
  met_unknown_encoding_ = met_unknown_encoding_ || found.status == Status::unknown_encoding;
  if (found.status != Status::found) return void(out_ += "NIL");
  if (section.partial) found.bytes.cut(section.partial->offset, section.partial->length);
  if (has_nul(found.bytes)) out_ += '~';
  out_ += '{';
  imap::append_number(out_, found.bytes.size());
  out_ += "}\r\n";
  for (const auto piece : found.bytes.pieces()) out_ += piece;
}

}  // namespace tubepost::imapd
