// An auth service for session tests, without authd.
#pragma once

#include "auth/authenticator.h"

namespace tubepost::test_support {

// Remembers what it was asked. The password of everybody is "secret"; SCRAM-SHA-256 is a dialogue: it says
// "who?" and is content with "me".
class FakeAuthenticator final : public auth::Authenticator {
public:
  Result<std::vector<auth::MechanismInfo>> mechanisms() override {
    if (down) return Failure::temporary("authd is down");
    return std::vector<auth::MechanismInfo>{
        {"PLAIN", true, false}, {"SCRAM-SHA-256", false, false}, {"SCRAM-SHA-256-PLUS", false, true}};
  }
  Begun begin(const auth::Request& request) override {
    requests.push_back(request);
    if (down) return {failed("authd is down", true), nullptr};
    if (request.mechanism == "PLAIN" && request.initial_response)
      return {check_plain(*request.initial_response), nullptr};
    const bool scram = request.mechanism == "SCRAM-SHA-256";
    return {{auth::Step::Kind::challenge, scram ? "who?" : "", {}, false, {}},
            std::make_unique<Dialogue>(*this, scram)};
  }

  bool offers_internal(std::string_view mechanism) override { return mechanism == internal; }

  bool down = false;
  std::string internal;  // a mechanism that is no SASL mechanism
  std::vector<auth::Request> requests;
  unsigned cancelled = 0;

private:
  class Dialogue final : public auth::Exchange {
  public:
    Dialogue(FakeAuthenticator& owner, bool scram) : owner_(owner), scram_(scram) {}
    auth::Step step(std::string_view response) override {
      if (!scram_) return check_plain(response);
      return response == "me" ? succeeded() : failed("no proof", false);
    }
    void cancel() override { ++owner_.cancelled; }

  private:
    FakeAuthenticator& owner_;
    const bool scram_;
  };
  static auth::Step succeeded(std::string user = "bob@example.test") {
    return {auth::Step::Kind::ok, {}, std::move(user), false, {}};
  }
  static auth::Step failed(std::string text, bool temporary) {
    return {auth::Step::Kind::failed, std::move(text), {}, temporary, {}};
  }
  static auth::Step check_plain(std::string_view response) {
    const auto end = response.rfind('\0');
    if (end == std::string_view::npos || response.substr(end + 1) != "secret")
      return failed("wrong password", false);
    return succeeded(std::string(response.substr(1, end - 1)));
  }
};

}  // namespace tubepost::test_support
