#include <iostream>

#include "mailadm/groups.h"

namespace tubepost::mailadm {

RouteCommands::RouteCommands(Tool& tool) : tool_(tool) {
  const std::string pattern = "An address, a domain, *.domain, or \".\" for everything.";
  const std::string destinations =
      "direct, smarthost, discard, refuse, hold, host:HOST[:PORT], lmtp:HOST:PORT or lmtp:unix:PATH.";
  const std::string by_sender = "The pattern is held against the sender.";
  tool.offer("route add", "Say which way mail for a pattern goes; replaces what was said.",
             [this] { return add(); })
      .flag("--sender", by_sender_, by_sender)
      .operands(words_, "PATTERN DESTINATION", pattern + " Then " + destinations, 2, 2);
  tool.offer("route remove", "Forget a route.", [this] { return remove(); })
      .flag("--sender", by_sender_, by_sender)
      .operands(words_, "PATTERN", pattern, 1, 1);
  tool.offer("route list", "List the routes.", [this] { return list(); });
}

Result<ExitStatus> RouteCommands::add() {
  const auto route = directory::parse_route(words_[0], words_[1], by_sender_);
  if (!route) return route.error();
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->add_route(*route); !done) return std::move(done).error();
  if (directory::ToRemote{*route}.is_ours_to_discard())
    tool_.warn("note: mail for " + route->pattern + " is now taken from anyone, and thrown away");
  return ExitStatus::ok;
}

Result<ExitStatus> RouteCommands::remove() {
  auto directory = tool_.directory(Access::write);
  if (!directory) return std::move(directory).error();
  if (auto done = directory->remove_route(words_[0], by_sender_); !done) return std::move(done).error();
  return ExitStatus::ok;
}

Result<ExitStatus> RouteCommands::list() {
  const auto directory = tool_.directory(Access::read);
  if (!directory) return directory.error();
  const auto routes = directory->routes();
  if (!routes) return routes.error();
  Listing listing({"pattern", "destination", "by"});
  for (const auto& route : *routes)
    listing.add(
        {route.pattern, destination_text(route), std::string(route.by_sender ? "sender" : "recipient")});
  listing.print(std::cout, style_of_stdout(tool_.json()));
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
