#include "dns/datagrams.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "dns/message.h"
#include "net/sockaddr.h"
#include "net/wait.h"

namespace tubepost::dns {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t header_size = 12, opt_size = 11, datagram_max = 4096;
constexpr std::uint16_t size_wanted =
    1232;  // fits into any path's packet: no fragments that somebody could exchange
constexpr int rounds = 2;
constexpr int code_malformed = 1, code_not_implemented = 4;

void append_u16(std::string& bytes, unsigned value) {
  bytes += static_cast<char>(value >> 8 & 0xff);
  bytes += static_cast<char>(value & 0xff);
}

struct Pending {
  const Question* question;
  std::string message;
  std::optional<AnyAnswer> answer;
  bool needs_other_way = false;

  bool is_settled() const { return needs_other_way || (answer && answer->kind != Kind::servfail); }
  bool is_over() const { return needs_other_way || answer; }
};

class Round {
public:
  explicit Round(const std::vector<Question>& questions) {
    const std::string ids = random_bytes(2 * questions.size());
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const auto id = static_cast<std::uint16_t>(static_cast<std::uint8_t>(ids[2 * i]) << 8 |
                                                 static_cast<std::uint8_t>(ids[2 * i + 1]));
      all_.push_back({&questions[i], question_message(questions[i], id), std::nullopt});
    }
  }

  // Whether each has an answer that no other server could better.
  bool is_settled() const {
    return std::all_of(all_.begin(), all_.end(), [](const Pending& one) { return one.is_settled(); });
  }
  bool is_over() const {
    return std::all_of(all_.begin(), all_.end(), [](const Pending& one) { return one.is_over(); });
  }
  void ask(const net::Endpoint& server, bool again, Time::time_point until);
  std::vector<std::optional<AnyAnswer>> take() &&;

private:
  enum class Came { something, nothing, nobody };
  bool send(int socket, bool again);
  Came receive(int socket);
  void take_message(std::span<const std::uint8_t> bytes);

  std::vector<Pending> all_;
  std::vector<Pending*> asked_;  // of the server at hand, and not answered by it
  bool somebody_is_there_ = false, nobody_was_there_ = false;
};

UniqueFd socket_to(const net::Endpoint& server) {
  const auto address = net::SocketAddress::of(server);
  UniqueFd socket(::socket(address.raw()->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Connected, so that the kernel drops what comes from elsewhere and tells of a port where nobody is.
  if (socket && ::connect(socket.get(), address.raw(), address.size()) != 0) socket.reset();
  return socket;
}

// `again`: those for which a server has said that it cannot are not asked once more.
void Round::ask(const net::Endpoint& server, bool again, Time::time_point until) {
  const UniqueFd socket = socket_to(server);
  if (!socket || !send(socket.get(), again)) return void(nobody_was_there_ = true);
  while (!asked_.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Time::now()).count();
    if (left <= 0) break;
    pollfd readable{socket.get(), POLLIN, 0};
    const auto came = receive(socket.get());
    if (came == Came::nobody) return void(nobody_was_there_ = true);
    if (came == Came::nothing) net::poll_until({&readable, 1}, static_cast<int>(left));
  }
  somebody_is_there_ = true;  // or a way on which questions are lost
}

// False: there is nobody.
bool Round::send(int socket, bool again) {
  asked_.clear();
  for (auto& one : all_) {
    if (again ? one.is_over() : one.is_settled()) continue;
    if (::send(socket, one.message.data(), one.message.size(), MSG_NOSIGNAL) < 0) return false;
    asked_.push_back(&one);
  }
  return true;
}

Round::Came Round::receive(int socket) {
  std::array<std::uint8_t, datagram_max> bytes;
  const ssize_t size = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN || errno == EINTR ? Came::nothing : Came::nobody;
  take_message({bytes.data(), static_cast<std::size_t>(size)});
  return Came::something;
}

void Round::take_message(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < header_size || (bytes[2] & 0x80) == 0) return;  // QR
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const int code = bytes[3] & 0xf;
  const bool has_no_question =
      bytes[4] == 0 && bytes[5] == 0 && code != 0;  // who has not understood it need not give it back
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Pending* one) {
    const std::string_view asked = one->message;
    const auto question = asked.substr(header_size, asked.size() - header_size - opt_size);
    return text.substr(0, 2) == asked.substr(0, 2) &&
           (has_no_question || equal_ignoring_case(text.substr(header_size, question.size()), question));
  });
  if (found == asked_.end()) return;
  Pending& one = **found;
  asked_.erase(found);
  one.needs_other_way =
      (bytes[2] & 0x02) != 0 || code == code_malformed || code == code_not_implemented;  // TC
  if (!one.needs_other_way) one.answer = parse_message(bytes, one.question->name, one.question->type);
}

std::vector<std::optional<AnyAnswer>> Round::take() && {
  const auto kind = nobody_was_there_ && !somebody_is_there_ ? Kind::unreachable : Kind::timeout;
  std::vector<std::optional<AnyAnswer>> answers;
  for (auto& one : all_) {
    if (one.needs_other_way)
      answers.emplace_back();
    else if (one.answer)
      answers.push_back(std::move(one.answer));
    else
      answers.push_back(AnyAnswer{kind, false, one.question->name, {}});
  }
  return answers;
}

}  // namespace

std::string question_message(const Question& question, std::uint16_t id) {
  std::string bytes;
  append_u16(bytes, id);
  append_u16(bytes, 0x0120);  // RD, AD
  for (const unsigned count : {1u, 0u, 0u, 1u}) append_u16(bytes, count);
  if (question.name != ".")
    for (const auto label : split(question.name, '.')) (bytes += static_cast<char>(label.size())) += label;
  bytes += '\0';
  append_u16(bytes, static_cast<unsigned>(question.type));
  append_u16(bytes, 1);  // IN
  bytes += '\0';         // OPT, of the root (RFC 6891 6.1.2)
  append_u16(bytes, 41);
  append_u16(bytes, size_wanted);
  return bytes += std::string(6, '\0');  // no extended code, version 0, no flags, no options
}

std::vector<std::optional<AnyAnswer>> ask_by_datagrams(const std::vector<Question>& questions,
                                                       const DatagramPlan& plan) {
  Round round(questions);
  const auto end = Time::now() + plan.limit;
  for (int number = 0; number < rounds && !round.is_over(); ++number)
    for (const auto& server : plan.servers) {
      const auto now = Time::now();
      if (round.is_settled() || (number > 0 && round.is_over()) || now >= end) break;
      round.ask(server, number > 0, std::min(end, now + plan.wait));
    }
  return std::move(round).take();
}

}  // namespace tubepost::dns
