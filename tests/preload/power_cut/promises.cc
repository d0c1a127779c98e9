#include "power_cut/promises.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "auth/secrets.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/text.h"
#include "directory/directory.h"
#include "mailstore/mailstore.h"
#include "spool/spool.h"

namespace tubepost::power_cut {
namespace {

using Problems = std::vector<std::string>;

// Docs/spool-states.md: what a crash may leave besides the states it names is a file of nobody.
bool may_be_left(std::string_view sentence) {
  return sentence.find("belongs to no message") != sentence.npos ||
         sentence.find("a file that no message has") != sentence.npos;
}

std::string subject_of(std::string_view message) {
  const auto at = message.find("Subject: ");
  if (at == message.npos) return {};
  const auto rest = message.substr(at + 9);
  return std::string(rest.substr(0, rest.find('\r')));
}

std::string_view text_of(std::string_view message) {
  const auto at = message.find("\r\n\r\n");
  return at == message.npos ? std::string_view() : message.substr(at + 4);
}

// Everything there is, by what it says it is.
class Inventory {
public:
  Inventory(const std::string& home, Problems& problems) : problems_(problems), home_(home) { open(); }
  bool is_open() const { return spool_ && store_ && directory_ && secrets_; }

  void check_databases();
  void look();
  void hold_to(const Promise& promise);

private:
  struct Waiting {
    spool::SpoolId id;
    spool::Recipient recipient;
    std::string body, subject;
    bool is_notice = false;
  };
  struct Kept {
    std::string address, body, subject;
  };

  void open();
  void look_at_spool();
  void look_at_store();
  void message(const Promise& promise);
  void quarantined(const Promise& promise);
  void delivered(const Promise& promise, const std::string& address);
  void bounced(const Promise& promise, const std::string& address);
  void account(const Promise& promise);
  bool is_whole(const Promise& promise, const std::string& message) const;
  bool is_known_as_delivered(const Waiting& waiting, const std::string& address);
  std::optional<directory::Account> account_of(const std::string& address);
  void say(std::string sentence) { problems_.push_back(std::move(sentence)); }
  template <class Value>
  bool good(const Result<Value>& result, const std::string& doing) {
    if (!result) say(doing + ": " + result.error().text);
    return result.has_value();
  }

