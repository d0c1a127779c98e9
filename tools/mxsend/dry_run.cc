#include "mxsend/dry_run.h"

#include "base/text.h"

namespace tubepost::mxsend {
namespace {

void print_way(const Way& way, std::FILE* out) {
  for (const auto& note : way.notes) std::fprintf(out, "  - %s\n", printable(note).c_str());
  for (const auto& passed : way.passed_over)
    std::fprintf(out, "  - %s: %s\n", printable(passed.host).c_str(), printable(passed.failure.text).c_str());
  for (const auto& peer : way.peers)
    std::fprintf(out, "  %s  TLS %s (%s)%s\n", peer.to_text().c_str(),
                 std::string(to_text(peer.policy.level)).c_str(), printable(peer.policy.why).c_str(),
                 peer.account ? ", logs in" : "");
}

Result<Way> way_of(const std::string& route, const std::string& domain, const Options& options,
                   const Routes& routes) {
  if (route == "smarthost" || (route == "direct" && options.smarthost_always && !options.smarthosts.empty()))
    return routes.smarthosts();
  return route == "direct" ? routes.direct(domain, {}) : routes.fixed(route);
}

}  // namespace

Result<std::string> route_of(const directory::Directory* directory, const smtp::Mailbox& recipient,
                             const std::string& sender) {
  if (!directory) return std::string("direct");
  const auto route = directory->route_for(recipient, sender);
  if (!route) return route.error();
  const auto text = directory::destination_text(*route);
  if (route->kind == directory::RouteKind::refuse || route->kind == directory::RouteKind::discard ||
      route->kind == directory::RouteKind::hold)
    return Failure::permanent("the route of " + route->pattern + " is \"" + text + '"', {5, 7, 1});
  return text;
}

bool print_ways(const Question& question, const directory::Directory* directory, const Options& options,
                const Routes& routes, std::FILE* out) {
  bool all = true;
  for (const auto& text : question.recipients) {
    const auto address = smtp::parse_mailbox(text);
    auto route = !address ? Result<std::string>(Failure::permanent("not a mail address", {5, 1, 3}))
                 : !question.via.empty() ? Result<std::string>(question.via)
                                         : route_of(directory, *address, question.sender);
    std::fprintf(out, "%s\n", printable(text).c_str());
    auto way = route ? way_of(*route, address->domain, options, routes) : Result<Way>(route.error());
    if (route) std::fprintf(out, "  route %s\n", printable(*route).c_str());
    if (way) {
      print_way(*way, out);
      all = all && !way->peers.empty();
    } else {
      std::fprintf(out, "  %s %s\n", to_string(way.error().status).c_str(),
                   printable(way.error().text).c_str());
      all = false;
    }
    const bool falls_back = route && *route == "direct" && !options.smarthost_always;
    for (const auto& host : falls_back ? options.smarthosts : std::vector<dns::HostPort>())
      std::fprintf(out, "  fallback %s\n", host.to_text().c_str());
  }
  return all;
}

}  // namespace tubepost::mxsend
