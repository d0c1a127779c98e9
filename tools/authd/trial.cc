#include "authd/trial.h"

#include <future>

namespace tubepost::authd {
namespace {

Answer take_step(Conversation& conversation, std::optional<std::string_view> response) {
  // Shared with the pool's thread, which may still hold the function when its answer is here.
  const auto promise = std::make_shared<std::promise<Answer>>();
  auto answer = promise->get_future();
  conversation.step(response,
                    [promise](const Answer& given, std::chrono::milliseconds) { promise->set_value(given); });
  return answer.get();
}

TrialResult judge(const Answer& answer, const auth::SaslClient& client) {
  if (const auto* ok = std::get_if<auth::dovecot::Ok>(&answer)) {
    if (client.is_satisfied()) return {true, ok->user, {}, false};
    return {false, ok->user, "the server did not prove that it knows the password", false};
  }
  const auto* fail = std::get_if<auth::dovecot::Fail>(&answer);
  if (!fail) return {false, {}, "an endless exchange", false};
  return {false, fail->user, fail->reason.empty() ? "wrong user name or password" : fail->reason,
          fail->temporary};
}

}  // namespace

TrialResult try_login(Service& service, const std::string& mechanism, auth::Login login) {
  auth::dovecot::AuthRequest request;
  request.id = 1, request.mechanism = mechanism.empty() ? "PLAIN" : mechanism, request.service = "test";
  request.secured = true;
  const auto client = auth::make_sasl_client(request.mechanism, std::move(login));
  const auto conversation = service.begin(request);
  if (!client || !conversation)
    return {false, {}, "the mechanism " + request.mechanism + " is not offered", false};
  const auto initial = client->initial_response();
  auto answer = take_step(*conversation, initial ? std::optional<std::string_view>(*initial) : std::nullopt);
  for (int steps = 0; steps < 4; ++steps) {
    const auto* challenge = std::get_if<auth::dovecot::Continue>(&answer);
    if (!challenge) break;
    const auto response = client->answer(challenge->data);
    if (!response) return {false, {}, response.error().text, false};
    answer = take_step(*conversation, *response);
  }
  return judge(answer, *client);
}

}  // namespace tubepost::authd