  Problems& problems_;
  std::string home_;
  SystemClock clock_;
  std::optional<spool::Spool> spool_;
  std::optional<mailstore::MailStore> store_;
  std::optional<directory::Directory> directory_;
  std::optional<auth::Secrets> secrets_;
  std::vector<Waiting> waiting_;
  std::vector<Kept> kept_;
};

void Inventory::open() {
  const auto take = [&](auto& where, auto opened, const char* name) {
    if (good(opened, std::string("open ") + name)) where.emplace(std::move(*opened));
  };
  spool::Spool::Options how_spool;
  mailstore::MailStore::Options how_store;
  how_spool.group_commit = how_store.group_commit = false;
  take(spool_, spool::Spool::open(home_ + "/spool", how_spool, clock_), "spool");
  take(store_, mailstore::MailStore::open(home_ + "/store", how_store, clock_), "store");
  directory::Directory::Options how_directory;
  how_directory.read_only = false;
  take(directory_, directory::Directory::open(home_ + "/directory", how_directory), "directory");
  take(secrets_, auth::Secrets::open(home_ + "/secrets", {}), "secrets");
}

void Inventory::check_databases() {
  const auto check = [&](auto& database, const char* name) {
    auto found = database.check(true);
    if (!good(found, std::string("check ") + name)) return;
    for (const auto& sentence : *found)
      if (!may_be_left(sentence)) say(std::string(name) + ": " + sentence);
    found = database.check(false);
    if (good(found, "check") && !found->empty()) say(std::string(name) + ", repaired: " + found->front());
  };
  check(*spool_, "spool");
  check(*store_, "store");
  check(*directory_, "directory");
}

void Inventory::look() {
  look_at_spool();
  look_at_store();
}

void Inventory::look_at_spool() {
  std::vector<spool::Queued> all;
  (void)good(spool_->list({}, [&](const spool::Queued& one) { return all.push_back(one), true; }),
             "list the spool");
  for (const auto& one : all) {
    const auto body = spool_->body(one.id);
    if (!good(body, "the body of " + one.id.to_text())) continue;
    const std::string bytes(body->bytes());
    for (const auto& recipient : one.recipients)
      waiting_.push_back({one.id, recipient, bytes, subject_of(bytes), one.envelope.reverse_path.empty()});
  }
}

void Inventory::look_at_store() {
  const auto accounts = directory_->accounts();
  if (!good(accounts, "accounts")) return;
  for (const auto& account : *accounts) {
    const auto mailboxes = store_->mailboxes(account.id);
    if (!good(mailboxes, "mailboxes")) continue;
    for (const auto& mailbox : *mailboxes) {
      std::vector<mailstore::Message> messages;
      (void)store_->list({account.id, mailbox.id}, 1,
                         [&](const auto& one) { return messages.push_back(one), true; });
      for (const auto& one : messages) {
        const auto bytes = store_->fetch(account.id, one);
        if (!good(bytes, "a body in " + mailbox.name) || !*bytes) continue;
        const std::string text((*bytes)->body());
        kept_.push_back({account.address.to_text(), text, subject_of(text)});
      }
    }
  }
}

// ---- held to

void Inventory::hold_to(const Promise& promise) {
  if (promise.kind == "account") return account(promise);
  if (promise.kind == "message") return message(promise);
  if (promise.kind == "quarantined") return quarantined(promise);
  if (promise.kind != "gone") return;
  const bool is_there = std::any_of(kept_.begin(), kept_.end(), [&](const Kept& one) {
    return one.subject == promise.token && one.address == promise.recipients[0];
  });
  if (is_there) say(promise.token + " is back in the mailbox of " + promise.recipients[0]);
}

std::optional<directory::Account> Inventory::account_of(const std::string& address) {
  const auto mailbox = smtp::parse_mailbox(address);
  if (!mailbox) return std::nullopt;
  auto account = directory_->find_account(*mailbox);
  return account ? *account : std::nullopt;
}

void Inventory::account(const Promise& promise) {
  const auto account = account_of(promise.token);
  if (!account) return say("no account " + promise.token);
  const auto password = secrets_->has_password(account->id);
  if (!password || !*password) say("no password of " + promise.token);
  const auto verifiers = secrets_->find(account->id);
  if (verifiers && *verifiers && !secrets_->unseal_legacy(account->id, **verifiers))
    say("the key of the passwords is lost");
}

bool Inventory::is_whole(const Promise& promise, const std::string& message) const {
  const auto text = text_of(message);
  return text.size() == promise.size && crc32c(text) == promise.crc;
}

void Inventory::message(const Promise& promise) {
  for (const auto& recipient : promise.recipients)
    if (recipient.starts_with("bounce:"))
      bounced(promise, recipient.substr(7));
    else
      delivered(promise, recipient);
}

void Inventory::quarantined(const Promise& promise) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(home_ + "/quarantine", none)) {
    if (entry.path().filename().string().starts_with("new-")) continue;
    const auto file = [&](const char* name) {
      return read_file((entry.path() / name).string()).value_or("");
    };
    if (subject_of(file("message")) != promise.token) continue;
    if (!is_whole(promise, file("message"))) say(promise.token + " is damaged in quarantine");
    if (file("envelope").empty() || file("report").empty())
      say("of " + promise.token + " in quarantine there is not all");
    return;
  }
  say(promise.token + " is not in quarantine");
}

// qrun would hand it to deliver once more, and deliver must know that it has it.
bool Inventory::is_known_as_delivered(const Waiting& waiting, const std::string& address) {
  const auto account = account_of(address);
  if (!account) return false;
  mailstore::Delivery again;
  again.id = {waiting.id, waiting.recipient.number};
  again.account = account->id;
  again.body = waiting.body;
  again.body_crc = crc32c(waiting.body);
  const auto told = store_->deliver({again});
  return told && told->at(0).again && !told->at(0).differs;
}

void Inventory::delivered(const Promise& promise, const std::string& address) {
  std::size_t waits = 0, is_kept = 0;
  bool known = true;
  for (const auto& one : kept_) {
    if (one.subject != promise.token || one.address != address) continue;
    if (!is_whole(promise, one.body)) say(promise.token + " is damaged in the mailbox of " + address);
    ++is_kept;
  }
  for (const auto& one : waiting_) {
    if (one.subject != promise.token || one.is_notice || one.recipient.address != address) continue;
    if (!is_whole(promise, one.body)) say(promise.token + " is damaged in the spool");
    if (is_kept > 0) known = known && is_known_as_delivered(one, address);
    ++waits;
  }
  if (waits + is_kept == 0 && promise.since != SIZE_MAX) say(promise.token + " for " + address + " is lost");
  if (waits > 1 || is_kept > 1 || !known)
    say(promise.token + " for " + address + " would come twice: " + std::to_string(waits) + " wait, " +
        std::to_string(is_kept) + " are kept");
}

