// BDAT, RFC 3030: content by count. The octets of a chunk are read whatever the answer, so that they are never taken for commands.
#include "base/text.h"
#include "smtpd/refusals.h"
#include "smtpd/session.h"

namespace tubepost::smtpd {
namespace {

struct ChunkSize {
  std::uint64_t octets = 0;
  bool last = false;
};

// RFC 3030 2: "BDAT" SP chunk-size [ SP "LAST" ].
std::optional<ChunkSize> parse_chunk(std::string_view arguments) {
  const auto words = split_words(arguments);
  if (words.empty() || words.size() > 2) return std::nullopt;
  const auto octets = parse_number<std::uint64_t>(words[0]);
  if (!octets || (words.size() == 2 && !equal_ignoring_case(words[1], "LAST"))) return std::nullopt;
  return ChunkSize{*octets, words.size() == 2};
}

}  // namespace

Answer Session::bdat(std::string_view arguments) {
  const auto chunk = parse_chunk(arguments);
  // How many octets follow is not known: what comes next cannot be told from commands.
  if (!chunk) return {refusals::bad_arguments("BDAT size [LAST]"), Then::close};
  if (auto refused = chunk_guard()) {
    read_octets(chunk->octets, [](std::string_view) {});
    return std::move(*refused);
  }
  if (!transaction_->chunks) {
    const auto id = spool::SpoolId::make(services_.clock);
    transaction_->chunks =
        std::make_unique<Chunks>(Chunks{id, Intake(services_.spool.new_body(), intake_options(id))});
  }
  Chunks& chunks = *transaction_->chunks;
  read_octets(chunk->octets, [&](std::string_view octets) {
    chunks.inspector.take(octets);
    chunks.intake.take(octets);
  });
  if (chunk->last) return last_chunk();
  if (chunks.intake.size() > policy_->message_size_max()) {
    transaction_.reset();
    return refusals::message_too_large(policy_->message_size_max());
  }
  return smtp::Reply{250, EnhancedStatus{2, 0, 0}, std::to_string(chunk->octets) + " octets received"};
}

std::optional<Answer> Session::chunk_guard() {
  if (!transaction_) return refusals::need_mail_first();
  // RFC 2033 4.3 has no reply at all to BDAT LAST here; clients that wait for one would wait for ever.
  if (transaction_->recipients.empty()) return refusals::need_recipient_first(policy_->role() == Role::lmtp);
  if (transaction_->chunks) return std::nullopt;
  return content_permission();
}

Answer Session::last_chunk() {
  auto chunks = std::move(transaction_->chunks);
  const bool binary = transaction_->envelope.body_type == spool::BodyType::binary_mime;
  const auto found = chunks->inspector.findings();
  if (!binary && found.octets > 0 && !chunks->inspector.ends_with_line_end()) chunks->intake.take("\r\n");
  return finish_message(chunks->id, chunks->intake, found);
}

void Session::read_octets(std::uint64_t count, const smtp::ContentSink& sink) {
  while (count > 0) {
    const auto chunk = lines_.fill();
    if (chunk.empty()) throw net::Disconnected{};
    const auto part = chunk.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(count, chunk.size())));
    sink(part);
    lines_.consume(part.size());
    count -= part.size();
  }
}

}  // namespace tubepost::smtpd
