#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/RejectCertificateHandler.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/Net/SecureStreamSocket.h>

#include <array>
#include <mutex>

#include "base/text.h"
#include "dns/mx.h"
#include "mxsend/sts_store.h"

namespace tubepost::mxsend {
namespace {

constexpr long seconds_to_wait = 15;  // for each step; RFC 8461 3.3 suggests a minute for the whole

Failure unavailable(const std::string& domain, const std::string& why) {
  return Failure::temporary("MTA-STS policy of " + domain + ": " + printable(why, 200), {4, 7, 0});
}

// POCO keeps these for the process; made once, with our rules: nothing is asked of a terminal.
Poco::Net::Context::Ptr make_context(const std::string& ca_file) {
  static std::once_flag once;
  std::call_once(once, [] { Poco::Net::initializeSSL(); });
  Poco::Net::Context::Ptr context =
      new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, "", "", ca_file,
                             Poco::Net::Context::VERIFY_STRICT, 9, ca_file.empty());
  context->disableProtocols(Poco::Net::Context::PROTO_SSLV2 | Poco::Net::Context::PROTO_SSLV3 |
                            Poco::Net::Context::PROTO_TLSV1 | Poco::Net::Context::PROTO_TLSV1_1);
  Poco::Net::SSLManager::instance().initializeClient(nullptr, new Poco::Net::RejectCertificateHandler(false),
                                                     context);
  return context;
}

std::string read_bounded(std::istream& in) {
  std::string text(sts_policy_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

// The name is looked up by our own resolver, and the certificate held against it.
Result<std::string> HttpsStsSource::fetch(const std::string& domain) {
  const std::string host = "mta-sts." + domain;
  const auto addresses = dns::find_addresses(resolver_, host);
  if (!addresses) return addresses.error();
  std::string why = "no address";
  for (const auto& address : addresses->all) {
    try {
      Poco::Net::SecureStreamSocket socket(make_context(options_.ca_file));
      socket.setLazyHandshake(true);
      socket.setPeerHostName(host);
      socket.connect(Poco::Net::SocketAddress(address.to_text(), options_.port),
                     Poco::Timespan(seconds_to_wait, 0));
      socket.setReceiveTimeout(Poco::Timespan(seconds_to_wait, 0));
      socket.setSendTimeout(Poco::Timespan(seconds_to_wait, 0));
      socket.completeHandshake();
      Poco::Net::HTTPSClientSession session(socket);
      session.setHost(host);
      session.setPort(options_.port);
      session.setTimeout(Poco::Timespan(seconds_to_wait, 0));
      Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/.well-known/mta-sts.txt",
                                     Poco::Net::HTTPMessage::HTTP_1_1);
      session.sendRequest(request);
      Poco::Net::HTTPResponse response;
      std::istream& body = session.receiveResponse(response);
      // RFC 8461 3.3: redirects are not followed.
      if (response.getStatus() != Poco::Net::HTTPResponse::HTTP_OK)
        return unavailable(domain, "HTTP status " + std::to_string(static_cast<int>(response.getStatus())));
      return read_bounded(body);
    } catch (const Poco::Exception& e) {
      why = e.displayText();
    }
  }
  return unavailable(domain, why);
}

}  // namespace tubepost::mxsend
