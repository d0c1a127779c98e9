// The whole directory as text, for version control. Internal; Directory::export_text and apply_text are its
// doors.
//
//   text    = "tubepost-directory 1" LF { line LF }      an empty line, or one that begins with "#", says
//   nothing line    = "server" pair
//           | "domain" name { pair } | "account" address { pair }
//           | "alias" address target                      one line a target
//           | "route" pattern destination | "sender-route" pattern destination
//   pair    = key "=" value
//           | "rule" scope ("allow" | "deny") entry        rules.h
//
// Where no line names the primary domain, it stays, or becomes the first one.
// Words are divided by blanks; in a word, %, blanks, control characters and # are written %XX. Sorted within
// each kind, so that equal directories have equal texts. The first line guards against an empty or cut file,
// which would remove all.
#pragma once

#include <map>
#include <set>

#include "directory/reader.h"

namespace tubepost::directory {

struct Model {
  Properties server;
  std::map<std::string, Properties> domains;
  std::map<std::string, Properties> accounts;             // by address
  std::set<std::pair<std::string, std::string>> aliases;  // address, target
  std::map<std::pair<bool, std::string>, Route> routes;   // by (by_sender, pattern)
  // By (scope, entry). An account's scope is identity_of() its address, so that it does not depend on spelling.
  std::map<std::pair<std::string, std::string>, RuleAction> rules;
  std::map<std::string, std::size_t> lines;               // subject -> where in the text, for refusals

  bool folds_case() const { return !server.contains("local-part-case"); }
};

Model load_model(const Reader& reader);
std::string to_text(const Model& model);
Result<Model> parse_model(std::string_view text);  // a refusal names the line

// As in the text: one per kind, escaped where needed.
std::string line_of(std::string_view kind, std::string_view subject, const Properties& properties);
std::string line_of(std::string_view kind, std::string_view subject, std::string_view other);
std::string line_of(const Route& route);
std::string line_of(const Rule& rule);
// What two spellings of one address have in common.
std::string identity_of(const std::string& address, bool folds_case);

}  // namespace tubepost::directory
