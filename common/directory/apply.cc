// Making the directory equal to a text: the difference as a sequence of the same changes that mailadm makes
// one by one, in an order in which each is allowed, and all in one transaction.
#include "directory/properties.h"
#include "directory/state.h"
#include "directory/text_form.h"

namespace tubepost::directory {
namespace {

// What has to be changed to come from `before` to `after`; a key to be removed has an empty value.
Properties difference(const Properties& before, const Properties& after) {
  Properties changes;
  for (const auto& [key, value] : before)
    if (!after.contains(key)) changes.emplace(key, "");
  for (const auto& [key, value] : after) {
    const auto old = before.find(key);
    if (old == before.end() || old->second != value) changes.emplace(key, value);
  }
  return changes;
}

std::string describe(const Properties& before, const Properties& changes) {
  std::string text;
  for (const auto& [key, value] : changes) {
    text += ' ' + key + '=' + display_value(key, value);
    if (const auto old = before.find(key); old != before.end())
      text += " (was " + display_value(key, old->second) + ")";
  }
  return text;
}

class Applier {
public:
  Applier(Editor& editor, Model wanted)
      : editor_(editor), wanted_(std::move(wanted)), current_(load_model(editor.reader())) {}

  Result<void> run() {
    pair_accounts();
    using Step = Result<void> (Applier::*)();
    for (const Step step : {&Applier::remove_rules, &Applier::remove_aliases, &Applier::remove_accounts, &Applier::remove_routes,
                            &Applier::release_bindings, &Applier::add_domains, &Applier::set_hosted_domains,
                            &Applier::set_server, &Applier::set_relay_domains, &Applier::remove_domains,
                            &Applier::put_accounts, &Applier::add_aliases, &Applier::put_routes, &Applier::put_rules})
      if (auto done = (this->*step)(); !done) return done;
    return {};
  }
  std::vector<std::string> take_lines() { return std::move(lines_); }

private:
  void pair_accounts();
  Result<void> remove_rules();
  Result<void> remove_aliases();
  Result<void> remove_accounts();
  Result<void> remove_routes();
  Result<void> release_bindings();
  Result<void> add_domains();
  Result<void> set_hosted_domains() { return set_domains(false); }
  Result<void> set_relay_domains() { return set_domains(true); }
  Result<void> set_domains(bool relay);
  Result<void> set_server();
  std::string primary_without_word() const;
  Result<void> remove_domains();
  Result<void> put_accounts();
  Result<void> put_account(const std::string& address, const Properties& properties);
  Result<void> add_aliases();
  Result<void> put_routes();
  Result<void> put_rules();

  void say(std::string line) { lines_.push_back(std::move(line)); }
  Result<void> at_line(const std::string& subject, Result<void> done) const {
    const auto line = wanted_.lines.find(subject);
    if (done || line == wanted_.lines.end()) return done;
    return std::move(done).error().while_doing("line " + std::to_string(line->second));
  }

