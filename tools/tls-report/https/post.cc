#include "tls-report/https/post.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SSLManager.h>
#include <Poco/URI.h>

#include "base/text.h"

namespace tubepost::tls_report {
namespace {

constexpr long seconds_to_wait = 30;

}  // namespace

Result<void> post(const std::string& text, std::string_view gzipped) {
  using namespace Poco::Net;
  try {
    const Poco::URI uri(text);
    Context::Ptr context = new Context(Context::TLS_CLIENT_USE, "", "", "", Context::VERIFY_NONE, 9, false);
    context->disableProtocols(Context::PROTO_SSLV2 | Context::PROTO_SSLV3 | Context::PROTO_TLSV1 |
                              Context::PROTO_TLSV1_1);
    HTTPSClientSession session(uri.getHost(), uri.getPort(), context);
    session.setTimeout(Poco::Timespan(seconds_to_wait, 0));
    const std::string path = uri.getPathAndQuery();
    HTTPRequest request(HTTPRequest::HTTP_POST, path.empty() ? "/" : path, HTTPMessage::HTTP_1_1);
    request.setContentType("application/tlsrpt+gzip");
    request.setContentLength(static_cast<std::streamsize>(gzipped.size()));
    session.sendRequest(request).write(gzipped.data(), static_cast<std::streamsize>(gzipped.size()));
    HTTPResponse response;
    session.receiveResponse(response);
    const int status = static_cast<int>(response.getStatus());
    if (status / 100 == 2) return {};
    return Failure::temporary("HTTP status " + std::to_string(status));
  } catch (const Poco::Exception& e) {
    return Failure::temporary(printable(e.displayText(), 200));
  }
}

}  // namespace tubepost::tls_report
