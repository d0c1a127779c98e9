#include "directory/text_form.h"

#include "base/text.h"
#include "directory/properties.h"
#include "directory/refusals.h"
#include "directory/state.h"
#include "dns/name.h"

namespace tubepost::directory {
namespace {

constexpr std::string_view first_line = "tubepost-directory 1";

std::string word(std::string_view text) { return percent_escape(text, " \t#"); }

std::string pair_of(std::string_view key, std::string_view value) {
  return word(key) + '=' + word(display_value(key, value));
}

// ---- reading

class ModelParser {
public:
  Result<Model> parse(std::string_view text);

private:
  Result<void> line(std::string_view text);
  Result<void> server(const std::vector<std::string>& words);
  Result<void> domain(const std::vector<std::string>& words);
  Result<void> account(const std::vector<std::string>& words);
  Result<void> alias(const std::vector<std::string>& words);
  Result<void> route(const std::vector<std::string>& words, bool by_sender);
  Result<void> rule(const std::vector<std::string>& words);
  Result<Properties> pairs(Scope scope, const std::vector<std::string>& words, std::size_t from) const;
  Result<void> note(const std::string& subject);  // refuses what is said twice
  Result<void> check_spellings() const;
  void settle_scopes();

  Model model_;
  std::size_t number_ = 0;
};

Result<Model> ModelParser::parse(std::string_view text) {
  bool begun = false;
  for (auto raw : split(text, '\n')) {
    ++number_;
    const auto content = trim(raw);
    if (content.empty() || content.starts_with('#')) continue;
    const bool is_first = !std::exchange(begun, true);
    auto done = is_first ? (content == first_line
                                ? Result<void>()
                                : bad_data("the text must begin with \"" + std::string(first_line) + "\""))
                         : line(content);
    if (!done) return std::move(done).error().while_doing("line " + std::to_string(number_));
  }
  if (!begun) return bad_data("the text is empty; it must begin with \"" + std::string(first_line) + "\"");
  if (auto checked = check_spellings(); !checked) return std::move(checked).error();
  settle_scopes();
  return std::move(model_);
}

Result<void> ModelParser::line(std::string_view text) {
  std::vector<std::string> words;
  for (const auto piece : split_words(text)) {
    auto plain = percent_unescape(piece);
    if (!plain) return bad_data(printable(piece) + ": a broken % escape");
    words.push_back(std::move(*plain));
  }
  const auto& kind = words.front();
  if (kind == "server") return server(words);
  if (kind == "domain") return domain(words);
  if (kind == "account") return account(words);
  if (kind == "alias") return alias(words);
  if (kind == "route" || kind == "sender-route") return route(words, kind == "sender-route");
  if (kind == "rule") return rule(words);
  return bad_data(printable(kind) + ": not server, domain, account, alias, route, sender-route or rule");
}

Result<void> ModelParser::note(const std::string& subject) {
  const auto [at, is_new] = model_.lines.try_emplace(subject, number_);
  if (is_new) return {};
  return bad_data(subject + ": already said in line " + std::to_string(at->second));
}

Result<Properties> ModelParser::pairs(Scope scope, const std::vector<std::string>& words,
                                      std::size_t from) const {
  Properties given;
  for (std::size_t i = from; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos) return bad_data(printable(words[i]) + ": not key=value");
    if (!given.emplace(words[i].substr(0, equals), words[i].substr(equals + 1)).second)
      return bad_data(printable(words[i]) + ": said twice");
  }
  return with_changes(scope, {}, given);
}

Result<void> ModelParser::server(const std::vector<std::string>& words) {
  auto properties = pairs(Scope::server, words, 1);
  if (!properties) return std::move(properties).error();
  for (auto& [key, value] : *properties) {
    if (auto noted = note("server " + key); !noted) return noted;
    model_.server.insert_or_assign(key, value);
  }
  return {};
}

Result<void> ModelParser::domain(const std::vector<std::string>& words) {
  const auto name = words.size() < 2 ? std::nullopt : dns::normal_name(words[1]);
  if (!name) return bad_data("domain: a domain name must follow");
  auto properties = pairs(Scope::domain, words, 2);
  if (!properties) return std::move(properties).error();
  if (auto noted = note("domain " + *name); !noted) return noted;
  if (properties->erase("primary") != 0) {
    if (auto noted = note("server primary-domain"); !noted) return noted;
    model_.server["primary-domain"] = *name;
  }
  model_.domains.emplace(*name, std::move(*properties));
  return {};
}

Result<void> ModelParser::account(const std::vector<std::string>& words) {
  if (words.size() < 2) return bad_data("account: an address must follow");
  const auto address = check_local_address(words[1]);
  if (!address) return address.error();
  auto properties = pairs(Scope::account, words, 2);
  if (!properties) return std::move(properties).error();
  const auto text = address->to_text();
  if (auto noted = note("account " + text); !noted) return noted;
  model_.accounts.emplace(text, std::move(*properties));
  return {};
}

Result<void> ModelParser::alias(const std::vector<std::string>& words) {
  if (words.size() != 3) return bad_data("alias: an address and one target must follow");
  const auto address = check_local_address(words[1]);
  if (!address) return address.error();
  const auto target = smtp::parse_mailbox(words[2]);
  if (!target || target->domain.empty())
    return bad_data(printable(words[2]) + ": not an address (user@domain)");
  const auto text = address->to_text();
  if (auto noted = note("alias " + text + ' ' + target->to_text()); !noted) return noted;
  model_.lines.try_emplace("alias " + text, number_);
  model_.aliases.emplace(text, target->to_text());
  return {};
}

Result<void> ModelParser::route(const std::vector<std::string>& words, bool by_sender) {
  if (words.size() != 3) return bad_data(words.front() + ": a pattern and a destination must follow");
  auto route = parse_route(words[1], words[2], by_sender);
  if (!route) return std::move(route).error();
  if (auto noted = note(words.front() + ' ' + route->pattern); !noted) return noted;
  model_.routes.emplace(std::pair(by_sender, route->pattern), std::move(*route));
  return {};
}

Result<void> ModelParser::rule(const std::vector<std::string>& words) {
  if (words.size() != 4 || (words[2] != "allow" && words[2] != "deny"))
    return bad_data("rule: a scope, allow or deny, and an entry must follow");
  const auto scope = normal_scope(words[1]);
  if (!scope) return scope.error();
  const auto entries = normal_entries(*scope, words[3]);
  if (!entries) return entries.error();
  for (const auto& entry : *entries) {
    if (auto noted = note("rule " + *scope + ' ' + entry); !noted) return noted;
    model_.rules.emplace(std::pair(*scope, entry), words[2] == "allow" ? RuleAction::allow : RuleAction::deny);
  }
  return {};
}

// An account may be spelled in a rule as it likes; whether letters' case matters is known at the end.
void ModelParser::settle_scopes() {
  decltype(model_.rules) settled;
  for (auto& [place, action] : model_.rules)
    settled.emplace(std::pair(identity_of(place.first, model_.folds_case()), place.second), action);
  model_.rules = std::move(settled);
}

// One address in two spellings would be written differently each time.
Result<void> ModelParser::check_spellings() const {
  std::map<std::string, std::string> spellings;
  const auto check = [&](const std::string& address) -> Result<void> {
    const auto [at, is_new] = spellings.try_emplace(identity_of(address, model_.folds_case()), address);
    if (is_new || at->second == address) return {};
    return bad_data(address + " and " + at->second + " differ only in case");
  };
  for (const auto& [address, properties] : model_.accounts)
    if (auto checked = check(address); !checked) return checked;
  for (const auto& [address, target] : model_.aliases)
    if (auto checked = check(address); !checked) return checked;
  return {};
}

}  // namespace

