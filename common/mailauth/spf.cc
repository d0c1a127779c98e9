#include "mailauth/spf.h"

#include <algorithm>

#include "base/text.h"
#include "dns/mx.h"
#include "dns/name.h"
#include "mailauth/spf_macro.h"
#include "net/wait.h"

namespace tubepost::mailauth {
namespace {

using Kind = SpfMechanism::Kind;
constexpr int surveyed_lookups_max = 60;
constexpr std::size_t explanation_max = 400;

// How an evaluation ends before its time: 2.6.6, 2.6.7.
struct Broken {
  SpfResult result;
  std::string why;
};

SpfResult result_of(char qualifier) {
  switch (qualifier) {
    case '-':
      return SpfResult::fail;
    case '~':
      return SpfResult::softfail;
    case '?':
      return SpfResult::neutral;
    default:
      return SpfResult::pass;
  }
}

// 4.3: several labels, as a name may have them (underscores too).
bool is_askable(const std::string& domain) {
  return domain.find('.') != std::string::npos && domain.find('/') == std::string::npos &&
         dns::query_name(domain);
}

class Evaluation {
public:
  Evaluation(dns::Resolver& resolver, const SpfQuestion& question, bool survey)
      : resolver_(resolver), question_(question), survey_(survey), deadline_(spf_time_max) {
    const auto at = question.sender.rfind('@');
    const bool has_local = at != std::string::npos && at > 0;
    values_.local_part = has_local ? question.sender.substr(0, at) : "postmaster";
    values_.sender_domain = at != std::string::npos ? question.sender.substr(at + 1) : question.domain;
    values_.helo = question.helo, values_.receiver = question.receiver, values_.time = question.time;
    values_.client = question.client;
    values_.validated_name = [this] { return validated_name(); };
  }

  SpfVerdict run() {
    SpfVerdict verdict;
    try {
      verdict.result = check(question_.domain, true);
      verdict.why = why_, verdict.explanation = explanation_;
    } catch (const Broken& broken) {
      verdict.result = broken.result, verdict.why = broken.why;
    }
    verdict.lookups = lookups_, verdict.void_lookups = void_lookups_;
    return verdict;
  }

  const std::string& record_text() const { return record_text_; }
  char all() const { return all_; }

private:
  // ---- 4.4, 4.5: the record
  std::optional<SpfRecord> find_record(const std::string& domain) {
    std::optional<std::string> found;
    for (const auto& text : ask<dns::Text>(domain, dns::Type::txt, false).records) {
      if (!is_spf(text.text)) continue;
      if (found) throw Broken{SpfResult::permerror, "several SPF records at " + domain};
      found = text.text;
    }
    if (!found) return std::nullopt;
    if (record_text_.empty()) record_text_ = *found;
    auto record = parse_spf(*found);
    if (!record) throw Broken{SpfResult::permerror, domain + ": " + record.error().text};
    return std::move(*record);
  }

  // ---- 4.6: evaluation. `outermost`: its explanation counts, that of an include does not (6.2).
  SpfResult check(const std::string& domain, bool outermost) {
    if (!is_askable(domain)) return SpfResult::none;
    const auto record = find_record(domain);
    if (!record) return SpfResult::none;
    for (const auto& mechanism : record->mechanisms) {
      if (outermost && mechanism.kind == Kind::all) all_ = mechanism.qualifier;
      if (!matches(mechanism, domain)) continue;
      why_ = mechanism.text + (domain == question_.domain ? "" : " of " + domain);
      const auto result = result_of(mechanism.qualifier);
      if (result == SpfResult::fail && outermost) explain(*record, domain);
      return result;
    }
    if (!record->redirect) return why_ = "nothing in the record covers it", SpfResult::neutral;  // 4.7
    count_lookup("redirect");
    const auto target = expand_in(*record->redirect, domain);
    const auto result = check(target, outermost);
    if (result == SpfResult::none)
      throw Broken{SpfResult::permerror,
                   "redirect to " + printable(target, 80) + ", which has no SPF record"};
    return result;
  }

  bool matches(const SpfMechanism& mechanism, const std::string& domain) {
    if (mechanism.kind == Kind::all) return true;
    if (mechanism.looks_up()) count_lookup(mechanism.text);
    const bool found = matches_by_kind(mechanism, domain);
    return found && !survey_;
  }

  bool matches_by_kind(const SpfMechanism& mechanism, const std::string& domain) {
    if (mechanism.kind == Kind::ip4 || mechanism.kind == Kind::ip6)
      return covers(*mechanism.network, mechanism);
    const auto target = mechanism.domain.empty() ? domain : expand_in(mechanism.domain, domain);
    switch (mechanism.kind) {
      case Kind::include:
        return includes(target);
      case Kind::a:
        return has_address(target, mechanism);
      case Kind::mx:
        return has_mail_host(target, mechanism);
      case Kind::ptr:
        return is_named_below(target);
      case Kind::exists:
        return ask<net::IpAddress>(target, dns::Type::a).ok();  // 5.7: A, for IPv6 too
      default:
        return false;
    }
  }

  bool includes(const std::string& target) {  // 5.2
    switch (check(target, false)) {
      case SpfResult::pass:
        return true;
      case SpfResult::none:
        throw Broken{SpfResult::permerror,
                     "include of " + printable(target, 80) + ", which has no SPF record"};
      default:
        return false;
    }
  }

