// Asking a policy service (Postfix's policy delegation, SMTPD_POLICY_README): one request record, one answer.
// A service is a command that speaks on its stdin and stdout and stays, or a socket (unix:PATH,
// inet:ADDR:PORT) whose connections are kept.
//
// A small pool of channels, so that one slow answer does not stop the other sessions; a caller waits for a
// free one within its own time limit. A channel that dies, hangs, or says what is no record or more than one
// is closed and its child's process group killed. A channel found dead before it was asked is replaced at
// once; after failures in a row new ones are made with back-off (1 s, doubled up to a minute), and until then
// the answer is the service's default. The answer to a caller is always an action: that of the service, or
// its default with a reason for the log.
// Threading: any thread; one object serves all sessions.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"
#include "policy/policy_record.h"

namespace tubepost::policy {

enum class ProtocolState { connect, mail, rcpt, data, end };  // ;at=connect,mail,rcpt,data,end
std::string_view to_attribute(ProtocolState state);           // "CONNECT", …, "END-OF-MESSAGE"

inline constexpr std::size_t channels_max = 5;
inline constexpr std::chrono::seconds answer_time{10};
inline constexpr std::string_view default_action = "451 4.3.5 Policy service is not available, try again";

// smtpd.policy = COMMAND | unix:PATH | inet:ADDR:PORT, then any of ;at=STATE,… (default rcpt) ;timeout=TIME
// (10s) ;default=ACTION (451 4.3.5 …: what counts when the service fails) ;for=strangers|all (strangers: not
// the trusted, the authenticated, the allowed).
struct ServiceSettings {
  std::string text;  // as it was written
  std::vector<std::string> command;
  std::string unix_path;
  std::optional<net::Endpoint> endpoint;
  std::set<ProtocolState> at{ProtocolState::rcpt};
  std::chrono::milliseconds timeout = answer_time;
  Action otherwise = parse_action(default_action);
  bool for_all = false;

  std::string name() const;  // for logs: the command, or the address
};
Result<ServiceSettings> parse_service(std::string_view text);  // a permanent Failure says what is wrong

struct Answer {
  Action action;
  std::string failure;  // not empty: the service gave no answer, and this is the default
};

class Service {
public:
  explicit Service(ServiceSettings settings);
  ~Service();
  const ServiceSettings& settings() const { return settings_; }
  Answer ask(const Record& request);

private:
  struct State;
  class Borrowed;
  Result<Record> converse(const Record& request);
  const ServiceSettings settings_;
  std::unique_ptr<State> state_;
};

}  // namespace tubepost::policy
