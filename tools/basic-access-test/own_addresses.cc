#include "basic-access-test/own_addresses.h"

#include "base/text.h"
#include "dns/mx.h"

namespace tubepost::basic_access_test {

OwnAddresses find_own_addresses(const Context& context) {
  OwnAddresses own;
  if (context.target.own)
    if (const auto source = net::IpAddress::parse(context.settings->text("mxsend.source-address")))
      own.all.push_back(*source);
  const auto found = dns::find_addresses(context.resolver, context.target.host);
  if (!found) {
    own.why_none = found.error().text;
    return own;
  }
  for (const auto& address : found->all)
    if (std::find(own.all.begin(), own.all.end(), address) == own.all.end()) own.all.push_back(address);
  return own;
}

void check_reverse_name(const Context& context, CheckId check, const net::IpAddress& address,
                        Findings& findings) {
  const auto subject = address.to_text();
  const auto reverse = dns::find_reverse_names(context.resolver, address);
  const auto question = dns::reverse_name(address) + " PTR";
  if (reverse.kind != dns::Kind::ok && reverse.kind != dns::Kind::nodata &&
      reverse.kind != dns::Kind::nxdomain)
    return findings.skip(check, subject, question + ": " + std::string(to_text(reverse.kind)));
  if (reverse.names.empty()) return findings.fail(check, subject, question + ": there is none");
  const auto seen = question + ' ' + join(reverse.names, ", ");
  if (reverse.confirmed.empty() && reverse.unsure)
    return findings.skip(check, subject, seen + "\nDNS servers cannot say whether that leads back");
  if (reverse.confirmed.empty())
    return findings.fail(check, subject, seen + "\nnone of these leads back to " + subject);
  const auto& host = context.target.host;
  const bool is_host = std::any_of(reverse.confirmed.begin(), reverse.confirmed.end(),
                                   [&](const std::string& name) { return equal_ignoring_case(name, host); });
  if (!is_host)
    return findings.warn(check, subject, seen + "\nit leads back, but this server calls itself " + host,
                         "Let the reverse name and server.hostname be the same.");
  findings.ok(check, subject, seen + ", which leads back");
}

}  // namespace tubepost::basic_access_test
