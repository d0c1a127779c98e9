#include "avscan-wrap/inspection.h"

#include "avscan-wrap/limits.h"
#include "avscan-wrap/part_units.h"

namespace tubepost::avscan {
namespace {

class Inspector {
public:
  Inspector(std::string_view text, Search search, Scanner& scanner, const net::Deadline& deadline)
      : text_(text), search_(search), scanner_(scanner), deadline_(deadline) {}

  // False: enough is known.
  bool scan_whole() {
    Finding finding = take(scanner_.scan(text_, "message.eml", deadline_));
    if (finding.verdict != Verdict::infected) return found_.verdict == Verdict::clean;
    found_.whole = true;
    found_.repaired = std::move(finding.repaired);
    return false;
  }

  void scan_parts() {
    if (found_.parts.empty()) found_.parts = message::read_mime(text_);
    const Walk walked =
        walk_units(text_, found_.parts, [this](const PartUnit& unit) { return scan_part(unit); });
    if (walked != Walk::whole) found_.incomplete = true;
    if (walked != Walk::beyond_limits || found_.verdict == Verdict::infected) return;
    found_.verdict = Verdict::failed;
    found_.by_nature = true;
    found_.reason = "more parts, or deeper ones, than can be scanned";
  }

  Inspection& found() { return found_; }

private:
  bool scan_part(const PartUnit& unit) {
    // An encoded message is one part of the outer tree, and many units: one finding is enough.
    if (!found_.infected.empty() && found_.infected.back().index == unit.index) return true;
    Finding finding = take(scanner_.scan(unit.bytes, unit.name, deadline_));
    if (finding.verdict == Verdict::failed) return false;
    if (finding.verdict == Verdict::clean) return true;
    found_.infected.push_back({unit.index, unit.name, finding.virus, std::move(finding.repaired)});
    return search_ != Search::first && found_.infected.size() < infected_parts_max;
  }

  // The worst counts: a virus is one, whatever fails behind it.
  Finding take(Finding finding) {
    found_.output.append(finding.output, 0, output_kept - std::min(output_kept, found_.output.size()));
    if (finding.verdict == Verdict::infected) {
      found_.verdict = Verdict::infected;
      if (found_.virus.empty()) found_.virus = finding.virus;
    } else if (finding.verdict == Verdict::failed) {
      found_.incomplete = true;
      if (found_.verdict == Verdict::clean) found_.verdict = Verdict::failed;
      if (found_.reason.empty()) found_.reason = finding.reason;
    }
    return finding;
  }

  std::string_view text_;
  Search search_;
  Scanner& scanner_;
  const net::Deadline& deadline_;
  Inspection found_;
};

}  // namespace

Inspection inspect(std::string_view text, Scope scope, Search search, Scanner& scanner,
                   const net::Deadline& deadline) {
  Inspector inspector(text, search, scanner, deadline);
  Inspection& found = inspector.found();
  const bool go_on = scope == Scope::parts || inspector.scan_whole();
  const bool find_parts = found.whole && search == Search::to_remove;
  if ((go_on && scope != Scope::message) || find_parts) inspector.scan_parts();
  return std::move(found);
}

}  // namespace tubepost::avscan
