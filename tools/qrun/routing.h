// What is to be done with a recipient: the decision that design.md 2 gives to qrun, made from the directory
// alone. Routing is by recipient, never by port (spec L8): hosted mail is delivered here whoever handed it
// in.
//
// A Router remembers what it was told for one turn, so that a thousand recipients of one address cost one
// look-up. Threading: one thread.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "directory/directory.h"
#include "spool/envelope.h"

namespace tubepost::qrun {

// The look-ups a decision needs; the directory answers them, or a test's fake.
class Addresses {
public:
  virtual ~Addresses() = default;
  virtual Result<directory::Destination> find(const smtp::Mailbox& address) const = 0;
  virtual Result<std::optional<directory::Account>> find_account(const smtp::Mailbox& address) const = 0;
  virtual Result<directory::Expansion> expand(const smtp::Mailbox& address,
                                              std::string_view sender) const = 0;
  virtual Result<directory::Route> route_for(const smtp::Mailbox& address, std::string_view sender) const = 0;
};

class DirectoryAddresses final : public Addresses {
public:
  explicit DirectoryAddresses(const directory::Directory& directory) : directory_(directory) {}
  Result<directory::Destination> find(const smtp::Mailbox& address) const override;
  Result<std::optional<directory::Account>> find_account(const smtp::Mailbox& address) const override;
  Result<directory::Expansion> expand(const smtp::Mailbox& address, std::string_view sender) const override;
  Result<directory::Route> route_for(const smtp::Mailbox& address, std::string_view sender) const override;

private:
  const directory::Directory& directory_;
};

// ---- decisions

struct DeliverTo {
  std::string mailbox, detail;
};
struct ExpandTo {
  std::vector<std::string> addresses;  // never empty
  std::vector<std::string> problems;   // for the log
};
struct SendOut {
  directory::Route route;
  bool secondary = false;  // we keep it for its primary (O10)
};
struct Discard {};
struct HoldBack {
  std::string text;
};
struct Refuse {
  EnhancedStatus status;
  std::string text;
};
struct AskLater {  // the directory could not be read
  Failure failure;
};
using Decision = std::variant<DeliverTo, ExpandTo, SendOut, Discard, HoldBack, Refuse, AskLater>;

std::string describe(const Decision& decision);  // one line, for --dry-run

class Router {
public:
  explicit Router(const Addresses& addresses) : addresses_(addresses) {}
  // Valid until the next forget().
  // An operator's reroute goes before everything but a mailbox here.
  const Decision& decide(const spool::Recipient& recipient, const std::string& sender);
  void forget() { known_.clear(); }

private:
  Decision look_up(const spool::Recipient& recipient, const std::string& sender) const;
  Decision of_alias(const smtp::Mailbox& address, const std::string& sender) const;
  Decision of_remote(const smtp::Mailbox& address, const std::string& sender, bool secondary) const;

  const Addresses& addresses_;
  std::unordered_map<std::string, Decision> known_;
};

}  // namespace tubepost::qrun
