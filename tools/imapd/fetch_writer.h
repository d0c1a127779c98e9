// Writes the FETCH responses of a set of messages. The store is read in bounded batches, and nothing is written
// to the client while a transaction is open (design.md 3): a slow reader holds nothing but its batch.
//
// RFC 9051 7.5.2, RFC 3516, RFC 7162, RFC 8474 EMAILID, THREADID, RFC 8514 SAVEDATE, RFC 8970 PREVIEW.
// Structures that are missing, or of another version, are made and put into the store, if it has room for them. Lives in one handler;
// borrows everything.
#pragma once

#include "imap/fetch_item.h"
#include "imap/structure_cache.h"
#include "imapd/flag_writer.h"
#include "imapd/selected.h"
#include "net/line_stream.h"

namespace tubepost::imapd {

class FetchWriter {
public:
  FetchWriter(mailstore::MailStore& store, const Selected& box, net::LineStream& lines,
              const imap::FetchItems& items);

  // In UID order. `with_flags`: those whose flags are told although they were not asked for.
  Result<void> write(const mailstore::UidSet& uids, const mailstore::UidSet& with_flags);
  std::uint64_t written() const { return written_; }
  bool met_unknown_encoding() const { return met_unknown_encoding_; }  // RFC 3516 4.3

private:
  struct Pending {  // what needs the message itself
    mailstore::Message message;
    std::string structure;
  };
  bool visit(const mailstore::Scanned& scanned);
  Result<void> write_pending(const Pending& pending);
  void begin(const mailstore::Message& message);
  void append_record(const mailstore::Message& message);
  void append_structure(const mailstore::Message& message, const imap::StructureView& structure);
  void append_section(const imap::FetchSection& section, const imap::StructureView& structure,
                      const mailstore::MessageBytes& bytes);
  void append_binary(const imap::FetchSection& section, const imap::StructureView& structure,
                     const mailstore::MessageBytes& bytes);
  void append_name(std::string_view name);
  void keep_structures();

  mailstore::MailStore& store_;
  const Selected& box_;
  net::LineStream& lines_;
  const imap::FetchItems& items_;
  const bool wants_structure_, wants_bytes_;
  const mailstore::UidSet* with_flags_ = nullptr;
  mailstore::SequenceWalk walk_;
  FlagWriter flags_;
  std::string out_;
  std::vector<Pending> pending_;
  std::size_t pending_size_ = 0;
  std::vector<mailstore::Cached> made_;
  std::uint64_t written_ = 0;
  bool met_unknown_encoding_ = false;
};

}  // namespace tubepost::imapd
