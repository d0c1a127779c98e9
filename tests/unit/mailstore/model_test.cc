// The store against a model in memory: random operations, compared after each; and against a client that only
// hears changes_since, as one with QRESYNC does.
#include <random>

#include "unit/mailstore/mailbox_language.h"

namespace tubepost::mailstore::test {
namespace {

struct Letters {
  std::string text;
  std::set<std::string> flags;
};
struct Box {
  MailboxRef ref;
  std::map<Uid, Letters> messages;
  Uid uid_next = 1;
};

// What a client knows of a mailbox.
struct Client {
  ModSeq modseq = 0;
  std::map<Uid, std::set<std::string>> flags;

  void catch_up(MailStore& store, MailboxRef ref) {
    const auto changes = store.changes_since(ref, modseq);
    ASSERT_TRUE(changes.has_value()) << changes.error().text;
    for (const auto& range : changes->vanished.ranges())
      flags.erase(flags.lower_bound(range.first), flags.upper_bound(range.last));
    const auto visit = [&](const Scanned& scanned) {
      auto& known = flags[scanned.message.uid];
      known.clear();
      for (const auto& keyword : keywords_of(scanned.message.flags, changes->status)) known.emplace(keyword);
      if ((scanned.message.flags & seen) != 0) known.insert("\\Seen");
      if ((scanned.message.flags & deleted) != 0) known.insert("\\Deleted");
      return true;
    };
    ASSERT_TRUE(store.scan(ref, changes->changed, With::records, visit).has_value());
    UidSet here;
    for (const auto& [uid, ignored] : flags) here.add(uid);
    EXPECT_EQ(here, changes->uids);
    modseq = changes->status.highest_modseq;
  }
};

class Model {
public:
  explicit Model(unsigned seed) : random_(seed) {
    for (const char* name : {"a", "b", "c"}) boxes_[name].ref = make(*store_, 1, name);
    boxes_["other"].ref = make(*store_, 2, "other");
  }

  void step() {
    switch (pick(8)) {
      case 0:
        return append();
      case 1:
        return flags();
      case 2:
        return transfer(false);
      case 3:
        return transfer(true);
      case 4:
        return expunge();
      case 5:
        return rename();
      case 6:
        return deliver();
      case 7:
        return recreate();
    }
  }

  void compare() {
    Usage usage;
    for (auto& [name, box] : boxes_) {
      std::string expected;
      for (const auto& [uid, letter] : box.messages) {
        std::string names;
        for (const auto& flag : letter.flags) names += (names.empty() ? "" : " ") + flag;
        expected +=
            (expected.empty() ? "" : " ") + std::to_string(uid) + ':' + letter.text + '(' + names + ')';
        if (box.ref.account == 1) usage.messages += 1, usage.bytes += letter.text.size();
      }
      EXPECT_EQ(sorted_contents(box.ref), expected) << name;
      EXPECT_EQ(store_->status(box.ref)->uid_next, box.uid_next) << name;
      if (pick(3) == 0) clients_[box.ref].catch_up(*store_, box.ref);
    }
    EXPECT_EQ(store_->usage(1)->messages, usage.messages);
    EXPECT_EQ(store_->usage(1)->bytes, usage.bytes);
  }
  void finish() {
    for (auto& [name, box] : boxes_) {
      auto& client = clients_[box.ref];
      client.catch_up(*store_, box.ref);
      std::map<Uid, std::set<std::string>> expected;
      for (const auto& [uid, letter] : box.messages) expected[uid] = letter.flags;
      EXPECT_EQ(client.flags, expected) << name;
    }
    EXPECT_TRUE(store_.check().empty()) << store_.check()[0];
  }

private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  Box& any() { return std::next(boxes_.begin(), pick(static_cast<unsigned>(boxes_.size())))->second; }
  UidSet some_of(const Box& box) {
    UidSet set;
    for (unsigned parts = 1 + pick(3); parts > 0; --parts) {
      const Uid first = 1 + pick(box.uid_next + 3);
      set.add(UidRange{first, first + pick(40)});
    }
    return set;
  }

  std::string sorted_contents(MailboxRef ref) {
    const auto view = store_->view(ref);
    std::string all;
    const auto visit = [&](const Scanned& scanned) {
      const auto& message = scanned.message;
      std::set<std::string> flags;
      for (const auto& keyword : keywords_of(message.flags, view->status)) flags.emplace(keyword);
      if ((message.flags & seen) != 0) flags.insert("\\Seen");
      if ((message.flags & deleted) != 0) flags.insert("\\Deleted");
      std::string names;
      for (const auto& flag : flags) names += (names.empty() ? "" : " ") + flag;
      all += (all.empty() ? "" : " ") + std::to_string(message.uid) + ':';
      texts_.push_back({message, all.size()});
      all += '(' + names + ')';
      return true;
    };
    texts_.clear();
    EXPECT_TRUE(store_->scan(ref, view->uids, With::records, visit).has_value());
    for (auto text = texts_.rbegin(); text != texts_.rend(); ++text)
      all.insert(text->second, (*store_->fetch(ref.account, text->first))->body());
    return all;
  }

