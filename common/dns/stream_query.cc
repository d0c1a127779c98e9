#include "dns/stream_query.h"

#include "base/file.h"
#include "base/text.h"
#include "dns/datagrams.h"
#include "dns/message.h"
#include "net/fd_stream.h"

namespace tubepost::dns {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t header_size = 12, opt_size = 11;

std::chrono::milliseconds left_until(Time::time_point until) {
  return std::chrono::ceil<std::chrono::milliseconds>(until - Time::now());
}

// Of a server that sends a byte now and then the limit is that of all.
std::optional<std::string> read_bytes(net::Stream& stream, std::size_t count, Time::time_point until) {
  std::string bytes(count, '\0');
  for (std::size_t got = 0; got < count;) {
    const auto left = left_until(until);
    if (left.count() <= 0) return std::nullopt;
    stream.set_time_limit(left);
    const auto more = stream.read({bytes.data() + got, count - got});
    if (more == 0) return std::nullopt;
    got += more;
  }
  return bytes;
}

unsigned number_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8 | static_cast<unsigned char>(bytes[at + 1]);
}

// The same number, and the question that was asked (RFC 5452 9.1).
bool answers(std::string_view answer, std::string_view asked) {
  const auto question = asked.substr(header_size, asked.size() - header_size - opt_size);
  return answer.size() >= header_size + question.size() && answer.substr(0, 2) == asked.substr(0, 2) && (answer[2] & 0x80) != 0 &&
         equal_ignoring_case(answer.substr(header_size, question.size()), question);
}

}  // namespace

std::optional<AnyAnswer> ask_by_stream(const Question& question, const net::Endpoint& server, Time::time_point until) {
  if (left_until(until).count() <= 0) return std::nullopt;
  auto stream = net::connect_tcp(server, left_until(until));
  if (!stream || left_until(until).count() <= 0) return std::nullopt;
  const auto asked = question_message(question, static_cast<std::uint16_t>(number_at(random_bytes(2), 0)));
  try {
    (*stream)->set_time_limit(left_until(until));
    (*stream)->write(std::string{static_cast<char>(asked.size() >> 8), static_cast<char>(asked.size() & 0xff)} + asked);
    const auto length = read_bytes(**stream, 2, until);
    const auto answer = length ? read_bytes(**stream, number_at(*length, 0), until) : std::nullopt;
    if (!answer || !answers(*answer, asked)) return std::nullopt;
    return parse_message({reinterpret_cast<const std::uint8_t*>(answer->data()), answer->size()}, question.name, question.type);
  } catch (const net::StreamEnd&) {
    return std::nullopt;  // too late, or gone
  }
}

}  // namespace tubepost::dns
