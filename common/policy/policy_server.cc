#include "policy/policy_server.h"

#include "net/line_stream.h"

namespace tubepost::policy {
namespace {

constexpr std::chrono::minutes silence_max{30};  // Postfix itself closes after five minutes

}  // namespace

ExitStatus serve_requests(net::Stream& stream, const Decide& decide, const log::Logger& logger) {
  stream.set_time_limit(silence_max);
  net::LineStream lines(stream);
  lines.set_accept_lf(true);
  auto status = ExitStatus::ok;
  try {
    for (;;) {
      const auto request = read_record(lines);  // which flushes before it waits
      if (!request) {
        logger.warning("request-malformed", {{"reason", request.error().text}});
        status = ExitStatus::data;
      }
      if (!request || !*request) break;
      Record reply;
      reply.add("action", decide(**request));
      lines << reply.to_text();
    }
    lines.flush();
    stream.close();
  } catch (const net::StreamEnd&) {
    // It closed or fell silent: the next request comes by another connection.
  }
  return status;
}

}  // namespace tubepost::policy
