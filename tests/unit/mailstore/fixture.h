// A small language for tests of the store: a store in a folder of its own, messages named by letters.
//
//   store.deliver({message("a").to(7).saying("hello")});
//   EXPECT_EQ(store.texts(7), "1:hello");
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/crc32c.h"
#include "mailstore/mailstore.h"
#include "support/temporary_folder.h"

namespace tubepost::mailstore::test {

inline const std::string large(5000, 'x');  // more than what stands in the database

using test_support::TemporaryFolder;

// The same name is always the same id.
inline spool::SpoolId id_of(std::string_view name) {
  std::string bytes("\x01\x8b\xcf\xe5\x68\x00", 6);  // ManualClock's start
  bytes.append(name.substr(0, 10));
  bytes.resize(16, '.');
  return spool::SpoolId::from_bytes(bytes);
}

struct Letter {
  std::string name, head = "Delivered-To: x@example.test\r\n", text, path, box{inbox};
  AccountId account = 1;
  std::uint32_t recipient = 0;
  std::uint64_t bytes_most = 0, messages_most = 0;

  Letter to(AccountId owner) && { return account = owner, std::move(*this); }
  Letter into(std::string mailbox) && { return box = std::move(mailbox), std::move(*this); }
  Letter saying(std::string body) && { return text = std::move(body), std::move(*this); }
  Letter for_recipient(std::uint32_t number) && { return recipient = number, std::move(*this); }
  Letter from_file(std::string file) && { return path = std::move(file), std::move(*this); }
  Letter quota(std::uint64_t bytes, std::uint64_t messages) && {
    return bytes_most = bytes, messages_most = messages, std::move(*this);
  }

  Delivery delivery() const {
    Delivery made;
    made.id = {id_of(name), recipient};
    made.account = account;
    made.mailbox = box;
    made.head = head;
    made.body = text;
    made.body_crc = crc32c(text);
    made.body_path = path;
    made.quota_bytes = bytes_most;
    made.quota_messages = messages_most;
    return made;
  }
};
inline Letter message(std::string name) {
  Letter letter;
  letter.text = "body of " + name;
  letter.name = std::move(name);
  return letter;
}

class Store {
public:
  Store() { open(); }

  void open() {
    store_.reset();
    MailStore::Options options;
    options.create = true;
    options.inline_max = inline_max;
    options.group_commit = group_commit;
    options.notify_folder = notify_folder;
    options.at_step = at_step;
    auto opened = MailStore::open(folder / "store", options, clock);
    if (!opened) std::abort();
    store_.emplace(std::move(*opened));
  }
  void close() { store_.reset(); }

  std::vector<Delivered> deliver(const std::vector<Letter>& letters) {
    std::vector<Delivery> deliveries;
    for (const auto& letter : letters) deliveries.push_back(letter.delivery());
    auto done = store_->deliver(deliveries);
    EXPECT_TRUE(done.has_value()) << done.error().text;
    return done ? std::move(*done) : std::vector<Delivered>();
  }
  Delivered deliver(const Letter& letter) { return deliver(std::vector{letter}).at(0); }

  // "1:body of a 2:body of b": UID and body, in order.
  std::string texts(AccountId account = 1, std::string_view mailbox = inbox) {
    std::string all;
    const auto box = store_->open_mailbox(account, mailbox);
    if (!box) return box.error().text;
    const auto visit = [&](const Message& info) {
      const auto bytes = store_->fetch({account, box->id}, info.uid);
      all += (all.empty() ? "" : " ") + std::to_string(info.uid) + ':';
      all += !bytes ? bytes.error().text : !*bytes ? "gone" : std::string((*bytes)->body());
      return true;
    };
    EXPECT_TRUE(store_->list({account, box->id}, 1, visit).has_value());
    return all;
  }
  MailboxStatus status(AccountId account = 1, std::string_view mailbox = inbox) {
    return *store_->open_mailbox(account, mailbox);
  }
  std::size_t expunge(std::vector<Uid> uids, AccountId account = 1) {
    return store_->expunge({account, status(account).id}, UidSet::of(uids))->uids.size();
  }
  std::vector<std::string> check(bool repair = false) { return *store_->check(repair); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "store/bodies"))
      if (entry.is_regular_file()) names.push_back(entry.path());
    return names;
  }

  // Runs `work` in a process that dies at `step`, as by kill -9, and opens the store again here.
  template <class Work>
  void crash_at(const std::string& step, Work work) {
    close();
    const pid_t child = ::fork();
    if (child == 0) {
      at_step = [&](std::string_view now) {
        if (now == step) ::_exit(42);
      };
      open();
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 42) << "the step " << step << " was not reached";
    open();
  }

  MailStore& operator*() { return *store_; }
  MailStore* operator->() { return &*store_; }

  TemporaryFolder folder;
  ManualClock clock;
  std::uint64_t inline_max = 1000;
  bool group_commit = false;
  std::string notify_folder;
  std::function<void(std::string_view)> at_step;

private:
  std::optional<MailStore> store_;
};

}  // namespace tubepost::mailstore::test
