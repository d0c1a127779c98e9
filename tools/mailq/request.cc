#include "mailq/request.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tubepost::mailq {
namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 17> verbs{{{"list", Verb::list},
                                                                   {"show", Verb::show},
                                                                   {"cat", Verb::cat},
                                                                   {"trace", Verb::trace},
                                                                   {"schedule", Verb::schedule},
                                                                   {"find", Verb::find},
                                                                   {"stats", Verb::stats},
                                                                   {"top", Verb::top},
                                                                   {"simulate", Verb::simulate},
                                                                   {"replay", Verb::replay},
                                                                   {"suppress", Verb::suppress},
                                                                   {"reroute", Verb::reroute},
                                                                   {"hold", Verb::hold},
                                                                   {"release", Verb::release},
                                                                   {"retry", Verb::retry},
                                                                   {"drop", Verb::drop},
                                                                   {"fail", Verb::fail}}};

std::optional<Verb> parse_verb(std::string_view word) {
  for (const auto& [name, verb] : verbs)
    if (name == word) return verb;
  return std::nullopt;
}

std::optional<spool::State> parse_state(std::string_view text) {
  for (const auto state : {spool::State::queued, spool::State::deferred, spool::State::working,
                           spool::State::held, spool::State::failed})
    if (spool::to_text(state) == text) return state;
  return std::nullopt;
}

bool set_time(std::optional<Timestamp>& field, std::string_view value, Timestamp now) {
  const auto age = parse_duration(value);
  if (age) field = now - *age;
  return age.has_value();
}

// As long ago, or a time.
bool set_since(std::optional<Timestamp>& field, std::string_view value, Timestamp now) {
  return set_time(field, value, now) || (field = parse_rfc3339(value)).has_value();
}

bool set_size(std::optional<std::uint64_t>& field, std::string_view value) {
  field = parse_size(value);
  return field.has_value();
}

// False: the value does not fit the name, or there is no such name.
bool set_filter(spool::Filter& filter, std::string_view name, std::string_view value, Timestamp now) {
  if (value.empty()) return false;
  if (name == "from") return filter.from = value, true;
  if (name == "to") return filter.to = value, true;
  if (name == "domain") return filter.domain = value, true;
  if (name == "state") return (filter.state = parse_state(value)).has_value();
  if (name == "older") return set_time(filter.accepted_before, value, now);
  if (name == "newer") return set_time(filter.accepted_after, value, now);
  if (name == "since") return set_since(filter.accepted_after, value, now);
  if (name == "larger") return set_size(filter.larger, value);
  if (name == "smaller") return set_size(filter.smaller, value);
  return false;
}

// At most the 26 characters of an id, those of its alphabet.
bool is_id_or_its_beginning(std::string_view word) {
  return !word.empty() && word.size() <= 26 &&
         std::all_of(word.begin(), word.end(), [](char c) { return is_lower(c) || (c >= '2' && c <= '7'); });
}

Result<void> check(const Request& request) {
  const std::string name(to_text(request.verb));
  if (changes_queue(request.verb)) {
    if (request.ids.empty() && !request.filters && !request.all)
      return Failure::permanent(name + " needs an ID, a FILTER or \"all\"");
    if (request.all && (!request.ids.empty() || request.filters))
      return Failure::permanent("\"all\" stands alone");
  } else if (request.verb == Verb::suppress) {
    const auto& words = request.words;
    if (!(words.size() == 1 && words[0] == "list") && !(words.size() == 2 && words[0] == "remove"))
      return Failure::permanent("suppress needs \"list\" or \"remove ADDRESS\"");
  } else if (request.verb == Verb::replay) {
    if (request.words.size() != 1) return Failure::permanent("replay needs one ID or since=TIME");
  } else if (request.verb == Verb::stats || request.verb == Verb::top || request.verb == Verb::simulate) {
    if (!request.ids.empty() || request.filters || request.all)
      return Failure::permanent(name + " is of the whole queue");
  } else if (request.verb == Verb::list || request.verb == Verb::find) {
    if (request.verb == Verb::find && !request.filters) return Failure::permanent("find needs a FILTER");
    if (!request.ids.empty() || request.all)
      return Failure::permanent("no such command or filter: " +
                                printable(request.all ? "all" : request.ids.front()));
  } else if (request.ids.size() != 1 || request.filters || request.all) {
    return Failure::permanent(name + " needs one ID");
  }
  return {};
}

}  // namespace

std::string_view to_text(Verb verb) {
  for (const auto& [name, value] : verbs)
    if (value == verb) return name;
  return "list";
}

bool changes_queue(Verb verb) { return verb >= Verb::hold; }
bool writes(const Request& request) {
  return changes_queue(request.verb) || (request.verb == Verb::suppress && request.words.size() == 2);
}

spool::Action action_of(Verb verb) {
  switch (verb) {
    case Verb::release:
      return spool::Action::release;
    case Verb::retry:
      return spool::Action::retry;
    case Verb::drop:
      return spool::Action::drop;
    case Verb::fail:
      return spool::Action::fail;
    case Verb::reroute:
      return spool::Action::reroute;
    default:
      return spool::Action::hold;
  }
}

Result<Request> parse_request(const std::vector<std::string>& words, Timestamp now) {
  Request request;
  auto word = words.begin();
  if (word != words.end())
    if (const auto verb = parse_verb(*word)) request.verb = *verb, ++word;
  if (request.verb == Verb::suppress || request.verb == Verb::replay)
    request.words.assign(word, words.end()), word = words.end();
  for (; word != words.end(); ++word) {
    const std::size_t equals = word->find('=');
    if (*word == "all") {
      request.all = true;
    } else if (equals != std::string::npos) {
      request.filters = true;
      if (!set_filter(request.filter, word->substr(0, equals), word->substr(equals + 1), now))
        return Failure::permanent("no such filter: " + printable(*word));
    } else if (is_id_or_its_beginning(*word)) {
      request.ids.push_back(*word);
    } else {
      return Failure::permanent("neither an ID nor a filter: " + printable(*word));
    }
  }
  if (auto good = check(request); !good) return std::move(good).error();
  return request;
}

}  // namespace tubepost::mailq
