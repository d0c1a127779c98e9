// What authd does with a login, whoever carries the lines: runs the mechanism, finds the user, asks throttle
// and memory, has the password hashed, and logs how it ended. One Service a process; any thread.
//
// Answers come through a function, at once or later and from another thread; it is called exactly once for
// each step, unless the Service is destroyed first. `delay`: how long the answer is to be held back.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/dovecot_protocol.h"
#include "auth/sasl.h"
#include "authd/hash_pool.h"
#include "authd/throttle.h"
#include "authd/users.h"
#include "authd/verified.h"

namespace tubepost::authd {

using Answer = std::variant<auth::dovecot::Continue, auth::dovecot::Ok, auth::dovecot::Fail>;
using Answered = std::function<void(const Answer&, std::chrono::milliseconds delay)>;

class Service;

// One login under way, between AUTH and OK or FAIL. Belongs to one session; lives no longer than its Service.
class Conversation {
public:
  // False: the client is to go on, or may have to (a token that is being looked at); true: this was the last step,
  // its answer comes or has come.
  bool step(std::optional<std::string_view> response, const Answered& answered);
  bool bind(std::string_view data, const Answered& answered);  // the answer to a question for channel binding

private:
  friend class Service;
  Conversation(Service& service, auth::dovecot::AuthRequest request);
  Result<const Candidate*> find(const std::string& user);
  Result<auth::ScramVerifier> look_up(const std::string& user);
  Result<std::string> look_up_legacy(const std::string& user);
  bool take(auth::SaslStep next, const Answered& answered);

  Service& service_;
  auth::dovecot::AuthRequest request_;
  std::optional<Candidate> candidate_;  // SCRAM: whom the client is about to prove to be
  std::shared_ptr<auth::SaslServer> mechanism_;  // shared with the pool while it looks at a token
};

class Service {
public:
  Service(const directory::Directory& directory, const auth::Secrets& secrets, config::LiveSettings& settings,
          const Clock& clock, const log::Logger& logger);

  std::vector<auth::dovecot::Mechanism> mechanisms()
      const;  // those of authd.mechanisms that we know, in its order
  // nullptr: no such mechanism is offered. A request's initial response is not taken yet: step() does.
  bool offers(std::string_view mechanism) const;
  std::unique_ptr<Conversation> begin(auth::dovecot::AuthRequest request);

private:
  friend class Conversation;
  struct Check;
  struct TokenCheck;

  Result<Candidate> admit(const auth::dovecot::AuthRequest& request, const std::string& user);
  void check_password(const auth::dovecot::AuthRequest& request, auth::CheckPassword login,
                      const Answered& answered);
  void hash(const std::shared_ptr<Check>& check);
  void check_token(const auth::dovecot::AuthRequest& request, auth::CheckToken login,
                   std::shared_ptr<auth::SaslServer> mechanism, const Answered& answered);
  void ask_about(const std::shared_ptr<TokenCheck>& check);
  void succeed(const auth::dovecot::AuthRequest& request, const Candidate& candidate,
               const Answered& answered);
  void fail(const auth::dovecot::AuthRequest& request, const std::string& user, std::string reason,
            const std::string& guess, const Answered& answered);
  void refuse(const auth::dovecot::AuthRequest& request, const std::string& user, const Failure& failure,
              const Answered& answered);
  void note(log::Level level, std::string_view event, const auth::dovecot::AuthRequest& request,
            const std::string& user, const std::string& reason) const;
  ThrottleRules rules() const;

  Users users_;
  config::LiveSettings& settings_;
  const log::Logger& logger_;
  Throttle throttle_;
  Verified verified_;
  HashPool pool_;  // last: its jobs use all of the above
};

}  // namespace tubepost::authd
