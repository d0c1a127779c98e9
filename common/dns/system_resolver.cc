#include "dns/system_resolver.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <netdb.h>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "base/text.h"
#include "dns/datagrams.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/stream_query.h"

namespace tubepost::dns {
namespace {

constexpr std::uint16_t dns_port = 53;
constexpr std::size_t answer_max = 65535;  // of TCP
// After that resolv.conf may have changed. To read that file for every question cost as much as the question.
constexpr std::chrono::seconds state_life{5};

// A state of libresolv with its sockets and servers.
class State {
public:
  State() { ok_ = res_ninit(&state_) == 0; }
  ~State() {
    if (ok_) res_nclose(&state_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool ok() const { return ok_; }
  struct __res_state* get() {
    return &state_;
  }
  void set_servers(const std::vector<net::Endpoint>& servers);

private:
  struct __res_state state_ {};
  bool ok_ = false;
};

// resolv.h: a server whose sin_family is 0 in nsaddr_list is a sockaddr_in6 in _u._ext.nsaddrs, which
// res_nclose() frees.
void State::set_servers(const std::vector<net::Endpoint>& servers) {
  for (auto*& address : state_._u._ext.nsaddrs) std::free(std::exchange(address, nullptr));
  const int count = static_cast<int>(std::min<std::size_t>(servers.size(), MAXNS));
  for (int i = 0; i < count; ++i) {
    const net::Endpoint& server = servers[static_cast<std::size_t>(i)];
    sockaddr_in& v4 = state_.nsaddr_list[i];
    std::memset(&v4, 0, sizeof v4);
    if (!server.address.is_v6()) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(server.port);
      std::memcpy(&v4.sin_addr, server.address.bytes().data(), 4);
      continue;
    }
    auto* const v6 = static_cast<sockaddr_in6*>(std::calloc(1, sizeof(sockaddr_in6)));
    if (!v6) std::abort();
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(server.port);
    std::memcpy(&v6->sin6_addr, server.address.bytes().data(), 16);
    state_._u._ext.nsaddrs[i] = v6;
  }
  state_.nscount = count;
  state_._u._ext.nscount = 0;  // makes libresolv copy those of IPv4 to where the others are
}

// What one thread asks with, made anew when it is some seconds old.
class Asker {
public:
  struct __res_state* get(const SystemResolver::Options& options) {
    const auto now = std::chrono::steady_clock::now();
    if (state_ && now - made_ < state_life && servers_ == options.servers && wait_ == options.wait)
      return state_->get();
    state_ = std::make_unique<State>();
    if (!state_->ok()) return state_.reset(), nullptr;
    made_ = now, servers_ = options.servers, wait_ = options.wait;
    auto* const raw = state_->get();
    if (!options.servers.empty()) state_->set_servers(options.servers);
    // IGNTC: TCP is ours (stream_query.h).
    raw->options |= RES_TRUSTAD | RES_USE_EDNS0 | RES_IGNTC;
    raw->options &= ~static_cast<unsigned long>(RES_DNSRCH | RES_DEFNAMES);
    raw->retrans = static_cast<int>(options.wait.count());
    raw->retry = 2;
    return raw;
  }

private:
  std::unique_ptr<State> state_;
  std::chrono::steady_clock::time_point made_;
  std::vector<net::Endpoint> servers_;
  std::chrono::seconds wait_{};
};

// Those that it would ask, but for one of a zone ("fe80::1%eth0"), for which an Endpoint has no place.
std::vector<net::Endpoint> servers_of(const struct __res_state& state) {
  std::vector<net::Endpoint> servers;
  for (int i = 0; i < state.nscount && i < MAXNS; ++i) {
    const auto* const v4 = &state.nsaddr_list[i];
    const auto* const v6 = state._u._ext.nsaddrs[i];
    const bool is_v4 = v4->sin_family == AF_INET;
    if (!is_v4 && (v6 == nullptr || v6->sin6_scope_id != 0)) continue;
    const auto address = net::IpAddress::from_sockaddr(is_v4 ? reinterpret_cast<const sockaddr*>(v4)
                                                             : reinterpret_cast<const sockaddr*>(v6));
    if (address) servers.push_back({*address, ntohs(is_v4 ? v4->sin_port : v6->sin6_port)});
  }
  return servers;
}

// Of an answer without records. That there are none may be authenticated, too.
AnyAnswer of_header(const HEADER& header, std::string name) {
  const auto kind = header.rcode == ns_r_noerror    ? Kind::nodata
                    : header.rcode == ns_r_nxdomain ? Kind::nxdomain
                                                    : Kind::servfail;
  std::string detail;
  if (kind == Kind::servfail)
    detail = header.rcode == ns_r_servfail  ? "SERVFAIL"
             : header.rcode == ns_r_refused ? "REFUSED"
                                            : "error " + std::to_string(header.rcode);
  return {kind, header.ad != 0, std::move(name), {}, std::move(detail)};
}

AnyAnswer without_answer(std::string name, Kind kind, std::string detail) {
  return {kind, false, std::move(name), {}, std::move(detail)};
}

}  // namespace

struct SystemResolver::Servers {
  struct Known {
    std::vector<net::Endpoint> servers;
    bool by_libresolv_alone = true;  // no server of whom we know the address
    bool by_streams_alone = false;   // "options use-vc"
  };

