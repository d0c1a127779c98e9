#include "net/port_holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "net/fd_stream.h"

namespace tubepost::net {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t table_limit = 16 << 20;
constexpr std::size_t greeting_limit = 200;
constexpr auto greeting_time = 1s;

// /proc/net/tcp: "sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode", addresses as
// HEX:PORT.
void add_inodes(const std::string& table, std::uint16_t port, std::set<std::string>& inodes) {
  for (const std::string_view line : split(table, '\n')) {
    const auto words = split_words(line);
    if (words.size() < 10 || words[3] != "0A") continue;  // TCP_LISTEN
    const auto colon = words[1].find(':');
    unsigned found = 0;
    const std::string_view hex = colon == words[1].npos ? "" : words[1].substr(colon + 1);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), found, 16);
    if (error == std::errc() && found == port) inodes.insert("socket:[" + std::string(words[9]) + "]");
  }
}

std::set<std::string> listening_inodes(std::uint16_t port) {
  std::set<std::string> inodes;
  for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"})
    if (const auto table = read_file(path, table_limit)) add_inodes(*table, port, inodes);
  return inodes;
}

std::vector<std::string> names_in(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), &::closedir);
  std::vector<std::string> names;
  if (!directory) return names;
  while (const dirent* entry = ::readdir(directory.get())) names.emplace_back(entry->d_name);
  return names;
}

bool holds_one_of(const std::string& process, const std::set<std::string>& inodes) {
  for (const std::string& name : names_in(process + "/fd")) {
    char target[64];
    const ssize_t size = ::readlink((process + "/fd/" + name).c_str(), target, sizeof target);
    if (size > 0 && inodes.contains(std::string(target, static_cast<std::size_t>(size)))) return true;
  }
  return false;
}

std::string find_program(std::uint16_t port) {
  const auto inodes = listening_inodes(port);
  if (inodes.empty()) return {};
  for (const std::string& pid : names_in("/proc")) {
    if (!is_digit(pid.front()) || !holds_one_of("/proc/" + pid, inodes)) continue;
    const auto name = read_file("/proc/" + pid + "/comm", 1000);
    return (name ? std::string(trim(*name)) : "?") + " (pid " + pid + ")";
  }
  return {};
}

// Connects, and reads what is said first.
void look_at(Endpoint endpoint, PortHolder& holder) {
  if (endpoint.address == endpoint.address.network(0))  // bound to all addresses
    endpoint.address = *IpAddress::parse(endpoint.address.is_v6() ? "::1" : "127.0.0.1");
  const auto connection = connect_tcp(endpoint, greeting_time);
  holder.answers = connection.has_value();
  if (!connection) return;
  char bytes[greeting_limit];
  try {
    (*connection)->set_time_limit(greeting_time);
    holder.greeting = trim({bytes, (*connection)->read(bytes)});
  } catch (const StreamEnd&) {  // it waits for us to speak first, or went away: nothing to report
  }
}

}  // namespace

PortHolder find_port_holder(const Endpoint& endpoint) {
  PortHolder holder;
  holder.program = find_program(endpoint.port);
  look_at(endpoint, holder);
  return holder;
}

}  // namespace tubepost::net
