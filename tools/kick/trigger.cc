#include "kick/trigger.h"

#include <algorithm>

#include "base/text.h"
#include "net/line_stream.h"

namespace tubepost::kick {
namespace {

bool is_name(std::string_view domain) {
  return !domain.empty() && domain.size() <= 253 && std::all_of(domain.begin(), domain.end(), [](char c) {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

std::string answer_to(std::string_view asked, spool::Spool& spool, const std::string& client,
                      const log::Logger& logger) {
  const bool subdomains = asked.starts_with('@');  // RFC 1985 5.3
  std::string_view domain = trim(subdomains ? asked.substr(1) : asked);
  if (!is_name(domain)) return "501 Syntax: a domain";
  using Kind = spool::Spool::Expedited::Kind;
  const auto done = spool.expedite(domain, subdomains, "trigger " + client);
  logger.info("kicked", {{"domain", printable(domain, 260)},
                         {"client", client},
                         {"recipients", done ? done->recipients : 0},
                         {"answer", !done                          ? "failed"
                                    : done->kind == Kind::too_soon ? "too soon"
                                                                   : "ok"}});
  if (!done) return "458 Unable to queue messages: " + printable(done.error().text, 200);
  if (done->kind == Kind::too_soon) return "458 Asked for a moment ago; try again in a minute";
  if (done->kind == Kind::none_waiting) return "251 OK, no messages waiting";
  return "253 OK, " + std::to_string(done->recipients) + " pending messages started";
}

}  // namespace

void serve_trigger(net::Stream& stream, spool::Spool& spool, const std::string& client,
                   const log::Logger& logger) {
  net::LineStream lines(stream, 1024);
  lines.set_accept_lf(true);
  stream.set_time_limit(patience);
  const auto line = lines.read_line(domain_line_max);
  if (line.kind == net::LineStream::Line::Kind::end) return;
  const std::string answer = line.kind == net::LineStream::Line::Kind::too_long
                                 ? "501 Syntax: a domain"
                                 : answer_to(trim(line.text), spool, client, logger);
  lines << answer << "\r\n";
  lines.flush();
}

}  // namespace tubepost::kick
