// A directory in a folder of its own, and words to build one: account("bob@example.test"), alias("all@…",
// {…}). What is not refused must work; what an address is comes back as one line:
// text(town.find("bob@example.test")).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "directory/directory.h"
#include "support/temporary_folder.h"

namespace tubepost::directory {

class SmallTown {
public:
  Directory& operator*() { return directory_; }
  Directory* operator->() { return &directory_; }

  SmallTown& domain(const std::string& name, const Properties& properties = {}) {
    return expect(directory_.add_domain(name, properties));
  }
  SmallTown& account(const std::string& address, const Properties& properties = {}) {
    const auto added = directory_.add_account(address, properties);
    return added ? *this : expect(added.error());
  }
  SmallTown& alias(const std::string& address, const std::vector<std::string>& targets) {
    return expect(directory_.add_alias(address, targets));
  }
  SmallTown& route(const std::string& pattern, const std::string& destination, bool by_sender = false) {
    const auto parsed = parse_route(pattern, destination, by_sender);
    return expect(parsed ? directory_.add_route(*parsed) : Result<void>(parsed.error()));
  }
  SmallTown& server(const Properties& changes) { return expect(directory_.set_server(changes)); }

  static smtp::Mailbox mailbox(const std::string& text) {
    if (text.find('@') == std::string::npos) return {text, ""};
    const auto parsed = smtp::parse_mailbox(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(smtp::Mailbox());
  }
  std::string find(const std::string& address) const;
  const std::string& folder() const { return folder_.path(); }

private:
  Directory open(bool read_only) const {
    Directory::Options options;
    options.create = true;
    options.read_only = read_only;
    auto opened = Directory::open(folder(), options);
    if (!opened) ADD_FAILURE() << opened.error().text;
    return std::move(*opened);
  }
  SmallTown& expect(const Result<void>& done) {
    if (!done) ADD_FAILURE() << done.error().text;
    return *this;
  }

  const test_support::TemporaryFolder folder_;
  Directory directory_ = open(false);
};

inline std::string text(const ToAccount& found) {
  return found.how + " " + found.account.address.to_text() +
         (found.detail.empty() ? "" : " detail " + found.detail);
}
inline std::string text(const ToAlias& found) {
  std::string line = found.how + " " + found.address + " ->";
  for (const auto& target : found.targets) line += ' ' + target.to_text();
  return line;
}
inline std::string text(const ToRemote& found) { return "remote " + destination_text(found.route); }
inline std::string text(const RelayDomain&) { return "relay domain"; }
inline std::string text(const UnknownUser&) { return "unknown"; }

inline std::string SmallTown::find(const std::string& address) const {
  const auto found = directory_.find(mailbox(address));
  if (!found) return "failure: " + found.error().text;
  return std::visit([](const auto& what) { return text(what); }, *found);
}

}  // namespace tubepost::directory
