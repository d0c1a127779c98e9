#include "deliver/quota.h"

#include "base/text.h"
#include "net/server.h"
#include "policy/policy_server.h"

namespace tubepost::deliver {
namespace {

constexpr std::chrono::seconds sum_life{5};
constexpr std::size_t connections_max = 100;

// Empty: there is room.
std::string over(const mailstore::Usage& usage, std::uint64_t size, std::optional<std::uint64_t> bytes,
                 std::optional<std::uint64_t> messages, const std::string& what) {
  // RFC 3463 3.3: X.2.2, mailbox full. A message of unknown size has one byte at least.
  if (bytes && usage.bytes + std::max<std::uint64_t>(size, 1) > *bytes)
    return what + " is full: " + std::to_string(usage.bytes) + " of " + std::to_string(*bytes) + " bytes";
  if (messages && usage.messages + 1 > *messages)
    return what + " is full: " + std::to_string(usage.messages) + " of " + std::to_string(*messages) +
           " messages";
  return {};
}

struct QuotaWorker {
  SystemClock clock;
  directory::Directory directory;
  mailstore::MailStore store;
  const log::Logger& logger;
  QuotaPolicy policy;
  QuotaWorker(directory::Directory known, mailstore::MailStore opened, const log::Logger& log, bool refuses)
      : directory(std::move(known)),
        store(std::move(opened)),
        logger(log),
        policy({directory, store, clock, logger, refuses}) {}

  void converse(net::Stream& stream) {
    policy::serve_requests(
        stream, [this](const policy::Record& request) { return policy.answer(request); }, logger);
  }
};

// After any fork.
Result<std::shared_ptr<QuotaWorker>> open_worker(const config::Program& program, const log::Logger& logger) {
  static const SystemClock clock;
  const auto settings = program.settings();
  auto directory = directory::Directory::open(settings->path("directory"), {});
  if (!directory) return std::move(directory).error();
  mailstore::MailStore::Options options;
  options.group_commit = false;  // it only reads
  auto store = mailstore::MailStore::open(settings->path("store"), options, clock);
  if (!store) return std::move(store).error();
  return std::make_shared<QuotaWorker>(std::move(*directory), std::move(*store), logger,
                                       settings->text("deliver.over-quota") == "fail");
}

}  // namespace

std::string QuotaPolicy::answer(const policy::Record& request) {
  const auto address = smtp::parse_mailbox(request.value("recipient"));
  if (request.value("request") != "smtpd_access_policy" || !address) return "dunno";
  const auto found = parts_.directory.find(*address);
  const auto* to = found ? std::get_if<directory::ToAccount>(&*found) : nullptr;
  if (found && to == nullptr) return "dunno";
  const auto size = parse_number<std::uint64_t>(request.value("size")).value_or(0);
  const auto why = found ? full(to->account, size) : Result<std::string>(found.error());
  if (!why) {
    parts_.logger.error("quota-unknown",
                        {{"recipient", printable(address->to_text(), 260)}, {"reason", why.error().text}});
    return "dunno";
  }
  if (why->empty()) return "dunno";
  parts_.logger.info("over-quota", {{"account", to->account.address.to_text()}, {"reason", *why}});
  return (parts_.refuses ? "550 5.2.2 " : "452 4.2.2 ") + *why;
}

Result<std::string> QuotaPolicy::full(const directory::Account& account, std::uint64_t size) {
  if (account.quota_bytes() || account.quota_messages()) {
    const auto usage = parts_.store.usage(account.id);
    if (!usage) return usage.error();
    auto why = over(*usage, size, account.quota_bytes(), account.quota_messages(), "The mailbox");
    if (!why.empty()) return why;
  }
  const auto domain = parts_.directory.find_domain(account.address.domain);
  if (!domain) return domain.error();
  if (!*domain || (!(*domain)->quota_bytes() && !(*domain)->quota_messages())) return std::string();
  const auto usage = usage_of_domain((*domain)->name);
  if (!usage) return usage.error();
  return over(*usage, size, (*domain)->quota_bytes(), (*domain)->quota_messages(), "The domain");
}

Result<mailstore::Usage> QuotaPolicy::usage_of_domain(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  auto& sum = sums_[domain];
  const auto now = parts_.clock.now();
  if (sum.made != Timestamp{} && now >= sum.made && now - sum.made < sum_life) return sum.usage;
  const auto accounts = parts_.directory.accounts(domain);
  if (!accounts) return accounts.error();
  mailstore::Usage usage;
  for (const auto& account : *accounts) {
    const auto own = parts_.store.usage(account.id);
    if (!own) return own.error();
    usage.bytes += own->bytes, usage.messages += own->messages;
  }
  sum = {usage, now};
  return usage;
}

ExitStatus serve_quota(const config::Program& program, const ListenOptions& options) {
  const auto logger = program.logger();
  net::ListenerSpec listener;
  listener.name = "quota";
  listener.connections = connections_max;
  for (const std::string_view address : options.listen) {
    const bool below_home = address.starts_with("unix:") && !address.starts_with("unix:/");
    listener.addresses.push_back(
        below_home ? "unix:" + program.settings()->path(address.substr(5))
                   : std::string(address.starts_with("inet:") ? address.substr(5) : address));
  }
  net::ServerOptions server_options;
  server_options.connections = server_options.connections_per_address = connections_max;
  server_options.listeners = {std::move(listener)};
  if (!options.ready_fd.empty()) server_options.ready_fd = parse_number<int>(options.ready_fd);
  net::Server server(std::move(server_options), logger);
  return server.run([&]() -> Result<net::Handler> {
    auto worker = open_worker(program, logger);
    if (!worker) return std::move(worker).error();
    return net::Handler(
        [all = std::move(*worker)](net::Connection connection) { all->converse(*connection.stream); });
  });
}

}  // namespace tubepost::deliver