  bool covers(const net::IpAddress& network, const SpfMechanism& mechanism) const {
    const auto& client = question_.client;
    if (network.is_v6() != client.is_v6()) return false;
    const unsigned bits = client.is_v6() ? mechanism.bits_v6 : mechanism.bits_v4;
    return network.network(bits) == client.network(bits);
  }

  dns::Type address_type() const { return question_.client.is_v6() ? dns::Type::aaaa : dns::Type::a; }

  bool has_address(const std::string& target, const SpfMechanism& mechanism) {
    const auto answer = ask<net::IpAddress>(target, address_type());
    return std::any_of(answer.records.begin(), answer.records.end(),
                       [&](const net::IpAddress& address) { return covers(address, mechanism); });
  }

  bool has_mail_host(const std::string& target, const SpfMechanism& mechanism) {  // 5.4, and no implicit MX
    const auto answer = ask<dns::Mx>(target, dns::Type::mx);
    if (answer.records.size() > spf_hosts_max)  // 4.6.4
      throw Broken{SpfResult::permerror, "mx: more than ten hosts at " + printable(target, 80)};
    bool found = false;
    for (const auto& mx : answer.records)
      if (mx.host != "." && has_address(mx.host, mechanism)) {
        found = true;
        if (!survey_) break;
      }
    return found;
  }

  // 5.5: errors of DNS are no match here. Looked up once: a record may have %{p} a thousand times.
  const std::vector<std::string>& validated_names() {
    if (!validated_names_)
      validated_names_ = deadline_.passed()
                             ? std::vector<std::string>()
                             : dns::find_reverse_names(resolver_, question_.client).confirmed;
    return *validated_names_;
  }
  bool is_named_below(const std::string& target) {
    const auto lower = to_lower(target);
    for (const auto& name : validated_names())
      if (name == lower || name.ends_with('.' + lower)) return true;
    return false;
  }
  std::string validated_name() {  // 7.3: the domain itself, a name below it, any
    const auto& names = validated_names();
    const auto domain = to_lower(values_.domain);
    for (const auto& name : names)
      if (name == domain) return name;
    for (const auto& name : names)
      if (name.ends_with('.' + domain)) return name;
    return names.empty() ? "unknown" : names.front();
  }

  // ---- bounds and DNS
  void count_lookup(const std::string& what) {
    if (++lookups_ > (survey_ ? surveyed_lookups_max : spf_lookups_max))
      throw Broken{SpfResult::permerror,
                   "more than " + std::to_string(lookups_ - 1) + " look-ups, at " + printable(what, 80)};
  }

  template <class T>
  dns::Answer<T> ask(const std::string& name, dns::Type type, bool for_mechanism = true) {
    if (deadline_.passed()) throw Broken{SpfResult::temperror, "it took too long"};
    dns::Answer<T> answer;
    if constexpr (std::is_same_v<T, dns::Text>)
      answer = resolver_.txt(name);
    else if constexpr (std::is_same_v<T, dns::Mx>)
      answer = resolver_.mx(name);
    else
      answer = type == dns::Type::aaaa ? resolver_.aaaa(name) : resolver_.a(name);
    if (!answer.ok() && !answer.is_absent())
      throw Broken{SpfResult::temperror,
                   dns::to_failure(answer.kind, type, printable(name, 100), answer.detail).text};
    if (for_mechanism && answer.is_absent() && ++void_lookups_ > spf_void_lookups_max && !survey_)
      throw Broken{SpfResult::permerror, "more than two look-ups find nothing, at " + printable(name, 100)};
    return answer;
  }

  std::string expand_in(const std::string& text, const std::string& domain) {
    values_.domain = domain;
    return expand_domain(text, values_);
  }

  void explain(const SpfRecord& record, const std::string& domain) {  // 6.2: whatever fails, there is none
    if (!record.explanation || survey_ || deadline_.passed()) return;
    const auto answer = resolver_.txt(expand_in(*record.explanation, domain));
    if (answer.records.size() != 1 || !is_macro_string(answer.records[0].text, MacroUse::explanation)) return;
    const auto text = expand_macros(answer.records[0].text, values_);
    if (std::all_of(text.begin(), text.end(), is_printable_ascii))
      explanation_ = text.substr(0, explanation_max);
  }

  dns::Resolver& resolver_;
  const SpfQuestion& question_;
  const bool survey_;
  net::Deadline deadline_;
  MacroValues values_;
  std::optional<std::vector<std::string>> validated_names_;
  int lookups_ = 0, void_lookups_ = 0;
  std::string why_, explanation_, record_text_;
  char all_ = 0;
};

}  // namespace

std::string_view to_text(SpfResult result) {
  constexpr std::string_view words[] = {"none",     "neutral",   "pass",     "fail",
                                        "softfail", "temperror", "permerror"};
  return words[static_cast<std::size_t>(result)];
}

SpfVerdict check_host(dns::Resolver& resolver, const SpfQuestion& question) {
  return Evaluation(resolver, question, false).run();
}

SpfSurvey survey_spf(dns::Resolver& resolver, const std::string& domain, const net::IpAddress& client) {
  const SpfQuestion question{client, domain, "postmaster@" + domain, domain};
  Evaluation evaluation(resolver, question, true);
  const auto verdict = evaluation.run();
  SpfSurvey survey;
  survey.text = evaluation.record_text();
  survey.exists = !survey.text.empty();
  survey.lookups = verdict.lookups, survey.void_lookups = verdict.void_lookups;
  survey.result = verdict.result, survey.why = verdict.why;
  survey.all = evaluation.all();
  return survey;
}

}  // namespace tubepost::mailauth
