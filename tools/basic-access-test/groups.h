// Each group puts its probes into the plan, in the order in which they are to be reported. To look things up that
// decide what to probe is allowed if it is quick; what may take time is a probe.
#pragma once

#include "basic-access-test/context.h"
#include "basic-access-test/plan.h"

namespace tubepost::basic_access_test {

void add_preflight(const Context& context, Plan& plan);
void add_local(const Context& context, Plan& plan);
void add_relay(const Context& context, Plan& plan);
void add_legs(const Context& context, Plan& plan);
void add_scanner(const Context& context, Plan& plan);
void add_dns(const Context& context, Plan& plan);
void add_outside(const Context& context, Plan& plan);
void add_client(const Context& context, Plan& plan);
void add_peer(const Context& context, Plan& plan);

// Those asked for by --only; else those that apply: to another server not what needs its files, dns where a domain
// is named, client for its command alone, peer with --peer (without: skipped, never ok).
Plan make_plan(const Context& context);

// ---- the commands that are no groups

ExitStatus explain(const Context& context);  // prints what options.reply means (T7)
std::string list_replies_mdoc();             // what it says of usual replies, for the manual page
ExitStatus serve(const Context& context);    // answers peers until it is told to end

}  // namespace tubepost::basic_access_test
