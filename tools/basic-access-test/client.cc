// The group client (T4): one account, as a mail program needs it - its state, and the settings, tried.
#include "base/file.h"
#include "base/text.h"
#include "basic-access-test/groups.h"
#include "basic-access-test/listener_checks.h"
#include "directory/directory.h"
#include "dns/mx.h"
#include "mailstore/mailstore.h"

namespace tubepost::basic_access_test {
namespace {

constexpr double nearly_full = 0.9;

// ---- what the instance holds

class AccountCheck {
public:
  AccountCheck(const Context& context, Findings& findings)
      : context_(context), subject_(context.options.account->address), findings_(findings) {}

  void run() {
    const auto mailbox = smtp::parse_mailbox(subject_);
    if (!mailbox) return findings_.fail("client-account", subject_, "it is no USER@DOMAIN");
    const auto folder = context_.settings->path("directory");
    if (!file_exists(folder))
      return findings_.skip("client-account", subject_, "there is no directory at " + folder);
    const auto directory = directory::Directory::open(folder, {});
    if (!directory) return findings_.skip("client-account", subject_, directory.error().text);
    const auto account = directory->find_account(*mailbox);
    if (!account) return findings_.skip("client-account", subject_, account.error().text);
    if (!*account)
      return findings_.fail("client-account", subject_, what_else(*directory, *mailbox),
                            "mailadm account add " + subject_ + " makes it.");
    state(**account);
    quota(**account);
    aliases(*directory, **account);
    filters(*directory, **account);
  }

private:
  static std::string what_else(const directory::Directory& directory, const smtp::Mailbox& mailbox) {
    const auto hosted = directory.is_hosted(mailbox.domain);
    if (hosted && !*hosted)
      return "there is no such account, and " + mailbox.domain + " is no domain of this server";
    const auto found = directory.find(mailbox);
    if (found && std::holds_alternative<directory::ToAlias>(*found))
      return "it is an alias, and an alias has no login";
    return "there is no such account";
  }

  void state(const directory::Account& account) {
    if (account.is_suspended()) return findings_.fail("client-account", subject_, "the account is suspended");
    findings_.ok("client-account", subject_, "account " + account.address.to_text());
  }

  void quota(const directory::Account& account) {
    mailstore::MailStore::Options options;
    const auto folder = context_.settings->path("store");
    if (!file_exists(folder))
      return findings_.skip("client-quota", subject_, "there is no store at " + folder);
    const auto store = mailstore::MailStore::open(folder, options, context_.clock);
    if (!store) return findings_.skip("client-quota", subject_, store.error().text);
    const auto usage = store->usage(account.id);
    if (!usage) return findings_.skip("client-quota", subject_, usage.error().text);
    const auto bytes = account.quota_bytes(), messages = account.quota_messages();
    const auto seen =
        std::to_string(usage->bytes) + " bytes" + (bytes ? " of " + std::to_string(*bytes) : "") + ", " +
        std::to_string(usage->messages) + " messages" + (messages ? " of " + std::to_string(*messages) : "");
    const auto part = [](std::uint64_t used, const std::optional<std::uint64_t>& most) {
      return most && *most > 0 ? static_cast<double>(used) / static_cast<double>(*most) : 0;
    };
    const double full = std::max(part(usage->bytes, bytes), part(usage->messages, messages));
    if (full >= 1) return findings_.fail("client-quota", subject_, seen + ": full");
    if (full >= nearly_full) return findings_.warn("client-quota", subject_, seen + ": nearly full");
    findings_.ok("client-quota", subject_, seen);
  }

  void aliases(const directory::Directory& directory, const directory::Account& account) {
    const auto all = directory.aliases();
    if (!all) return findings_.skip("client-aliases", subject_, all.error().text);
    std::vector<std::string> ours;
    for (const auto& alias : *all)
      if (std::find(alias.targets.begin(), alias.targets.end(), account.address.to_text()) !=
          alias.targets.end())
        ours.push_back(alias.address);
    findings_.ok("client-aliases", subject_, ours.empty() ? "no alias leads to it" : join(ours, ", "));
  }

