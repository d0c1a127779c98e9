#include "avscan-wrap/clamd.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <thread>

#include "avscan-wrap/limits.h"
#include "base/text.h"
#include "net/fd_stream.h"

namespace tubepost::avscan {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view instream("zINSTREAM\0", 10);
constexpr std::size_t chunk_max = 256 << 10;  // below any StreamMaxLength that makes sense
constexpr milliseconds first_pause{20}, longest_pause{1000};

std::string length_of(std::size_t count) {
  const auto n = static_cast<std::uint32_t>(count);
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}

milliseconds left_until(const net::Deadline& deadline) {
  return milliseconds(std::max(deadline.poll_milliseconds(), 1));
}

Result<std::unique_ptr<net::Stream>> connect(const std::string& address, const net::Deadline& deadline) {
  auto connected = [&]() -> Result<std::unique_ptr<net::Stream>> {
    if (address.starts_with("unix:")) return net::connect_unix(address.substr(5), left_until(deadline));
    // By number: who scans each message does not ask a name server for each.
    const auto endpoint = net::parse_endpoint(address.substr(5), 3310);
    if (!endpoint) return Failure::permanent(address + ": needs inet:ADDR:PORT");
    return net::connect_tcp(*endpoint, left_until(deadline));
  }();
  if (connected) (*connected)->set_time_limit(left_until(deadline));
  return connected;
}

// Small messages leave in one write.
void send(net::Stream& stream, std::string_view bytes) {
  std::string buffer(instream);
  do {
    const auto chunk = bytes.substr(0, chunk_max);
    bytes.remove_prefix(chunk.size());
    if (!chunk.empty()) buffer += length_of(chunk.size());
    buffer += chunk;
    if (bytes.empty()) buffer += length_of(0);
    stream.write(buffer);
    buffer.clear();
  } while (!bytes.empty());
}

// Up to its NUL or the end; nullopt: nothing came, or too much.
std::optional<std::string> read_reply(net::Stream& stream) {
  std::string reply;
  std::array<char, 1024> buffer;
  while (reply.size() <= clamd_reply_max) {
    const std::size_t got = stream.read(buffer);
    reply.append(buffer.data(), got);
    const auto nul = reply.find('\0');
    if (nul != reply.npos) return reply.substr(0, nul);
    if (got == 0) return reply.empty() ? std::nullopt : std::optional(std::string(trim(reply)));
  }
  return std::nullopt;
}

// clamd says why it stops reading (size limit, shutting down) and closes: writing fails, reading may not.
std::optional<std::string> converse(net::Stream& stream, std::string_view bytes) {
  try {
    send(stream, bytes);
  } catch (const net::Disconnected&) {
  }
  try {
    return read_reply(stream);
  } catch (const net::Disconnected&) {
    return std::nullopt;
  }
}

}  // namespace

Finding finding_of_reply(std::string_view reply) {
  const auto colon = reply.find(": ");
  if (reply.ends_with(" FOUND") && colon != reply.npos && colon + 2 < reply.size() - 6)
    return Finding::infected(
        printable(reply.substr(colon + 2, reply.size() - 6 - colon - 2), virus_name_max));
  if (reply.ends_with(": OK")) return Finding::clean();
  return Finding::failed("clamd: " + printable(reply, 200));
}

Finding ClamdScanner::scan(std::string_view bytes, std::string_view, const net::Deadline& deadline) {
  std::string last = "no answer";
  for (milliseconds pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    try {
      const auto stream = connect(options_.clamd, deadline);
      const auto reply = stream ? converse(**stream, bytes) : std::nullopt;
      if (reply) {
        Finding finding = finding_of_reply(*reply);
        finding.output = *reply + '\n';
        return finding;
      }
      last = stream ? "closed the connection without an answer" : stream.error().text;
      if (!stream && stream.error().retry == Retry::never) return Finding::failed("clamd: " + last);
    } catch (const net::StreamEnd&) {
      last = "no answer in time";
    }
    if (deadline.passed()) return Finding::failed("clamd at " + options_.clamd + ": " + last);
    std::this_thread::sleep_for(std::min(pause, left_until(deadline)));
  }
}

Result<std::string> ask_clamd(const std::string& address, std::string_view command,
                              const net::Deadline& deadline) {
  try {
    const auto stream = connect(address, deadline);
    if (!stream) return stream.error();
    (*stream)->write('z' + std::string(command) + '\0');
    if (auto reply = read_reply(**stream)) return std::move(*reply);
  } catch (const net::StreamEnd&) {
  }
  return Failure::temporary("clamd at " + address + " does not answer");
}

}  // namespace tubepost::avscan
