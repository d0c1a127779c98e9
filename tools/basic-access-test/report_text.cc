#include "base/text.h"
#include "basic-access-test/report.h"

namespace tubepost::basic_access_test {
namespace {

struct Look {
  std::string_view word, colour;
};
Look look_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return {"ok", "\x1b[32m"};
    case Outcome::warning:
      return {"warning", "\x1b[33m"};
    case Outcome::failed:
      return {"FAILED", "\x1b[1;31m"};
    case Outcome::skipped:
      return {"skipped", "\x1b[36m"};
  }
  return {};
}
constexpr std::string_view bold = "\x1b[1m", plain = "\x1b[0m";
constexpr std::size_t word_width = 9, id_width = 26;

class Writer {
public:
  explicit Writer(TextStyle style) : style_(style) {}

  void whole(const Report& report) {
    out_ += styled(bold, "Basic access test of " + report.subject) + ", " +
            to_rfc3339(report.when).substr(0, 19) + "Z, " + seconds(report.took) + '\n';
    out_ += "  " + summary_line(report) + "\n";
    to_look_at(report, Outcome::failed);
    to_look_at(report, Outcome::warning);
    for (const Group& group : all_groups) whole_group(report, group);
  }
  std::string text() && { return std::move(out_); }

private:
  std::string styled(std::string_view colour, std::string text) const {
    return style_.colours ? std::string(colour).append(text).append(plain) : text;
  }
  static std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
  }
  static std::string seconds(std::chrono::milliseconds time) {
    const auto count = time.count();
    const std::string thousandths = std::to_string(1000 + count % 1000).substr(1);
    return std::to_string(count / 1000) + '.' + thousandths + " s";
  }

  // What was seen of several subjects alike is told once.
  static bool are_alike(const Finding& a, const Finding& b) {
    return a.check == b.check && a.outcome == b.outcome && a.evidence == b.evidence && a.remedy == b.remedy;
  }

  void to_look_at(const Report& report, Outcome outcome) {
    const auto& findings = report.findings;
    for (auto finding = findings.begin(); finding != findings.end(); ++finding) {
      const auto alike = [&](const Finding& other) { return are_alike(*finding, other); };
      if (finding->outcome != outcome || std::any_of(findings.begin(), finding, alike)) continue;
      out_ += '\n';
      head(*finding);
      std::string others;
      for (auto other = std::next(finding); other != findings.end(); ++other)
        if (alike(*other)) others += (others.empty() ? "" : ", ") + other->subject;
      out_ += indented("alike:  ", others);
      out_ += indented("means:  ", std::string(finding->check->meaning));
      out_ += indented("seen:   ", finding->evidence);
      out_ += indented("remedy: ", finding->remedy);
    }
  }

  void whole_group(const Report& report, const Group& group) {
    bool first = true;
    for (const Finding& finding : report.findings) {
      if (&group_of(*finding.check) != &group) continue;
      if (first)
        out_ += '\n' + styled(bold, std::string(group.name)) + " - " + std::string(group.title) + '\n';
      first = false;
      head(finding);
      if (finding.outcome == Outcome::skipped)
        out_ += indented("why:    ", finding.evidence);
      else if (finding.outcome == Outcome::ok && style_.evidence_of_all)
        out_ += indented("seen:   ", finding.evidence);
    }
  }

  void head(const Finding& finding) {
    const Look look = look_of(finding.outcome);
    out_ += styled(look.colour, padded(std::string(look.word), word_width)) +
            padded(std::string(finding.check->id), id_width) + ' ' + std::string(finding.check->title);
    if (!finding.subject.empty()) out_ += " - " + finding.subject;
    if (finding.took >= std::chrono::seconds(1)) out_ += " (" + seconds(finding.took) + ")";
    out_ += '\n';
  }

  static std::string indented(std::string_view label, const std::string& text) {
    if (text.empty()) return {};
    std::string lines;
    for (const auto line : split(text, '\n')) {
      const std::string_view begin = lines.empty() ? label : "        ";
      lines.append(word_width, ' ').append(begin).append(line).append("\n");
    }
    return lines;
  }

  TextStyle style_;
  std::string out_;
};

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

}  // namespace

std::size_t Report::count(Outcome outcome) const {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& finding) { return finding.outcome == outcome; }));
}

ExitStatus Report::status() const {
  if (count(Outcome::failed) > 0) return ExitStatus::no;
  return count(Outcome::skipped) == findings.size() ? ExitStatus::later : ExitStatus::ok;
}

std::string summary_line(const Report& report) {
  return std::to_string(report.count(Outcome::ok)) + " ok, " +
         counted(report.count(Outcome::warning), "warning", "warnings") + ", " +
         std::to_string(report.count(Outcome::failed)) + " failed, " +
         std::to_string(report.count(Outcome::skipped)) + " skipped";
}

std::string to_text(const Report& report, TextStyle style) {
  Writer writer(style);
  writer.whole(report);
  return std::move(writer).text();
}

}  // namespace tubepost::basic_access_test
