#include "policy/filter_service.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "net/fd_stream.h"
#include "policy/filter_environment.h"
#include "policy/filter_output.h"

namespace tubepost::policy {
namespace {

constexpr std::string_view scheme = "unix:";

Failure no_filter_message(const char* what) { return Failure::permanent(std::string("no filter message: ") + what); }

Filtered later_because(const std::string& command, std::string reason) {
  Filtered filtered;
  filtered.verdict = FilterVerdict::later;
  filtered.command = command;
  filtered.reason = std::move(reason);
  return filtered;
}

// The lines up to the empty one.
Result<std::map<std::string, std::string, std::less<>>> read_lines(net::LineStream& stream) {
  std::map<std::string, std::string, std::less<>> lines;
  stream.set_accept_lf(true);
  for (;;) {
    const auto line = stream.read_line(service_line_max);
    if (line.kind != net::LineStream::Line::Kind::ok) return no_filter_message("a line is missing or too long");
    if (line.text.empty()) return lines;
    const auto equals = line.text.find('=');
    if (equals == line.text.npos || lines.size() >= service_lines_max) return no_filter_message("a line is wrong");
    auto value = percent_unescape(line.text.substr(equals + 1));
    if (!value) return no_filter_message("an escape is wrong");
    lines[std::string(line.text.substr(0, equals))] = std::move(*value);
  }
}

Result<std::uint64_t> size_in(const std::map<std::string, std::string, std::less<>>& lines,
                              std::uint64_t most) {
  const auto found = lines.find("size");
  const auto size = found == lines.end() ? std::nullopt : parse_number<std::uint64_t>(found->second);
  if (!size || *size > most) return no_filter_message("the size is missing or too large");
  return *size;
}

// `take` gets `size` bytes in pieces.
template <class Take>
Result<void> read_bytes(net::LineStream& stream, std::uint64_t size, Take take) {
  while (size > 0) {
    auto piece = stream.fill();
    if (piece.empty()) return no_filter_message("it is cut off");
    piece = piece.substr(0, size);
    if (auto taken = take(piece); !taken) return taken;
    size -= piece.size();
    stream.consume(piece.size());
  }
  return {};
}

std::string line(std::string_view name, std::string_view value) {
  return std::string(name) + '=' + percent_escape(value) + '\n';
}

std::string request_head(const FilterEnvelope& envelope, std::uint64_t size) {
  std::string head;
  for (const auto& [name, value] : inherited_environment())
    if (name.starts_with("TUBEPOST_")) head += line(name, value);
  head += line("SENDER", envelope.sender) + line("RECIPIENTS", join(envelope.recipients, "\n"));
  head += line("CLIENT_ADDRESS", envelope.client_address) + line("HELO", envelope.helo);
  head += line("AUTH_USER", envelope.auth_user) + line("SPOOL_ID", envelope.spool_id);
  return head + "size=" + std::to_string(size) + "\n\n";
}

Result<void> write_message(net::Stream& stream, std::string head, const MessageSource& message) {
  if (message.file < 0) {
    head += message.bytes;
    stream.write(head);
    return {};
  }
  stream.write(head);
  std::array<char, 65536> buffer;
  for (std::uint64_t at = 0; at < message.size;) {
    const ssize_t got = ::pread(message.file, buffer.data(), buffer.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Failure::temporary("the message cannot be read");
    const auto count = std::min<std::uint64_t>(static_cast<std::uint64_t>(got), message.size - at);
    stream.write({buffer.data(), count});
    at += count;
  }
  return {};
}

Result<Filtered> read_answer(net::LineStream& stream, const std::string& command,
                             const MessageSource& message, const FilterOptions& options,
                             const FilterSink& sink) {
  const auto lines = read_lines(stream);
  if (!lines) return lines.error();
  const auto text_of = [&](std::string_view name) {
    const auto found = lines->find(name);
    return found == lines->end() ? std::string() : found->second;
  };
  Filtered filtered;
  const auto status = parse_number<int>(text_of("status"));
  if (!status) return no_filter_message("there is no status");
  filtered.verdict = verdict_of_status(*status);
  const std::string words = filter_reply_text(text_of("reply"));
  if (filtered.verdict != FilterVerdict::go_on) {
    filtered.command = command;
    filtered.reason = "status " + std::to_string(*status) + (words.empty() ? "" : ": " + words);
  }
  if (filtered.verdict == FilterVerdict::malformed || filtered.verdict == FilterVerdict::refuse)
    filtered.reply = words;
  if (filtered.verdict != FilterVerdict::go_on || !lines->contains("size")) return filtered;
  const auto size = size_in(*lines, options.output_max);
  if (!size) return size.error();
  FilterOutput output(message, options.binary, sink);
  if (auto read = read_bytes(stream, *size, [&](std::string_view piece) { return output.take(piece); });
      !read)
    return std::move(read).error();
  if (auto finished = output.finish(); !finished) return std::move(finished).error();
  filtered.changed = output.changed();
  filtered.eight_bit = output.eight_bit();
  return filtered;
}

}  // namespace

bool is_filter_service(std::string_view command) { return command.starts_with(scheme); }

Result<FilterRequest> read_filter_request(net::LineStream& stream, std::size_t message_max) {
  auto lines = read_lines(stream);
  if (!lines) return std::move(lines).error();
  const auto size = size_in(*lines, UINT64_MAX);
  if (!size) return size.error();
  if (*size > message_max) {
    // Read to its end, so that whoever writes it comes to read what is said of it.
    auto passed_over = read_bytes(stream, *size, [](std::string_view) { return Result<void>(); });
    return passed_over ? Failure::permanent("longer than " + std::to_string(message_max) + " bytes", {5, 3, 4})
                       : std::move(passed_over).error();
  }
  FilterRequest request{std::move(*lines), {}};
  request.message.reserve(std::min<std::uint64_t>(*size, 1 << 20));  // a claim is no reason to take memory
  auto read = read_bytes(stream, *size, [&](std::string_view piece) -> Result<void> {
    request.message += piece;
    return {};
  });
  if (!read) return std::move(read).error();
  return request;
}

void write_filter_answer(net::LineStream& stream, const FilterAnswer& answer) {
  stream << "status=" << std::to_string(answer.status) << "\n" << line("reply", answer.reply);
  if (answer.changed) stream << "size=" << std::to_string(answer.changed->size()) << "\n";
  stream << "\n";
  if (answer.changed) stream << *answer.changed;
  stream.flush();
}

Filtered ask_filter_service(const std::string& command, const FilterEnvelope& envelope,
                            const MessageSource& message, const FilterOptions& options,
                            const FilterSink& sink) {
  try {
    const auto stream = net::connect_unix(command.substr(scheme.size()), options.time_limit);
    if (!stream) return later_because(command, stream.error().text);
    (*stream)->set_time_limit(options.time_limit);
    if (auto written = write_message(**stream, request_head(envelope, message.size), message); !written)
      return later_because(command, written.error().text);
    net::LineStream lines(**stream);
    auto filtered = read_answer(lines, command, message, options, sink);
    return filtered ? std::move(*filtered) : later_because(command, filtered.error().text);
  } catch (const net::TimedOut&) {
    return later_because(command, "no answer in time");
  } catch (const net::StreamEnd&) {
    return later_because(command, "it has closed the connection");
  }
}

}  // namespace tubepost::policy
