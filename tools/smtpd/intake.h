// The message between 354 and its final dot: takes content as it arrives, puts our Received field (and, on submission, the fields
// that are missing) before it, judges its header, and hands everything on to the spool. Memory is bounded by the header limit and the
// spool's inline limit, whatever a client sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spool/spool.h"

namespace tubepost::smtpd {

struct IntakeOptions {
  std::string received;              // the whole field with its CRLF
  std::uint64_t size_max = 0;        // of the content as it arrives; over it, the rest is read and dropped
  bool validates = true;             // S7
  bool completes = false;            // RFC 6409 8: add Date, Message-ID, From
  std::string submitter, hostname;   // for the fields it adds
  Timestamp now;
};

enum class Flaw { none, too_large, corrupt, loop };

class Intake {
 public:
  Intake(spool::BodyWriter writer, IntakeOptions options);

  void take(std::string_view content);  // CRLF, without dot-stuffing; cut anywhere
  Flaw finish();                        // no more content; what is wrong with it
  const std::string& corruption() const { return corruption_; }
  // The whole message as it would be stored, for the filters; then body().
  Result<spool::BodyWriter::View> content() { return writer_.view(); }
  std::uint64_t content_size() const { return writer_.size(); }
  Result<spool::Body> body() { return writer_.finish(); }
  std::uint64_t size() const { return size_; }

 private:
  void close_header();

  spool::BodyWriter writer_;
  IntakeOptions options_;
  std::string header_;       // until its end is seen
  bool in_header_ = true;
  std::uint64_t size_ = 0;
  bool loops_ = false;
  std::string corruption_;
};

}  // namespace tubepost::smtpd