  Editor& editor_;
  const Model wanted_;
  const Model current_;
  std::map<std::string, std::string> kept_;  // wanted account -> the same account's address now
  std::vector<std::string> lines_;
};

// An account whose spelling alone differs is the same account and keeps its id, and so its mail (A7).
void Applier::pair_accounts() {
  std::map<std::string, std::string> now;
  for (const auto& [address, properties] : current_.accounts)
    now.emplace(identity_of(address, wanted_.folds_case()), address);
  for (const auto& [address, properties] : wanted_.accounts) {
    const auto same = now.find(identity_of(address, wanted_.folds_case()));
    if (current_.accounts.contains(address))
      kept_.emplace(address, address);
    else if (same != now.end())
      kept_.emplace(address, same->second);
  }
}

Result<void> Applier::remove_rules() {
  for (const auto& [place, action] : current_.rules) {
    if (wanted_.rules.contains(place)) continue;
    const auto& [scope, entry] = place;
    say("- " + line_of(Rule{scope, action, entry}));
    if (auto done = editor_.remove_rules(scope, action, {entry}); !done) return std::move(done).error();
  }
  return {};
}

Result<void> Applier::remove_aliases() {
  for (const auto& [address, target] : current_.aliases) {
    if (wanted_.aliases.contains({address, target})) continue;
    say("- " + line_of("alias", address, target));
    if (auto done = editor_.remove_alias(address, {target}); !done) return done;
  }
  return {};
}

Result<void> Applier::remove_accounts() {
  std::set<std::string> staying;
  for (const auto& [wanted, now] : kept_) staying.insert(now);
  for (const auto& [address, properties] : current_.accounts) {
    if (staying.contains(address)) continue;
    say("- " + line_of("account", address, properties));
    if (auto done = editor_.remove_account(address); !done) return std::move(done).error();
  }
  return {};
}

Result<void> Applier::remove_routes() {
  for (const auto& [key, route] : current_.routes) {
    if (wanted_.routes.contains(key)) continue;
    say("- " + line_of(route));
    if (auto done = editor_.remove_route(route.pattern, route.by_sender); !done) return done;
  }
  return {};
}

// So that two domains can exchange their local addresses, and a new one can have a removed one's.
Result<void> Applier::release_bindings() {
  for (const auto& [name, properties] : current_.domains) {
    const auto bound = properties.find("address");
    if (bound == properties.end()) continue;
    const auto wanted = wanted_.domains.find(name);
    if (wanted != wanted_.domains.end()) {
      const auto stays = wanted->second.find("address");
      if (stays != wanted->second.end() && stays->second == bound->second) continue;
    }
    if (auto done = editor_.set_domain(name, {{"address", ""}}); !done) return done;
  }
  return {};
}

Result<void> Applier::add_domains() {
  for (const auto& [name, properties] : wanted_.domains) {
    if (current_.domains.contains(name)) continue;
    say("+ " + line_of("domain", name, properties));
    if (auto done = at_line("domain " + name, editor_.add_domain(name, properties)); !done) return done;
  }
  return {};
}

// A domain that becomes a relay domain may have been the primary one, so its turn is after the server's.
Result<void> Applier::set_domains(bool relay) {
  for (const auto& [name, properties] : wanted_.domains) {
    const auto now = current_.domains.find(name);
    if (now == current_.domains.end() || properties.contains("relay") != relay) continue;
    const auto changes = difference(now->second, properties);
    if (changes.empty()) continue;
    say("~ domain " + name + describe(now->second, changes));
    if (auto done = at_line("domain " + name, editor_.set_domain(name, changes)); !done) return done;
  }
  return {};
}

// Where the text names no primary domain: the one it was, if it stays, else the first that is ours.
std::string Applier::primary_without_word() const {
  const auto is_ours = [&](const std::string& name) {
    const auto found = wanted_.domains.find(name);
    return found != wanted_.domains.end() && !found->second.contains("relay");
  };
  if (const auto primary = editor_.reader().primary_domain(); is_ours(primary)) return primary;
  for (const auto& [name, properties] : wanted_.domains)
    if (is_ours(name)) return name;
  return {};
}

Result<void> Applier::set_server() {
  auto wanted = wanted_.server;
  if (const auto primary = primary_without_word(); !wanted.contains("primary-domain") && !primary.empty())
    wanted["primary-domain"] = primary;
  auto changes = difference(current_.server, wanted);
  if (!wanted.contains("primary-domain")) changes.erase("primary-domain");  // it goes with the last domain
  for (const auto& [key, value] : changes) {
    const bool had = current_.server.contains(key);
    const Properties change{{key, value}};
    if (value.empty())
      say("- " + line_of("server", key + '=' + current_.server.at(key), Properties()));
    else
      say((had ? "~ server" : "+ server") + describe(current_.server, change));
    if (auto done = at_line("server " + key, editor_.set_server(change)); !done) return done;
  }
  return {};
}

Result<void> Applier::remove_domains() {
  const auto primary = editor_.reader().primary_domain();
  std::vector<std::string> names;
  for (const auto& [name, properties] : current_.domains)
    if (!wanted_.domains.contains(name)) names.push_back(name);
  // The primary one can only go as the last of all.
  std::stable_partition(names.begin(), names.end(), [&](const std::string& name) { return name != primary; });
  for (const auto& name : names) {
    say("- " + line_of("domain", name, current_.domains.at(name)));
    if (auto done = editor_.remove_domain(name); !done) return done;
  }
  return {};
}

Result<void> Applier::put_accounts() {
  for (const auto& [address, properties] : wanted_.accounts)
    if (auto done = at_line("account " + address, put_account(address, properties)); !done) return done;
  return {};
}

Result<void> Applier::put_account(const std::string& address, const Properties& properties) {
  const auto kept = kept_.find(address);
  if (kept == kept_.end()) {
    say("+ " + line_of("account", address, properties));
    auto added = editor_.add_account(address, properties);
    return added ? Result<void>() : std::move(added).error();
  }
  const auto& now = kept->second;
  if (now != address) {
    say("~ " + line_of("account", address, Properties()) + " (was " + now + ")");
    if (auto done = editor_.respell_account(*smtp::parse_mailbox(address)); !done) return done;
  }
  const auto& before = current_.accounts.at(now);
  const auto changes = difference(before, properties);
  if (changes.empty()) return {};
  say("~ " + line_of("account", address, Properties()) + describe(before, changes));
  return editor_.set_account(address, changes);
}

Result<void> Applier::add_aliases() {
  for (const auto& [address, target] : wanted_.aliases) {
    if (current_.aliases.contains({address, target})) continue;
    say("+ " + line_of("alias", address, target));
    if (auto done = at_line("alias " + address + ' ' + target, editor_.add_alias(address, {target})); !done)
      return done;
  }
  return {};
}

Result<void> Applier::put_routes() {
  for (const auto& [key, route] : wanted_.routes) {
    const auto now = current_.routes.find(key);
    if (now != current_.routes.end() && now->second == route) continue;
    say(now == current_.routes.end()
            ? "+ " + line_of(route)
            : "~ " + line_of(route) + " (was " + destination_text(now->second) + ")");
    if (auto done = editor_.add_route(route); !done) return done;
  }
  return {};
}

Result<void> Applier::put_rules() {
  for (const auto& [place, action] : wanted_.rules) {
    const auto now = current_.rules.find(place);
    if (now != current_.rules.end() && now->second == action) continue;
    const auto& [scope, entry] = place;
    const auto line = line_of(Rule{scope, action, entry});
    say(now == current_.rules.end() ? "+ " + line
                                    : "~ " + line + " (was " + std::string(to_text(now->second)) + ")");
    auto added = editor_.add_rules(scope, action, {entry});
    auto done = added ? Result<void>() : Result<void>(std::move(added).error());
    if (done = at_line("rule " + scope + ' ' + entry, std::move(done)); !done) return done;
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> Directory::apply_text(std::string_view text, bool dry_run) {
  auto wanted = parse_model(text);
  if (!wanted) return std::move(wanted).error();
  std::vector<std::string> lines;
  bool undone = false;
  auto done = state_->write([&](Editor& editor) -> Result<void> {
    Applier applier(editor, *wanted);
    if (auto applied = applier.run(); !applied) return applied;
    lines = applier.take_lines();
    undone = dry_run;
    return dry_run ? Result<void>(Failure::permanent("dry run")) : Result<void>();  // a failure undoes all
  });
  if (!done && !undone) return std::move(done).error();
  return lines;
}

}  // namespace tubepost::directory
