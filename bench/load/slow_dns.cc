// A name server that answers every question after a given time, as one across a network does.
//
//   slow-dns ADDRESS:PORT MICROSECONDS
//
// d.c.b.a.in-addr.arpa has the name h-a-b-c-d.source.test, which has that address; 2.0.0.127.ZONE is the test entry of a block list
// (RFC 5782 5); nothing else exists.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr unsigned type_a = 1, type_ptr = 12;

struct Waiting {
  Clock::time_point due;
  sockaddr_in to{};
  std::string answer;
};

void append_16(std::string& to, unsigned value) {
  to += static_cast<char>(value >> 8);
  to += static_cast<char>(value);
}

void append_name(std::string& to, const std::vector<std::string>& labels) {
  for (const auto& label : labels) to += static_cast<char>(label.size()) + label;
  to += '\0';
}

std::string record(unsigned type, const std::string& data) {
  std::string bytes = "\xc0\x0c";  // the question's name
  append_16(bytes, type);
  append_16(bytes, 1);
  bytes += std::string("\0\0\x01\x2c", 4);  // five minutes
  append_16(bytes, static_cast<unsigned>(data.size()));
  return bytes + data;
}

std::string octet(const std::string& text) {
  return std::string(1, static_cast<char>(std::atoi(text.c_str())));
}

// The records of a name, or nothing.
std::string records_of(const std::vector<std::string>& labels, unsigned type, bool& exists) {
  exists = true;
  const auto n = labels.size();
  if (n == 6 && labels[4] == "in-addr" && type == type_ptr) {
    std::string name;
    append_name(name,
                {"h-" + labels[3] + '-' + labels[2] + '-' + labels[1] + '-' + labels[0], "source", "test"});
    return record(type_ptr, name);
  }
  if (n == 3 && labels[0].starts_with("h-") && labels[1] == "source") {
    if (type != type_a) return {};
    std::string address;
    for (auto at = labels[0].find('-'); at != std::string::npos; at = labels[0].find('-', at + 1))
      address += octet(labels[0].substr(at + 1));
    return record(type_a, address);
  }
  if (n > 4 && labels[0] == "2" && labels[1] == "0" && labels[2] == "0" && labels[3] == "127" &&
      type == type_a)
    return record(type_a, std::string("\x7f\0\0\x02", 4));
  exists = false;
  return {};
}

// Empty: it was no question.
std::string answer_to(const std::string& query) {
  std::vector<std::string> labels;
  std::size_t at = 12;
  while (at < query.size() && query[at] != 0) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(query[at]));
    if (size > 63 || at + 1 + size >= query.size()) return {};
    labels.push_back(query.substr(at + 1, size));
    at += 1 + size;
  }
  if (at + 5 > query.size()) return {};
  const unsigned type = static_cast<unsigned char>(query[at + 2]);
  bool exists = false;
  const auto records = records_of(labels, type, exists);
  std::string answer =
      query.substr(0, 2) + (exists ? std::string("\x85\x80", 2) : std::string("\x85\x83", 2));
  append_16(answer, 1);
  append_16(answer, records.empty() ? 0 : 1);
  answer += std::string(4, '\0');
  return answer + query.substr(12, at + 5 - 12) + records;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const std::string where = argv[1];
  sockaddr_in own{};
  own.sin_family = AF_INET;
  ::inet_pton(AF_INET, where.substr(0, where.find(':')).c_str(), &own.sin_addr);
  own.sin_port = htons(static_cast<std::uint16_t>(std::atoi(where.substr(where.find(':') + 1).c_str())));
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), buffer = 4 << 20;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0)
    return std::perror("slow-dns: bind"), 75;
  ::prctl(PR_SET_TIMERSLACK, 1000);
  const std::chrono::microseconds delay(std::atoi(argv[2]));
  std::deque<Waiting> waiting;  // in the order of their times, as the delay is the same
  for (;;) {
    pollfd readable{fd, POLLIN, 0};
    timespec left{};
    if (!waiting.empty()) {
      const auto rest = std::max(Clock::duration::zero(), waiting.front().due - Clock::now());
      left.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(rest).count();
    }
    ::ppoll(&readable, 1, waiting.empty() ? nullptr : &left, nullptr);
    for (;;) {
      char query[1500];
      Waiting one;
      socklen_t size = sizeof one.to;
      const auto got = ::recvfrom(fd, query, sizeof query, 0, reinterpret_cast<sockaddr*>(&one.to), &size);
      if (got < 0) break;
      one.answer = answer_to({query, static_cast<std::size_t>(got)});
      one.due = Clock::now() + delay;
      if (!one.answer.empty()) waiting.push_back(std::move(one));
    }
    for (; !waiting.empty() && waiting.front().due <= Clock::now(); waiting.pop_front()) {
      const auto& one = waiting.front();
      ::sendto(fd, one.answer.data(), one.answer.size(), 0, reinterpret_cast<const sockaddr*>(&one.to),
               sizeof one.to);
    }
  }
}
