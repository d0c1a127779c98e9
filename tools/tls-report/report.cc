#include "tls-report/report.h"

#include <zlib.h>

#include "base/base64.h"
#include "base/crc32c.h"
#include "base/json.h"
#include "base/text.h"
#include "mailauth/tls_report.h"
#include "message/date.h"

namespace tubepost::tls_report {
namespace {

constexpr std::size_t domains_max = 100'000, policies_max = 20, failures_max = 1'000, uris_max = 5;

std::string failure_json(const FailureKind& kind, std::uint64_t count) {
  JsonObject json;
  json.text("result-type", kind.result);
  if (!kind.local.empty()) json.text("sending-mta-ip", kind.local);
  if (!kind.host.empty()) json.text("receiving-mx-hostname", kind.host);
  if (!kind.address.empty()) json.text("receiving-ip", kind.address);
  json.number("failed-session-count", count);
  if (!kind.reason.empty()) json.text("failure-reason-code", kind.reason);
  return json.done();
}

std::string array_json(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all.append(all.empty() ? "" : ", ").append(json_string(text));
  return "[" + all + "]";
}

// RFC 8460 4.4, mx-host-pattern: the hosts that an MTA-STS policy names.
std::vector<std::string> mx_of(const std::vector<std::string>& policy_lines) {
  std::vector<std::string> patterns;
  for (const std::string& line : policy_lines) {
    const auto colon = line.find(':');
    if (colon != std::string::npos && trim(std::string_view(line).substr(0, colon)) == "mx")
      patterns.emplace_back(trim(std::string_view(line).substr(colon + 1)));
  }
  return patterns;
}

std::string policy_json(const std::string& domain, const PolicyKind& kind, const PolicySummary& summary) {
  JsonObject policy, counts, all;
  policy.text("policy-type", kind.type);
  if (!kind.text.empty()) policy.raw("policy-string", array_json(kind.text));
  policy.text("policy-domain", domain);
  if (const auto patterns = mx_of(kind.text); kind.type == "sts" && !patterns.empty())
    policy.raw("mx-host", array_json(patterns));
  counts.number("total-successful-session-count", summary.successful);
  counts.number("total-failure-session-count", summary.failed);
  std::string failures;
  for (const auto& [failure, count] : summary.failures)
    failures.append(failures.empty() ? "" : ", ").append(failure_json(failure, count));
  all.raw("policy", policy.done());
  all.raw("summary", counts.done());
  all.raw("failure-details", "[" + failures + "]");
  return all.done();
}

std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t width = 76;
  const std::string text = base64_encode(bytes);
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += width) out.append(text, i, width).append("\n");
  return out;
}

}  // namespace

DaySummary add_up(std::string_view lines) {
  DaySummary day;
  for (const auto line : split(lines, '\n')) {
    const auto session = relay::parse_tls_session(line);
    if (!session || (day.size() == domains_max && !day.contains(session->domain))) continue;
    DomainSummary& domain = day[session->domain];
    const PolicyKind policy{session->policy, session->policy_text};
    if (domain.size() == policies_max && !domain.contains(policy)) continue;
    PolicySummary& summary = domain[policy];
    if (session->result == relay::tls_success) {
      ++summary.successful;
      continue;
    }
    ++summary.failed;
    const FailureKind kind{session->result, session->host, session->address, session->reason, session->local};
    if (summary.failures.size() < failures_max || summary.failures.contains(kind)) ++summary.failures[kind];
  }
  return day;
}

std::string report_id(const std::string& domain, const Reporter& reporter) {
  const std::uint32_t sum = crc32c(domain, crc32c(reporter.hostname));
  return reporter.day + '.' + std::to_string(sum) + '.' + domain + '@' + reporter.hostname;
}

std::string to_json(const std::string& domain, const DomainSummary& summary, const Reporter& reporter) {
  std::string policies;
  for (const auto& [kind, one] : summary)
    policies.append(policies.empty() ? "" : ", ").append(policy_json(domain, kind, one));
  JsonObject range, report;
  range.text("start-datetime", reporter.day + "T00:00:00Z");
  range.text("end-datetime", reporter.day + "T23:59:59Z");
  report.text("organization-name", reporter.hostname);
  report.raw("date-range", range.done());
  report.text("contact-info", "postmaster@" + reporter.hostname);
  report.text("report-id", report_id(domain, reporter));
  report.raw("policies", "[" + policies + "]");
  return report.done();
}

Result<std::string> gzip(std::string_view text) {
  constexpr int gzip_window = 15 + 16;  // zlib.h, deflateInit2: a gzip header
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return Failure::temporary("zlib cannot begin");
  std::string out(::deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (ended != Z_STREAM_END) return Failure::temporary("zlib cannot end");
  return out;
}

std::string write_message(const std::string& domain, const std::string& to, std::string_view gzipped,
                          const Reporter& reporter, Timestamp now) {
  const std::string id = report_id(domain, reporter);
  const std::string boundary = "tubepost-tls-report-" + std::to_string(crc32c(gzipped));
  // RFC 8460 5.1: submitter!policy-domain!begin!end!unique.json.gz, times in seconds.
  const auto begin = parse_rfc3339(reporter.day + "T00:00:00Z").value_or(Timestamp());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(begin).time_since_epoch().count();
  const std::string file = reporter.hostname + '!' + domain + '!' + std::to_string(seconds) + '!' +
                           std::to_string(seconds + 86'399) + '!' + std::to_string(crc32c(id)) + ".json.gz";
  return "Date: " + message::format_date(now) + "\nFrom: <postmaster@" + reporter.hostname + ">\nTo: <" + to +
         ">\nSubject: Report Domain: " + domain + "\n\tSubmitter: " + reporter.hostname + "\n\tReport-ID: <" + id +
         ">\nMessage-ID: <" + id + ">\nTLS-Report-Domain: " + domain +
         "\nTLS-Report-Submitter: " + reporter.hostname +
         // RFC 8460 3: delivered despite TLS failures, of which it tells (RFC 8689 5); and not counted.
         "\nTLS-Required: No" +
         "\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=\"tlsrpt\";\n\tboundary=\"" +
         boundary + "\"\n\n--" + boundary +
         "\nContent-Type: text/plain; charset=us-ascii\n\nThis is an aggregate TLS report from " +
         reporter.hostname + " on " + domain + ", of " + reporter.day + ".\n\n--" + boundary +
         "\nContent-Type: application/tlsrpt+gzip\nContent-Transfer-Encoding: base64\n"
         "Content-Disposition: attachment;\n\tfilename=\"" +
         file + "\"\n\n" + base64_lines(gzipped) + "\n--" + boundary + "--\n";
}

std::vector<std::string> destinations_of(const std::vector<dns::Text>& records) {
  const auto text = mailauth::find_tls_report(records);
  if (!text || !*text) return {};
  auto report = mailauth::parse_tls_report(**text);
  if (!report) return {};
  if (report->uris.size() > uris_max) report->uris.resize(uris_max);
  return std::move(report->uris);
}

std::optional<std::string> address_of(std::string_view uri) {
  constexpr std::string_view scheme = "mailto:";
  if (!starts_with_ignoring_case(uri, scheme)) return std::nullopt;
  const auto address = percent_unescape(uri.substr(scheme.size(), uri.find('?') - scheme.size()));
  if (!address || address->find('@') == std::string::npos || printable(*address) != *address)
    return std::nullopt;
  if (address->find_first_of(" <>,\"\\") != std::string::npos) return std::nullopt;
  return address;
}

}  // namespace tubepost::tls_report
