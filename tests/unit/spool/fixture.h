// A spool in a folder of its own, spoken to in few words.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "spool/spool.h"
#include "support/temporary_folder.h"

namespace tubepost::spool {

class SpoolTest : public testing::Test {
protected:
  SpoolTest() {
    options_.create = true;
    options_.group_commit = false;
    options_.inline_max = 4096;
  }

  Spool& spool() {
    if (!spool_) open();
    return *spool_;
  }
  void open() {
    spool_.reset();
    auto opened = Spool::open(folder_, options_, clock_);
    ASSERT_TRUE(opened) << opened.error().text;
    spool_.emplace(std::move(*opened));
  }
  void close() { spool_.reset(); }

  static std::vector<NewRecipient> to(std::initializer_list<const char*> addresses) {
    std::vector<NewRecipient> recipients;
    for (const char* address : addresses) recipients.push_back({address, "", "", ""});
    return recipients;
  }
  static Envelope from(std::string sender) {
    Envelope envelope;
    envelope.reverse_path = std::move(sender);
    return envelope;
  }
  Body body_of(std::string_view content) {
    BodyWriter writer = spool().new_body();
    writer.append(content);
    auto body = writer.finish();
    EXPECT_TRUE(body) << body.error().text;
    return std::move(*body);
  }
  Message message(const SpoolId& id, std::vector<NewRecipient> recipients,
                  std::string_view content = "Subject: hi\r\n\r\nhello\r\n") {
    return {id, from("alice@example.test"), std::move(recipients), body_of(content)};
  }
  SpoolId accepted(std::vector<NewRecipient> recipients,
                   std::string_view content = "Subject: hi\r\n\r\nhello\r\n",
                   std::string sender = "alice@example.test") {
    const SpoolId id = SpoolId::make(clock_);
    Message m = message(id, std::move(recipients), content);
    m.envelope.reverse_path = std::move(sender);
    const auto done = spool().accept(std::move(m));
    EXPECT_TRUE(done) << done.error().text;
    return id;
  }

  Turn turn(const std::vector<Outcome>& outcomes = {}, std::size_t most = 1000) {
    auto turned = spool().turn(outcomes, clock_.now(), most);
    EXPECT_TRUE(turned) << turned.error().text;
    return turned ? std::move(*turned) : Turn{};
  }
  static Outcome outcome(const SpoolId& id, std::uint32_t recipient, Outcome::Kind kind) {
    Outcome o;
    o.kind = kind;
    o.id = id;
    o.recipient = recipient;
    if (kind == Outcome::Kind::failed) o.status = {5, 1, 1}, o.text = "no such user";
    return o;
  }
  Outcome deferred(const SpoolId& id, std::uint32_t recipient, Milliseconds wait = Milliseconds(60'000)) {
    Outcome o = outcome(id, recipient, Outcome::Kind::deferred);
    o.status = {4, 2, 2};
    o.text = "mailbox full";
    o.next = clock_.now() + wait;
    return o;
  }

  std::optional<Queued> find(const SpoolId& id) {
    auto found = spool().find(id);
    EXPECT_TRUE(found) << found.error().text;
    return found ? std::move(*found) : std::nullopt;
  }
  // "0:queued 1:working" …
  std::string states(const SpoolId& id) {
    std::string text;
    const auto found = find(id);
    if (!found) return "gone";
    for (const Recipient& r : found->recipients) {
      if (!text.empty()) text += ' ';
      text += std::to_string(r.number) + ':' + std::string(to_text(r.state));
    }
    return text;
  }
  // "accepted delivered" …
  std::string life(const SpoolId& id) {
    std::string text;
    auto events = spool().trace(id);
    EXPECT_TRUE(events);
    for (const Event& event : *events) text += (text.empty() ? "" : " ") + event.name;
    return text;
  }
  std::string content(const SpoolId& id) {
    auto body = spool().body(id);
    return body ? std::string(body->bytes()) : "failure: " + body.error().text;
  }
  std::vector<std::string> broken(bool repair = false) {
    auto found = spool().check(repair);
    EXPECT_TRUE(found) << found.error().text;
    return found ? std::move(*found) : std::vector<std::string>{};
  }
  std::size_t files() const {
    const auto begin = std::filesystem::directory_iterator(folder_ + "/bodies");
    return static_cast<std::size_t>(std::distance(begin, std::filesystem::directory_iterator()));
  }

  const test_support::TemporaryFolder own_;
  const std::string folder_ = own_.path();
  ManualClock clock_;
  Spool::Options options_;
  std::optional<Spool> spool_;
};

inline std::string large(std::size_t size = 20'000) {
  std::string content = "Subject: large\r\n\r\n";
  while (content.size() < size) content += "line " + std::to_string(content.size()) + "\r\n";
  return content;
}

}  // namespace tubepost::spool
