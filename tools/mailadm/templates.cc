#include "mailadm/templates.h"

#include <algorithm>

#include "base/text.h"

namespace tubepost::mailadm {
namespace {

constexpr std::string_view home_mark = "{home}";  // in arguments: of programs that do not look for a path there themselves

std::string endpoint(const std::string& address, unsigned port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

std::string listen_lines(const Plan& plan, unsigned standard_port, const char* mark = "") {
  std::string text;
  for (const auto& address : plan.addresses)
    text += std::string(mark) + "listen = " + endpoint(address, plan.port_base + standard_port) + '\n';
  return text;
}

std::string limit_lines(unsigned connections, unsigned per_address, const char* mark = "") {
  return std::string(mark) + "connections = " + std::to_string(connections) + '\n' + mark +
         "connections-per-address = " + std::to_string(per_address) + '\n';
}

std::string head_text(const Plan& plan) {
  return "# Settings of this Tubepost instance. Made by `mailadm init`, and yours from now on: no program "
         "writes here.\n"
         "# `mailadm config check` reads it and says what is wrong; `mailadm config defaults` prints every "
         "setting there\n"
         "# is. Most changes hold for the next connection; those marked (restart) when the service is "
         "started again.\n"
         "# Accounts, domains, aliases and routes are not here: mailadm account, domain, alias, route.\n\n"
         "[server]\n"
         "# The name of this host: in greetings, Received fields, message ids. Its address should have this "
         "name.\n"
         "hostname = " +
         plan.hostname +
         "\n\n"
         "[tls]\n"
         "# A self-signed certificate to begin with. Put a real one in its place, or name other files; both "
         "are read\n"
         "# again when they change.\n"
         "certificate = tls/certificate.pem\n"
         "key = tls/key.pem\n\n";
}

std::string mx_text(const Plan& plan) {
  const std::string port_note = plan.port_base == 0 ? ""
                                                    : "# Other servers look for port 25 only: this one is "
                                                      "for trying things, or behind port forwarding.\n";
  return "[smtpd]\n"
         "# Mail from other servers (restart). One line an address; no line: off.\n" +
         port_note + listen_lines(plan, 25) +
         "# Connections at a time, in all and from one address; computed from this machine's memory "
         "(restart).\n" +
         limit_lines(plan.limits.smtp, plan.limits.smtp_per_address) +
         "# The largest message taken. Corrupt messages are refused (validate).\n"
         "#message-size-max = 50M\n"
         "#validate = yes\n"
         "# Addresses that no restriction binds. They may relay: name only your own machines.\n"
         "#trusted = 192.0.2.0/24\n\n";
}

std::string submission_text(const Plan& plan) {
  return "[submission]\n"
         "# Mail from our own users, who log in after STARTTLS (restart).\n" +
         listen_lines(plan, 587) + limit_lines(plan.limits.smtp, plan.limits.smtp_per_address) +
         "# As whom an account may send: own (its addresses), domain (any of its domain), any.\n"
         "#sender = own\n\n"
         "[submissions]\n"
         "# The same with TLS from the first byte (restart).\n" +
         listen_lines(plan, 465) + "connections = " + std::to_string(plan.limits.smtp) + "\n\n";
}

std::string reading_text(const Plan& plan) {
  return "[popd]\n"
         "# POP3, with STLS (restart).\n" +
         listen_lines(plan, 110) + limit_lines(plan.limits.pop, plan.limits.pop_per_address) +
         "\n[pop3s]\n"
         "# POP3 with TLS from the first byte (restart).\n" +
         listen_lines(plan, 995) + "connections = " + std::to_string(plan.limits.pop) +
         "\n\n[imapd]\n"
         "# IMAP, with STARTTLS (restart).\n" +
         listen_lines(plan, 143) + limit_lines(plan.limits.imap, plan.limits.imap_per_address) +
         "\n[imaps]\n"
         "# IMAP with TLS from the first byte (restart).\n" +
         listen_lines(plan, 993) + "connections = " + std::to_string(plan.limits.imap) + "\n\n";
}

std::string login_text() {
  return "[authd]\n"
         "# How programs may log in. SCRAM-SHA-256-PLUS, which is bound to the TLS connection, is built in and not in this\n"
         "# list: programs with GNU SASL (mutt of Debian 12) choose it wherever it is offered, and then cannot do it.\n"
         "mechanisms = PLAIN LOGIN SCRAM-SHA-256\n\n";
}

std::string queue_text() {
  return "[qrun]\n"
         "# How long mail that cannot be delivered is kept, and when its sender is told of a delay.\n"
         "#expire = 5d\n"
         "#delay-notice = 4h\n";
}

}  // namespace

Limits fitting_limits(std::uint64_t memory, std::uint64_t descriptors, bool local) {
  const std::uint64_t mebibytes = memory >> 20;
  // A connection costs some 70 KiB with TLS (design.md 5): these take about a hundredth of the memory each.
  const auto fit = [&](std::uint64_t per, unsigned least, unsigned most) {
    const auto wanted = std::clamp<std::uint64_t>(mebibytes / per, least, most);
    return static_cast<unsigned>(std::max<std::uint64_t>(std::min(wanted, descriptors / 2), 10));
  };
  Limits limits;
  limits.smtp = fit(8, 20, 500);
  limits.pop = fit(4, 100, 1000);
  limits.imap = fit(2, 200, 5000);  // mail programs keep several connections each, all day
  limits.smtp_per_address = local ? limits.smtp : std::clamp(limits.smtp / 10, 5U, 20U);
  limits.pop_per_address = local ? limits.pop : std::clamp(limits.pop / 10, 10U, 50U);
  limits.imap_per_address = local ? limits.imap : std::clamp(limits.imap / 10, 20U, 100U);
  return limits;
}

std::string configuration_text(const Plan& plan) {
  return head_text(plan) + mx_text(plan) + submission_text(plan) + reading_text(plan) + login_text() + queue_text();
}

std::vector<Service> services() {
  return {{"authd", "authd", {}},
          {"smtpd", "smtpd", {}},
          {"submission", "smtpd", {"--role", "submission"}},
          {"local", "smtpd", {"--role", "local"}},
          {"qrun", "qrun", {}},
          {"quota", "deliver", {"--listen", "unix:run/quota.sock"}},
          {"popd", "popd", {}},
          {"imapd", "imapd", {}},
          {"greylist", "greylist", {"--listen", "unix:run/greylist.sock"}, true},
          {"avscan", "avscan-wrap", {"--preset", "clamd", "--listen", "unix:{home}/run/avscan.sock"}, true}};
}

std::string shell_quoted(std::string_view word) {
  const bool safe = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || std::string_view("/._-+=:,@").find(c) != std::string_view::npos;
  });
  if (safe) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

std::string run_script(const Service& service, const std::string& program_path, const std::string& home) {
  std::string command = "exec " + shell_quoted(program_path) + " --home " + shell_quoted(home);
  for (auto argument : service.arguments) {
    if (const auto at = argument.find(home_mark); at != argument.npos) argument.replace(at, home_mark.size(), home);
    command += ' ' + shell_quoted(argument);
  }
  return "#!/bin/sh\n"
         "# s6 opens descriptor 3 for the newline that says \"ready\"; where nobody does (runit), it must "
         "not become\n"
         "# the first file that the program opens.\n"
         "{ true >&3; } 2>/dev/null || exec 3>/dev/null\n" +
         command + " --ready-fd 3 2>&1\n";
}

// s6: 125 means "do not start it again"; runit has to be told. A wrong command line or configuration does not become right
// by itself.
std::string finish_script() {
  return "#!/bin/sh\n"
         "# Exit 64 (usage) and 78 (configuration) will be the same next time: stay down until `s6-svc -u` or `sv up`.\n"
         "case $1 in 64 | 78) sv down . >/dev/null 2>&1; exit 125 ;; esac\n";
}

std::string log_script(const std::string& folder) {
  const auto where = shell_quoted(folder);
  return "#!/bin/sh\n"
         "if command -v s6-log >/dev/null; then exec s6-log n10 s1000000 t " + where + "; fi\n"
         "exec svlogd -tt " + where + "\n";
}

}  // namespace tubepost::mailadm
