// What programs read: JSON (RFC 8259), OpenMetrics, and the table itself.
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "basic-access-test/report.h"

namespace tubepost::basic_access_test {
namespace {

std::string to_json(const Finding& finding) {
  JsonObject object;
  object.text("id", finding.check->id);
  object.text("group", group_of(*finding.check).name);
  object.text("result", to_text(finding.outcome));
  object.text("subject", finding.subject);
  object.text("title", finding.check->title);
  object.text("meaning", finding.check->meaning);
  object.text("evidence", finding.evidence);
  object.text("remedy", finding.remedy);
  object.number("milliseconds", static_cast<std::uint64_t>(finding.took.count()));
  return object.done();
}

constexpr Outcome outcomes[] = {Outcome::ok, Outcome::warning, Outcome::failed, Outcome::skipped};

std::string summary_json(const Report& report) {
  JsonObject summary;
  summary.text("subject", report.subject);
  summary.text("time", to_rfc3339(report.when));
  summary.number("milliseconds", static_cast<std::uint64_t>(report.took.count()));
  for (const Outcome outcome : outcomes) summary.number(to_text(outcome), report.count(outcome));
  summary.number("status", static_cast<std::uint64_t>(to_int(report.status())));
  return summary.done();
}

std::string label(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"')
      escaped.append(1, '\\').append(1, c);
    else if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  return '"' + escaped + '"';
}

std::string labels_of(const Finding& finding) {
  return "{id=" + label(finding.check->id) + ",group=" + label(group_of(*finding.check).name) +
         ",subject=" + label(finding.subject) + '}';
}

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(time.count() / 1000) + '.' + std::to_string(1000 + time.count() % 1000).substr(1);
}

std::string family(std::string_view name, std::string_view help) {
  return "# TYPE " + std::string(name) + " gauge\n# HELP " + std::string(name) + ' ' + std::string(help) +
         '\n';
}

int worst_first(Outcome outcome) {
  return outcome == Outcome::failed ? 2 : outcome == Outcome::warning ? 1 : outcome == Outcome::ok ? 0 : -1;
}

}  // namespace

std::string mdoc_text(std::string_view text) {
  std::string safe;
  if (text.starts_with('.') || text.starts_with('\'')) safe = "\\&";
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\')
      safe += "\\e";
    else if (text[at] == ' ' && at > 0 && text[at - 1] == '.' && at + 1 < text.size() &&
             is_upper(text[at + 1]))
      safe += '\n';
    else
      safe += text[at];
  }
  return safe;
}

std::string to_json(const Report& report) {
  std::string checks;
  for (const Finding& finding : report.findings) {
    if (!checks.empty()) checks += ", ";
    checks += to_json(finding);
  }
  JsonObject whole;
  whole.raw("checks", '[' + checks + ']');
  whole.raw("summary", summary_json(report));
  return whole.done() + '\n';
}

std::string to_openmetrics(const Report& report) {
  // Of one check and subject one sample: the worst.
  std::map<std::string, const Finding*> samples;
  for (const Finding& finding : report.findings) {
    auto& sample = samples[labels_of(finding)];
    if (!sample || worst_first(finding.outcome) > worst_first(sample->outcome)) sample = &finding;
  }
  std::string out =
      family("tubepost_access_test_check", "Result of a check: 0 ok, 1 warning, 2 failed; -1 skipped.");
  for (const auto& [labels, finding] : samples)
    out += "tubepost_access_test_check" + labels + ' ' + std::to_string(worst_first(finding->outcome)) + '\n';
  out += family("tubepost_access_test_check_seconds", "Time that a check took.");
  for (const auto& [labels, finding] : samples)
    out += "tubepost_access_test_check_seconds" + labels + ' ' + seconds(finding->took) + '\n';
  out += family("tubepost_access_test_results", "Checks by result.");
  for (const Outcome outcome : outcomes)
    out += "tubepost_access_test_results{result=" + label(to_text(outcome)) + "} " +
           std::to_string(report.count(outcome)) + '\n';
  out += family("tubepost_access_test_seconds", "Time that the whole test took.");
  out += "tubepost_access_test_seconds " + seconds(report.took) + '\n';
  return out + "# EOF\n";
}

std::string list_checks() {
  std::string out;
  for (const Group& group : all_groups)
    for (const Check& check : group.checks)
      for (const std::string_view text : {group.name, check.id, check.title, check.meaning, check.remedy})
        out.append(text).append(text == check.remedy ? "\n" : "\t");
  return out;
}

std::string list_checks_mdoc() {
  std::string out;
  for (const Group& group : all_groups) {
    out += ".Ss " + std::string(group.name) + ": " + mdoc_text(group.title) + "\n.Bl -tag -width indent\n";
    for (const Check& check : group.checks) {
      out += ".It Cm " + std::string(check.id) + "\nAsserts: " + mdoc_text(check.title) + ".\n";
      out += mdoc_text(check.meaning) + "\n.Em Remedy :\n" + mdoc_text(check.remedy) + '\n';
    }
    out += ".El\n";
  }
  return out;
}

}  // namespace tubepost::basic_access_test