  Known known(const Options& options) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (made_ && now - *made_ < state_life) return known_;
    made_ = now;
    State state;
    known_.servers = options.servers;
    if (state.ok() && options.servers.empty()) known_.servers = servers_of(*state.get());
    known_.servers.resize(std::min<std::size_t>(known_.servers.size(), MAXNS));
    known_.by_libresolv_alone = known_.servers.empty();
    known_.by_streams_alone = state.ok() && (state.get()->options & RES_USEVC) != 0;
    return known_;
  }

private:
  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> made_;
  Known known_;
};

SystemResolver::SystemResolver(Options options)
    : options_(std::move(options)), servers_(std::make_shared<Servers>()) {}

Result<SystemResolver> SystemResolver::create(const std::vector<std::string>& servers) {
  Options options;
  for (const std::string& text : servers) {
    const auto server = net::parse_endpoint(text, dns_port);
    if (!server) return Failure::permanent("dns.servers: " + printable(text) + " is no address");
    options.servers.push_back(*server);
  }
  return SystemResolver(std::move(options));
}

std::string SystemResolver::servers_text() const {
  std::vector<std::string> texts;
  for (const auto& server : options_.servers) texts.push_back(server.to_text());
  return texts.empty() ? "/etc/resolv.conf" : join(texts, ", ");
}

AnyAnswer SystemResolver::query(const std::string& name, Type type) {
  return ask(name, type, std::chrono::steady_clock::time_point::max());
}

// Each server has `wait` for it, as it had for the datagram. One that cannot say leaves the word to the next.
AnyAnswer SystemResolver::ask_streams(const std::string& ascii, Type type, std::chrono::steady_clock::time_point until) {
  std::optional<AnyAnswer> failed;
  for (const auto& server : servers_->known(options_).servers) {
    const auto end = std::min(until, std::chrono::steady_clock::now() + options_.wait);
    auto answer = ask_by_stream({ascii, type}, server, end);
    if (answer && answer->kind != Kind::servfail) return std::move(*answer);
    if (answer && !failed) failed = std::move(answer);
  }
  return failed ? std::move(*failed) : without_answer(ascii, Kind::timeout, servers_text());
}

AnyAnswer SystemResolver::ask(const std::string& name, Type type, std::chrono::steady_clock::time_point until) {
  const auto ascii = query_name(name);
  if (!ascii) return without_answer(name, Kind::nxdomain, {});
  const auto known = servers_->known(options_);
  const bool alone = known.by_libresolv_alone;
  if (known.by_streams_alone && !alone) return ask_streams(*ascii, type, until);
  thread_local Asker asker;
  auto* const raw = asker.get(options_);
  if (raw == nullptr) return without_answer(*ascii, Kind::unreachable, "libresolv cannot begin");
  if (alone) raw->options &= ~static_cast<unsigned long>(RES_IGNTC);

  const auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(answer_max);
  std::memset(buffer.get(), 0, sizeof(HEADER));
  errno = 0;
  int size = res_nquery(raw, ascii->c_str(), ns_c_in, static_cast<int>(type), buffer.get(), answer_max);
  if (const auto* const header = reinterpret_cast<const HEADER*>(buffer.get()); header->qr && header->tc && !alone)
    return ask_streams(*ascii, type, until);
  if (size < 0) {
    // It tells no more than "failed" of an answer without records; its header still stands in the buffer.
    const auto* const header = reinterpret_cast<const HEADER*>(buffer.get());
    const bool absent = raw->res_h_errno == HOST_NOT_FOUND || raw->res_h_errno == NO_DATA;
    if (header->qr && (absent || header->rcode != 0)) return of_header(*header, *ascii);
    if (absent)
      return without_answer(*ascii, raw->res_h_errno == NO_DATA ? Kind::nodata : Kind::nxdomain, {});
    const bool nobody = errno == ECONNREFUSED || errno == ENETUNREACH || errno == EHOSTUNREACH;
    return without_answer(*ascii, nobody ? Kind::unreachable : Kind::timeout, servers_text());
  }
  return parse_message({buffer.get(), std::min(static_cast<std::size_t>(size), answer_max)}, *ascii, type);
}

std::vector<AnyAnswer> SystemResolver::query_all(const std::vector<Question>& questions,
                                                 std::chrono::milliseconds limit) {
  const auto known = servers_->known(options_);
  if (known.by_libresolv_alone) return Resolver::query_all(questions, limit);
  const auto end = std::chrono::steady_clock::now() + limit;
  std::vector<AnyAnswer> answers;
  std::vector<Question> named;
  std::vector<std::size_t> places;  // of `named` among the answers
  for (const auto& question : questions) {
    const auto ascii = query_name(question.name);
    if (ascii) named.push_back({*ascii, question.type}), places.push_back(answers.size());
    answers.push_back(without_answer(question.name, Kind::nxdomain, {}));  // of what is no name
  }
  std::vector<std::optional<AnyAnswer>> found(named.size());
  if (!known.by_streams_alone) found = ask_by_datagrams(named, {known.servers, options_.wait, limit});
  for (std::size_t i = 0; i < named.size(); ++i) {
    auto& answer = answers[places[i]];
    if (found[i])
      answer = std::move(*found[i]);
    else if (std::chrono::steady_clock::now() < end)
      answer = ask(named[i].name, named[i].type, end);
    else
      answer.kind = Kind::timeout;
    if (answer.kind == Kind::timeout || answer.kind == Kind::unreachable) answer.detail = servers_text();
  }
  return answers;
}

}  // namespace tubepost::dns
