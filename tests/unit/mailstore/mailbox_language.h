// More of the small language, for what IMAP does: a mailbox is written as its messages,
//   "1:hello(\Seen $Junk) 3:bye()".
#pragma once

#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {

inline Append said(MailStore& store, const std::string& text, Flags flags = {}) {
  auto body = store.new_body();
  // In two pieces, as it may come from a client.
  EXPECT_TRUE(body.write(std::string_view(text).substr(0, text.size() / 2)).has_value());
  EXPECT_TRUE(body.write(std::string_view(text).substr(text.size() / 2)).has_value());
  EXPECT_TRUE(body.finish().has_value());
  return {std::move(body), std::move(flags), Timestamp(Milliseconds(5)), "structure of " + text,
          "text of " + text};
}

inline Appended append(MailStore& store, MailboxRef box, const std::vector<std::string>& texts,
                       const Flags& flags = {}) {
  std::vector<Append> messages;
  for (const auto& text : texts) messages.push_back(said(store, text, flags));
  auto done = store.append(box, messages);
  EXPECT_TRUE(done.has_value()) << done.error().text;
  return done ? *done : Appended();
}

inline MailboxRef make(MailStore& store, AccountId account, const std::string& name) {
  auto made = store.create(account, name);
  EXPECT_TRUE(made.has_value()) << made.error().text;
  return {account, made ? made->id : 0};
}

inline std::string flag_names(std::uint32_t flags, const MailboxStatus& status) {
  std::string names;
  const std::pair<Flag, const char*> known[] = {{seen, "\\Seen"},
                                                {answered, "\\Answered"},
                                                {flagged, "\\Flagged"},
                                                {deleted, "\\Deleted"},
                                                {draft, "\\Draft"}};
  for (const auto& [flag, name] : known)
    if ((flags & flag) != 0) names += (names.empty() ? "" : " ") + std::string(name);
  for (const auto& keyword : keywords_of(flags, status))
    names += (names.empty() ? "" : " ") + std::string(keyword);
  return names;
}

inline std::string contents(MailStore& store, MailboxRef box) {
  const auto view = store.view(box);
  if (!view) return view.error().text;
  std::vector<Message> messages;
  const auto visit = [&](const Scanned& scanned) { return messages.push_back(scanned.message), true; };
  EXPECT_TRUE(store.scan(box, view->uids, With::records, visit).has_value());
  EXPECT_EQ(messages.size(), view->status.messages);
  std::string all;
  for (const auto& message : messages) {
    const auto bytes = store.fetch(box.account, message);
    all += (all.empty() ? "" : " ") + std::to_string(message.uid) + ':';
    all += bytes && *bytes ? std::string((*bytes)->body()) : "gone";
    all += '(' + flag_names(message.flags, view->status) + ')';
  }
  return all;
}

inline UidSet uids(Uid first, Uid last) { return UidSet{UidRange{first, last}}; }
inline UidSet one(Uid uid) { return uids(uid, uid); }

inline FlagChange adding(Flags flags) { return {FlagChange::How::add, std::move(flags), std::nullopt}; }
inline FlagChange removing(Flags flags) { return {FlagChange::How::remove, std::move(flags), std::nullopt}; }
inline FlagChange replacing(Flags flags) {
  return {FlagChange::How::replace, std::move(flags), std::nullopt};
}

// A mailbox of many messages, by copying them again and again.
inline MailboxRef crowd(Store& store, Uid messages) {
  const auto box = make(*store, 1, "crowd");
  append(*store, box, {"x"});
  for (Uid there = 1; there < messages; there *= 2)
    EXPECT_TRUE(store->copy(box, uids(1, std::min(there, messages - there)), box).has_value());
  return box;
}

}  // namespace tubepost::mailstore::test