  void append() {
    auto& box = any();
    std::vector<std::string> texts;
    for (unsigned i = 1 + pick(40); i > 0; --i)
      texts.push_back(std::to_string(++letters_) + (pick(20) == 0 ? std::string(1500, 'x') : ""));
    const bool is_seen = pick(2) == 0;
    test::append(*store_, box.ref, texts, {is_seen ? std::uint32_t{seen} : 0U, {}});
    for (const auto& text : texts)
      box.messages[box.uid_next++] = {text,
                                      is_seen ? std::set<std::string>{"\\Seen"} : std::set<std::string>()};
  }

  void flags() {
    auto& box = any();
    const auto set = some_of(box);
    const std::string keyword = "k" + std::to_string(pick(4));
    const bool with_deleted = pick(2) == 0;
    std::set<std::string> names{keyword};
    if (with_deleted) names.insert("\\Deleted");
    const auto how = static_cast<FlagChange::How>(pick(3));
    ASSERT_TRUE(
        store_->store_flags(box.ref, set, {how, {with_deleted ? std::uint32_t{deleted} : 0U, {keyword}}, {}})
            .has_value());
    for (auto& [uid, letter] : box.messages) {
      if (!set.contains(uid)) continue;
      if (how == FlagChange::How::replace) letter.flags.clear();
      for (const auto& name : names)
        how == FlagChange::How::remove ? void(letter.flags.erase(name)) : void(letter.flags.insert(name));
    }
  }

  void transfer(bool is_move) {
    auto& from = any();
    auto& to = any();
    const auto set = some_of(from);
    const auto done = is_move ? store_->move(from.ref, set, to.ref) : store_->copy(from.ref, set, to.ref);
    ASSERT_TRUE(done.has_value()) << done.error().text;
    std::vector<Letters> letters;
    for (auto it = from.messages.begin(); it != from.messages.end();) {
      if (set.contains(it->first)) letters.push_back(it->second);
      it = is_move && set.contains(it->first) ? from.messages.erase(it) : std::next(it);
    }
    for (auto& letter : letters) to.messages[to.uid_next++] = std::move(letter);
    EXPECT_EQ(done->from.size(), letters.size());
  }

  void expunge() {
    auto& box = any();
    const auto set = some_of(box);
    const auto which = pick(2) == 0 ? Which::all : Which::only_deleted;
    ASSERT_TRUE(store_->expunge(box.ref, set, which).has_value());
    std::erase_if(box.messages, [&](const auto& entry) {
      return set.contains(entry.first) && (which == Which::all || entry.second.flags.contains("\\Deleted"));
    });
  }

  void rename() {
    const std::string from = boxes_.contains("c") ? "c" : "d/e", to = from == "c" ? "d/e" : "c";
    ASSERT_TRUE(store_->rename(1, from, to).has_value());
    auto node = boxes_.extract(from);
    node.key() = to;
    boxes_.insert(std::move(node));
  }

  void deliver() {
    const auto number = std::to_string(++letters_);
    auto letter = message("m" + number).into("a").saying("d" + number);
    letter.head.clear();
    store_.deliver(letter);
    auto& box = boxes_["a"];
    box.messages[box.uid_next++] = {letter.text, {}};
  }

  void recreate() {
    if (pick(4) != 0) return;
    ASSERT_TRUE(store_->remove(1, "b").has_value());
    clients_.erase(boxes_["b"].ref);
    boxes_["b"] = Box();
    boxes_["b"].ref = make(*store_, 1, "b");
  }

  Store store_;
  std::mt19937 random_;
  std::map<std::string, Box> boxes_;
  std::map<MailboxRef, Client> clients_;
  std::vector<std::pair<Message, std::size_t>> texts_;
  unsigned letters_ = 0;
};

class Random : public testing::TestWithParam<unsigned> {};

TEST_P(Random, OperationsDoWhatTheModelDoes) {
  Model model(GetParam());
  for (int i = 0; i < 120 && !testing::Test::HasFailure(); ++i) {
    model.step();
    model.compare();
  }
  model.finish();
}
INSTANTIATE_TEST_SUITE_P(Seed, Random, testing::Range(1U, 7U));

}  // namespace
}  // namespace tubepost::mailstore::test
