#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/MediaType.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/RejectCertificateHandler.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "base/unique_fd.h"
#include "dns/mx.h"
#include "mailauth/sts_source.h"

namespace tubepost::mailauth {
namespace {

constexpr long seconds_to_wait = 15;  // for each step

Failure unavailable(const std::string& domain, const std::string& why, EnhancedStatus status = {4, 7, 0}) {
  return Failure::temporary("MTA-STS policy of " + domain + ": " + printable(why, 200), status);
}

// POCO has OpenSSL's words and no more.
bool is_untrusted(const Poco::Exception& e) {
  return e.displayText().find("certificate verify failed") != std::string::npos;
}

// A context for one host: OpenSSL itself holds the certificate against its name. (POCO's own check trusts any
// certificate of a name that the system's resolver says is local.)
Poco::Net::Context::Ptr make_context(const std::string& ca_file, const std::string& host) {
  static std::once_flag once;
  std::call_once(once, [] { Poco::Net::initializeSSL(); });
  using Poco::Net::Context;
  Context::Ptr context =
      new Context(Context::TLS_CLIENT_USE, "", "", ca_file, Context::VERIFY_STRICT, 9, ca_file.empty());
  context->disableProtocols(Context::PROTO_SSLV2 | Context::PROTO_SSLV3 | Context::PROTO_TLSV1 |
                            Context::PROTO_TLSV1_1);
  context->enableExtendedCertificateVerification(false);
  auto* const rules = SSL_CTX_get0_param(context->sslContext());
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
  // POCO keeps this for the process: nothing is asked of a terminal.
  Poco::Net::SSLManager::instance().initializeClient(nullptr, new Poco::Net::RejectCertificateHandler(false),
                                                     context);
  return context;
}

using Time = std::chrono::steady_clock::time_point;

// Breaks a conversation off when its time is up. POCO's own limit is of each step, and whoever sends byte by byte makes
// as many steps as he likes.
class TimeLimit {
public:
  explicit TimeLimit(Time end) : end_(end) {}
  ~TimeLimit() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  void begin(int socket) {
    if (thread_.joinable()) return;
    socket_ = UniqueFd(::dup(socket));
    thread_ = std::thread([this] {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, end_, [this] { return is_over_; })) ::shutdown(socket_.get(), SHUT_RDWR);
    });
  }

private:
  const Time end_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  UniqueFd socket_;
  std::thread thread_;
};

// To an address, as if it were the host: the name is for SNI.
class Session final : public Poco::Net::HTTPSClientSession {
public:
  Session(const std::string& address, std::uint16_t port, const std::string& host,
          Poco::Net::Context::Ptr context, Time end)
      : HTTPSClientSession(address, port, context), limit_(end) {
    Poco::Net::SecureStreamSocket secure(socket());
    secure.setPeerHostName(host);
    secure.setLazyHandshake(true);  // within the limit, too
    setTimeout(Poco::Timespan(seconds_to_wait, 0));
  }

protected:
  void connect(const Poco::Net::SocketAddress& address) override {
    HTTPSClientSession::connect(address);
    limit_.begin(socket().impl()->sockfd());
  }

private:
  TimeLimit limit_;
};

// RFC 8461 3.2: else it may be a page that anybody put there. Who says nothing of its type says nothing else either.
bool is_text(const Poco::Net::HTTPResponse& response) {
  const auto& type = response.getContentType();
  return type.empty() || Poco::Net::MediaType(type).matches("text", "plain");
}

std::string read_bounded(std::istream& in) {
  std::string text(sts_policy_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<std::string> get(Session& session, const std::string& domain, const std::string& host) {
  Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/.well-known/mta-sts.txt",
                                 Poco::Net::HTTPMessage::HTTP_1_1);
  request.setHost(host);
  session.sendRequest(request);
  Poco::Net::HTTPResponse response;
  std::istream& body = session.receiveResponse(response);
  // RFC 8461 3.3: redirects are not followed.
  if (response.getStatus() != Poco::Net::HTTPResponse::HTTP_OK)
    return unavailable(domain, "HTTP status " + std::to_string(static_cast<int>(response.getStatus())));
  if (!is_text(response)) return unavailable(domain, "it is no text/plain");
  auto text = read_bounded(body);
  // Half a policy may be one by itself, with fewer hosts.
  const bool whole = !response.hasContentLength() || text.size() > sts_policy_max ||
                     text.size() == static_cast<std::size_t>(response.getContentLength());
  if (!whole || body.bad()) return unavailable(domain, "the answer ends before its end");
  return text;
}

}  // namespace

// The name is looked up by our own resolver.
Result<std::string> HttpsStsSource::fetch(const std::string& domain) {
  const std::string host = "mta-sts." + domain;
  const auto addresses = dns::find_addresses(resolver_, host);
  if (!addresses) return addresses.error();
  auto failure = unavailable(domain, "no address");
  const auto end = std::chrono::steady_clock::now() + options_.time;
  for (const auto& address : addresses->all) {
    if (std::chrono::steady_clock::now() >= end) break;
    try {
      Session session(address.to_text(), options_.port, host, make_context(options_.ca_file, host), end);
      return get(session, domain, host);
    } catch (const Poco::Exception& e) {
      failure =
          unavailable(domain, e.displayText(), is_untrusted(e) ? sts_untrusted : EnhancedStatus{4, 7, 0});
    }
  }
  return failure;
}

}  // namespace tubepost::mailauth
