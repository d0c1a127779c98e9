#include "auth/smarthost_account.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"

namespace tubepost::auth {
namespace {

constexpr std::size_t account_file_max = 16 << 10;

Failure wrong_account(const std::string& text) { return Failure::permanent(text, {5, 3, 5}); }

bool set_account_field(SmarthostAccount& account, std::string_view name, std::string_view value) {
  using Tls = SmarthostAccount::Tls;
  if (name == "user") return account.user = value, true;
  if (name == "password") return account.password = Password(value), true;
  if (name == "mechanism") return account.mechanism = to_upper(value), true;
  if (name == "clear-text") return account.clear_text = value == "yes", value == "yes" || value == "no";
  if (name != "tls") return false;
  account.tls = value == "encrypt" ? Tls::encrypt : value == "may" ? Tls::may : Tls::verify;
  return value == "encrypt" || value == "may" || value == "verify";
}

}  // namespace

Result<SmarthostAccount> parse_smarthost_account(std::string_view text) {
  SmarthostAccount account;
  int number = 0;
  for (auto line : split(text, '\n')) {
    ++number;
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty() || trim(line).front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos ||
        !set_account_field(account, trim(line.substr(0, equals)), line.substr(equals + 1)))
      return wrong_account("line " + std::to_string(number) + " is no NAME=VALUE that belongs here");
  }
  if (account.user.empty() || account.password.view().empty())
    return wrong_account("it needs user= and password=");
  return account;
}

Result<SmarthostAccount> read_smarthost_account(const std::string& path) {
  struct stat status {};
  const bool found = ::stat(path.c_str(), &status) == 0;
  if (!found && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
    return wrong_account("mxsend.smarthost-auth: " + path + ": " + std::strerror(errno));
  if (found && (status.st_mode & 077) != 0)
    return wrong_account("mxsend.smarthost-auth: " + path + " may be read by others: chmod 600");
  auto text = read_file(path, account_file_max);
  if (!text) return std::move(text).error().while_doing("mxsend.smarthost-auth");
  const Wiped wiped(*text);
  auto account = parse_smarthost_account(*text);
  if (!account) return std::move(account).error().while_doing("mxsend.smarthost-auth: " + path);
  return account;
}

}  // namespace tubepost::auth