void Inventory::bounced(const Promise& promise, const std::string& address) {
  const bool waits = std::any_of(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
    return one.subject == promise.token ||
           (one.is_notice && one.body.find(promise.token) != std::string::npos);
  });
  // Or, if the cut came before its recipient went, it was delivered after all.
  const bool was_delivered = std::any_of(kept_.begin(), kept_.end(), [&](const Kept& one) {
    return one.subject == promise.token && std::find(promise.recipients.begin(), promise.recipients.end(),
                                                     one.address) == promise.recipients.end();
  });
  const auto notices = std::count_if(kept_.begin(), kept_.end(), [&](const Kept& one) {
    return one.address == address && one.subject != promise.token &&
           one.body.find(promise.token) != std::string::npos;
  });
  if (!waits && !was_delivered && notices == 0) say("nobody is told that " + promise.token + " failed");
  if (notices > 1) say("it is told twice that " + promise.token + " failed");
}

}  // namespace

Result<std::vector<Promise>> read_promises(const std::string& path, const std::vector<Line>& record) {
  const auto content = read_file(path, 1 << 20);
  if (!content) return content.error();
  std::vector<Promise> promises;
  for (const auto text : split(*content, '\n')) {
    const auto words = split(text, '\t');
    if (words.size() < 2) continue;
    Promise promise;
    promise.kind = words.front();
    promise.token = words[1];
    promise.said = words.back();
    if (promise.kind == "gone") promise.recipients = {std::string(words[2])};
    if (promise.kind == "message" || promise.kind == "quarantined") {
      promise.size = parse_number<std::uint64_t>(words[2]).value_or(0);
      promise.crc = parse_number<std::uint32_t>(words[3]).value_or(0);
      if (promise.kind == "message")
        for (const auto recipient : split(words[4], ',')) promise.recipients.emplace_back(recipient);
    }
    for (std::size_t line = 0; line < record.size() && promise.since == SIZE_MAX; ++line)
      if ((record[line].word == "said" || record[line].word == "mark") &&
          record[line].bytes.find(promise.said) != std::string::npos)
        promise.since = line;
    if (promise.since == SIZE_MAX) return Failure::permanent("nobody says '" + promise.said + '\'');
    promises.push_back(std::move(promise));
  }
  return promises;
}

std::vector<std::string> broken_promises(const std::string& home, const std::vector<Promise>& promises,
                                         std::size_t line) {
  Problems problems;
  const auto made =
      std::find_if(promises.begin(), promises.end(), [](const Promise& one) { return one.kind == "home"; });
  if (made == promises.end() || made->since > line) return problems;
  for (const char* name : {"tubepost.conf", "tls/key.pem", "tls/certificate.pem", "service/smtpd/run",
                           "service/smtpd/log/run"}) {
    const auto content = read_file(home + '/' + name);
    if (!content || content->empty()) problems.push_back(std::string("no ") + name);
  }
  for (const char* name : {"run/notify", "log/smtpd"})
    if (!file_exists(home + '/' + name)) problems.push_back(std::string("no ") + name);
  Inventory inventory(home, problems);
  if (!inventory.is_open()) return problems;
  inventory.check_databases();
  inventory.look();
  for (Promise promise : promises) {
    if (promise.since > line && promise.kind != "message") continue;
    if (promise.since > line) {  // not promised yet: it may be there, but not twice, and not in part
      promise.since = SIZE_MAX;
      std::erase_if(promise.recipients, [](const std::string& one) { return one.starts_with("bounce:"); });
    }
    // What was taken away since need not be there.
    const bool was_taken = std::any_of(promises.begin(), promises.end(), [&](const Promise& other) {
      return other.kind == "gone" && other.token == promise.token;
    });
    if (promise.kind == "message" && was_taken) promise.since = SIZE_MAX;
    inventory.hold_to(promise);
  }
  return problems;
}

}  // namespace tubepost::power_cut
