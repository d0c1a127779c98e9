#include "smtpd/intake.h"

#include "message/header.h"

namespace tubepost::smtpd {
namespace {

// A header longer than this is no header (Postfix cuts at 100 KB, Exim refuses at 1 MB).
constexpr std::size_t header_max = 1 << 20;

// RFC 5321 6.3: a hundred Received fields are a loop.
constexpr std::size_t received_max = 100;

// Where the empty line that ends a header begins to be followed by the body; npos: not there yet.
std::size_t header_end(std::string_view content, std::size_t from) {
  if (content.starts_with("\r\n")) return 2;
  const auto at = content.find("\r\n\r\n", from);
  return at == std::string_view::npos ? at : at + 4;
}

}  // namespace

Intake::Intake(spool::BodyWriter writer, IntakeOptions options)
    : writer_(std::move(writer)), options_(std::move(options)) {
  writer_.append(options_.received);
}

void Intake::take(std::string_view content) {
  size_ += content.size();
  if (size_ > options_.size_max) return;
  if (!in_header_) return writer_.append(content);
  const auto from = header_.size() < 3 ? 0 : header_.size() - 3;
  header_ += content;
  const auto end = header_end(header_, from);
  if (end == std::string::npos && header_.size() <= header_max) return;
  const auto rest = end == std::string::npos ? std::string() : header_.substr(end);
  if (end == std::string::npos)
    corruption_ = "header longer than " + std::to_string(header_max) + " bytes";
  else
    header_.resize(end);
  close_header();
  writer_.append(rest);
}

void Intake::close_header() {
  in_header_ = false;
  if (options_.completes) writer_.append(message::missing_fields(header_, options_.submitter, options_.hostname, options_.now));
  loops_ = message::count_fields(header_, "Received") > received_max;
  if (options_.validates && corruption_.empty())
    corruption_ = message::corruption(header_, options_.completes).value_or("");
  writer_.append(header_);
  header_ = {};
}

Flaw Intake::finish() {
  if (size_ > options_.size_max) return Flaw::too_large;
  if (in_header_) close_header();  // all of it is header: legal, RFC 5322 3.5
  if (options_.validates && !corruption_.empty()) return Flaw::corrupt;
  return loops_ ? Flaw::loop : Flaw::none;
}

}  // namespace tubepost::smtpd
