// init: makes an instance (design.md 7). Run again it completes what is missing and touches nothing that is
// there.
#include <sys/resource.h>
#include <unistd.h>

#include <iostream>

#include "base/file.h"
#include "base/text.h"
#include "directory/properties.h"
#include "dns/name.h"
#include "mailadm/groups.h"
#include "mailadm/home.h"
#include "mailadm/templates.h"
#include "net/endpoint.h"
#include "process/child.h"
#include "spool/spool.h"
#include "tls/context.h"

namespace tubepost::mailadm {
namespace {

constexpr int certificate_days = 3650;

Failure usage(std::string text) { return Failure::permanent(std::move(text), {5, 6, 0}); }

// docs/adr/0002: the modes of an instance that one user owns.
Result<void> make_folders(HomeMaker& home) {
  constexpr std::pair<const char*, mode_t> folders[] = {
      {"", 0755},    {"directory", 0700}, {"secrets", 0700},    {"spool", 0700}, {"store", 0700},
      {"tls", 0700}, {"run", 0755},       {"run/notify", 0700}, {"log", 0700},   {"service", 0755}};
  for (const auto& [name, mode] : folders)
    if (auto made = home.folder(name, mode); !made) return made;
  return {};
}

Result<void> make_databases(const HomeMaker& home, const Clock& clock) {
  directory::Directory::Options directory_options;
  directory_options.create = true;
  directory_options.read_only = false;
  if (auto made = directory::Directory::open(home.path("directory"), directory_options); !made)
    return std::move(made).error();
  auth::Secrets::Options secrets_options;
  secrets_options.create = true;
  if (auto made = auth::Secrets::open(home.path("secrets"), secrets_options); !made)
    return std::move(made).error();
  spool::Spool::Options spool_options;
  spool_options.create = true;
  spool_options.group_commit = false;
  if (auto made = spool::Spool::open(home.path("spool"), spool_options, clock); !made)
    return std::move(made).error();
  mailstore::MailStore::Options store_options;
  store_options.create = true;
  store_options.group_commit = false;
  if (auto made = mailstore::MailStore::open(home.path("store"), store_options, clock); !made)
    return std::move(made).error();
  return {};
}

Result<void> make_certificate(HomeMaker& home, const std::string& hostname) {
  if (home.exists("tls/certificate.pem") || home.exists("tls/key.pem")) return {};
  const auto made = tls::make_self_signed(hostname, certificate_days);
  if (!made) return made.error();
  if (auto written = home.file("tls/key.pem", made->key, 0600); !written) return written;
  return home.file("tls/certificate.pem", made->certificate, 0644);
}

Result<void> make_services(HomeMaker& home) {
  for (const auto& service : services()) {
    const auto folder = "service/" + service.name;
    const auto program = process::sibling_program(service.program);
    const bool is_new = !home.exists(folder);  // later a missing `down` is a person's wish
    for (const auto& name : {folder, folder + "/log"})
      if (auto made = home.folder(name, 0755); !made) return made;
    if (auto made = home.folder("log/" + service.name, 0700); !made) return made;
    const std::tuple<std::string, std::string, mode_t> files[] = {
        {folder + "/run", run_script(service, program, home.path("")), 0755},
        {folder + "/finish", finish_script(), 0755},
        {folder + "/notification-fd", "3\n", 0644},
        {folder + "/log/run", log_script(home.path("log/" + service.name)), 0755}};
    for (const auto& [name, content, mode] : files)
      if (auto made = home.file(name, content, mode); !made) return made;
    if (!service.down || !is_new) continue;
    if (auto made = home.file(folder + "/down", "", 0644); !made) return made;
  }
  return {};
}

Result<void> add_domains(HomeMaker& home, const Tool& tool, const std::vector<std::string>& names) {
  auto directory = tool.directory(Access::write);
  if (!directory) return std::move(directory).error();
  for (const auto& name : names) {
    const auto hosted = directory->is_hosted(name);
    if (!hosted) return hosted.error();
    if (*hosted) continue;
    if (auto added = directory->add_domain(name, {}); !added) return added;
    home.say("made domain " + name);
    if (const auto doubt = directory::doubt_about_domain(name)) tool.warn("warning: " + *doubt);
  }
  return {};
}

Limits limits_here(bool local) {
  const auto memory = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                      static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  rlimit descriptors{};
  const bool known = ::getrlimit(RLIMIT_NOFILE, &descriptors) == 0;
  return fitting_limits(memory, known ? descriptors.rlim_cur : 1024, local);
}

Result<std::vector<std::string>> addresses_to_listen_on(const std::string& listen, unsigned port_base) {
  if (listen.empty())
    return port_base == 0 ? std::vector<std::string>{"0.0.0.0", "::"} : std::vector<std::string>{"127.0.0.1"};
  std::vector<std::string> addresses;
  for (const auto part : split(listen, ',')) {
    const auto address = net::IpAddress::parse(trim(part));
    if (!address) return usage("--listen " + printable(part) + ": not an IP address");
    addresses.push_back(address->to_text());
  }
  return addresses;
}

Result<Plan> make_plan(const std::string& hostname, const std::string& port_base, const std::string& listen) {
  Plan plan;
  const auto name = dns::normal_name(hostname);
  if (!name) return usage("--hostname " + printable(hostname) + ": not a host name");
  plan.hostname = *name;
  const auto base = parse_number<unsigned>(port_base);
  // The highest port is pop3s, 995.
  if (!base || *base > 65535 - 995)
    return usage("--port-base " + printable(port_base) + ": not a number up to 64540");
  plan.port_base = *base;
  auto addresses = addresses_to_listen_on(listen, plan.port_base);
  if (!addresses) return std::move(addresses).error();
  plan.addresses = std::move(*addresses);
  const bool local =
      std::all_of(plan.addresses.begin(), plan.addresses.end(),
                  [](const std::string& address) { return net::IpAddress::parse(address)->is_loopback(); });
  plan.limits = limits_here(local);
  return plan;
}

}  // namespace

InitCommand::InitCommand(Tool& tool) : tool_(tool) {
  tool.offer("init", "Make an instance, or complete one; never overwrites.", [this] { return run(); })
      .option("--hostname", hostname_, "NAME", "The name of this host.")
      .option("--domain", domains_, "DOMAIN",
              "A domain to take mail for; the first is the primary one. Repeatable.")
      .option("--port-base", port_base_, "N", "Added to the standard port numbers. Default: 0.")
      .option(
          "--listen", listen_, "ADDR",
          "Where to listen, several with commas. Default: everywhere, or 127.0.0.1 if --port-base is not 0.");
}

Result<ExitStatus> InitCommand::run() {
  if (hostname_.empty() || domains_.empty())
    return tool_.warn("init needs --hostname and --domain"), ExitStatus::usage;
  const auto plan = make_plan(hostname_, port_base_, listen_);
  if (!plan) return plan.error();
  for (const auto& domain : domains_)
    if (!dns::normal_name(domain)) return usage("--domain " + printable(domain) + ": not a domain name");
  HomeMaker home(tool_.program().home());
  const SystemClock clock;
  const std::function<Result<void>()> steps[] = {
      [&] { return make_folders(home); },
      [&] { return make_databases(home, clock); },
      [&] { return home.file("tubepost.conf", configuration_text(*plan), 0644); },
      [&] { return make_certificate(home, plan->hostname); },
      [&] { return make_services(home); },
      [&] { return home.sync(); },
      [&] { return add_domains(home, tool_, domains_); },
  };
  for (const auto& step : steps)
    if (auto done = step(); !done) return std::move(done).error();
  for (const auto& line : home.lines()) std::cout << line << '\n';
  return ExitStatus::ok;
}

}  // namespace tubepost::mailadm
