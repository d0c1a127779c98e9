#include "relay/said.h"

#include "base/text.h"
#include "smtp/reply_class.h"

namespace tubepost::relay {
namespace {

constexpr std::string_view said = " said: ", last = "; last: ";

std::optional<int> code_of(std::string_view reply) {
  if (reply.size() < 3 || (reply.size() > 3 && reply[3] != ' ')) return std::nullopt;
  const auto code = parse_number<int>(reply.substr(0, 3));
  return code && *code >= 400 && *code <= 599 ? code : std::nullopt;
}

std::optional<EnhancedStatus> status_in(std::string_view reply) {
  if (reply.size() < 4) return std::nullopt;
  reply.remove_prefix(4);
  return parse_enhanced_status(reply.substr(0, reply.find(' ')));
}

// The enhanced status stands apart from the text; one that says no more than the code was made of that (mxsend).
bool is_its_own(const Verdict& verdict) {
  return verdict.code.status_class == verdict.reply / 100 &&
         (verdict.code.subject > 0 || verdict.code.detail > 0);
}

bool speaks_of_trying_again(smtp::ReplyClass reply_class) {
  using smtp::ReplyClass;
  return reply_class == ReplyClass::embargo || reply_class == ReplyClass::too_many_recipients ||
         reply_class == ReplyClass::system_full;
}

}  // namespace

std::string text_of(const Verdict& verdict) {
  if (verdict.host.empty()) return verdict.text;
  if (verdict.reply == 0) return verdict.host + ": " + verdict.text;
  const std::string code = std::to_string(verdict.reply) + ' ', status = to_string(verdict.code) + ' ';
  std::string reply = verdict.text;
  if (!reply.starts_with(code))
    reply.insert(0, code + (is_its_own(verdict) && !reply.starts_with(status) ? status : ""));
  return verdict.host + std::string(said) + reply;
}

std::optional<Said> find_said(std::string_view text) {
  Said found;
  if (const auto at = text.find(said); at != std::string_view::npos) {
    const auto blank = text.substr(0, at).rfind(' ');
    const auto from = blank == std::string_view::npos ? 0 : blank + 1;
    found = {text.substr(from, at - from), 0, text.substr(at + said.size()), from == 0};
  } else if (const auto behind = text.find(last); behind != std::string_view::npos) {
    found.reply = text.substr(behind + last.size());
  }
  const auto code = code_of(found.reply);
  if (!code) return std::nullopt;
  found.code = *code;
  return found;
}

std::string why_not_tried(std::string_view destination, std::uint64_t failures, std::string_view text) {
  const auto often = failures == 1 ? "once" : std::to_string(failures) + " times";
  return std::string(destination) + " is not tried for now, it failed " + often + std::string(last) + std::string(text);
}

std::string advice_on(std::string_view text, std::optional<EnhancedStatus> status, bool given_up) {
  const auto found = find_said(text);
  if (!found) return {};
  const auto own = status_in(found->reply);
  // Behind other words the status is theirs ("5.4.7, delivery time expired").
  const auto meaning = smtp::explain_reply(found->code, own || !found->is_all ? own : status, found->reply);
  std::string advice;
  if (!given_up || !speaks_of_trying_again(meaning.reply_class)) advice = meaning.advice;
  for (const std::string& link : meaning.links) advice.append(advice.empty() ? "" : " ").append(link);
  return advice;
}

}  // namespace tubepost::relay