  void filters(const directory::Directory& directory, const directory::Account& account) {
    const auto rules = directory.rules(account.address.to_text());
    if (!rules) return findings_.skip("client-filters", subject_, rules.error().text);
    std::string seen = std::to_string(rules->size()) + " rules of its own";
    for (const auto& [key, value] : account.properties) seen += '\n' + key + '=' + printable(value, 100);
    findings_.ok("client-filters", subject_, seen);
  }

  const Context& context_;
  const std::string subject_;
  Findings& findings_;
};

// ---- settings, tried

std::string_view protocol_name(Protocol protocol) {
  return protocol == Protocol::smtp ? "SMTP" : protocol == Protocol::pop3 ? "POP3" : "IMAP";
}

Result<std::string> try_settings(const Context& context, const ServiceKind& kind,
                                 const net::Endpoint& endpoint) {
  MailSession session(kind, endpoint, wishes_for(context));
  if (const auto offer = session.open(WithTls::always); !offer) return offer.error();
  const auto& account = *context.options.account;
  std::string did = "connected with " + session.inspection()->protocol;
  if (!account.password.empty()) {
    if (auto done = session.login(account); !done) return Failure::permanent("login: " + done.error().text);
    did += ", logged in by " + session.mechanism();
  }
  session.bye();
  return did;
}

std::string settings_text(const Context& context, const ServiceKind& kind, const std::string& host,
                          std::uint16_t port) {
  return std::string(protocol_name(kind.protocol)) + ": host " + host + ", port " + std::to_string(port) +
         ", encryption " + (kind.tls_first ? "SSL/TLS" : "STARTTLS") + ", user " +
         context.options.account->address;
}

void check_settings(const Context& context, const Service& service, Findings& findings) {
  const auto& kind = *service.kind;
  const auto port = service.endpoints.front().port;
  const auto subject = std::string(kind.name);
  const auto by_name = settings_text(context, kind, context.target.host, port);
  std::string failed;
  bool reached = false;
  const auto addresses = dns::find_addresses(context.resolver, context.target.host);
  if (!addresses) failed = context.target.host + ": " + addresses.error().text + '\n';
  for (const auto& address : addresses ? addresses->all : std::vector<net::IpAddress>()) {
    const auto did = try_settings(context, kind, {address, port});
    if (did) return findings.ok("client-settings", subject, by_name + '\n' + *did);
    reached = reached || did.error().text.starts_with("login: ");
    failed += context.target.host + " [" + address.to_text() + "]: " + did.error().text + '\n';
  }
  if (reached)
    return findings.fail(
        "client-settings", subject, by_name + '\n' + failed,
        "Set the password anew: mailadm account passwd " + context.options.account->address + '.');
  for (const auto& endpoint : service.endpoints) {
    const auto did = try_settings(context, kind, endpoint);
    if (did)
      return findings.warn("client-settings", subject,
                           failed + "it works by its address alone:\n" +
                               settings_text(context, kind, endpoint.address.to_text(), endpoint.port) +
                               '\n' + *did);
    failed += endpoint.to_text() + ": " + did.error().text + '\n';
  }
  findings.fail("client-settings", subject, by_name + '\n' + failed);
}

}  // namespace

void add_client(const Context& context, Plan& plan) {
  if (!context.options.account)
    return plan.skip("client-account", "", "no account was named: basic-access-test client USER@DOMAIN");
  if (context.target.own) {
    Probe probe;
    probe.subject = context.options.account->address;
    probe.name = "account " + probe.subject;
    probe.checks = {"client-account"};
    probe.run = [&context](Findings& findings) { AccountCheck(context, findings).run(); };
    plan.add(std::move(probe));
  }
  for (const auto& service : context.target.services) {
    if (!service.kind->for_users || service.endpoints.empty()) continue;
    Probe probe;
    probe.subject = service.kind->name;
    probe.name = "client " + probe.subject;
    probe.checks = {"client-settings"};
    probe.run = [&context, &service](Findings& findings) { check_settings(context, service, findings); };
    plan.add(std::move(probe));
  }
}

}  // namespace tubepost::basic_access_test