std::string identity_of(const std::string& address, bool folds_case) {
  return folds_case || is_postmaster(address.substr(0, address.rfind('@'))) ? to_lower(address) : address;
}

std::string line_of(std::string_view kind, std::string_view subject, const Properties& properties) {
  std::string line = std::string(kind) + ' ' + word(subject);
  for (const auto& [key, value] : properties) line += ' ' + pair_of(key, value);
  return line;
}

std::string line_of(std::string_view kind, std::string_view subject, std::string_view other) {
  return std::string(kind) + ' ' + word(subject) + ' ' + word(other);
}

std::string line_of(const Route& route) {
  return line_of(route.by_sender ? "sender-route" : "route", route.pattern, destination_text(route));
}

std::string line_of(const Rule& rule) {
  return "rule " + word(rule.scope) + ' ' + std::string(to_text(rule.action)) + ' ' + word(rule.entry);
}

std::string to_text(const Model& model) {
  std::string text = std::string(first_line) + '\n';
  for (const auto& [key, value] : model.server) text += "server " + pair_of(key, value) + '\n';
  for (const auto& [name, properties] : model.domains) text += line_of("domain", name, properties) + '\n';
  for (const auto& [address, properties] : model.accounts)
    text += line_of("account", address, properties) + '\n';
  for (const auto& [address, target] : model.aliases) text += line_of("alias", address, target) + '\n';
  for (const auto& [key, route] : model.routes) text += line_of(route) + '\n';
  for (const auto& [place, action] : model.rules) text += line_of(Rule{place.first, action, place.second}) + '\n';
  return text;
}

Result<Model> parse_model(std::string_view text) { return ModelParser().parse(text); }

Model load_model(const Reader& reader) {
  Model model;
  model.server = reader.server();
  for (auto& domain : reader.domains()) {
    domain.properties.erase("primary");  // the server's primary-domain says it
    model.domains.emplace(domain.name, std::move(domain.properties));
  }
  reader.each_entry({}, [&](const std::string& domain, Entry entry) {
    const auto address = smtp::Mailbox{entry.local_part, domain}.to_text();
    if (entry.is_account()) model.accounts.emplace(address, std::move(entry.properties));
    for (const auto& target : entry.targets) model.aliases.emplace(address, target.to_text());
  });
  for (auto& route : reader.routes()) model.routes.emplace(std::pair(route.by_sender, route.pattern), route);
  for (auto& rule : reader.rules({}))
    model.rules.emplace(std::pair(identity_of(rule.scope, model.folds_case()), rule.entry), rule.action);
  return model;
}

Result<std::string> Directory::export_text() const {
  auto model = state_->read([](const Reader& reader) { return load_model(reader); });
  if (!model) return std::move(model).error();
  return to_text(*model);
}

}  // namespace tubepost::directory
