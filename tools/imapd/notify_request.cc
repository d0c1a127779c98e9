// The grammar of NOTIFY (RFC 5465 8).
#include <algorithm>

#include "imapd/notify.h"

namespace tubepost::imapd {
namespace {

constexpr struct {
  std::string_view word;
  NotifyEvent event;
} event_words[] = {{"MESSAGENEW", message_new},
                   {"MESSAGEEXPUNGE", message_expunge},
                   {"FLAGCHANGE", flag_change},
                   {"MAILBOXNAME", mailbox_name},
                   {"SUBSCRIPTIONCHANGE", subscription_change},
                   {"MAILBOXMETADATACHANGE", mailbox_metadata},
                   {"SERVERMETADATACHANGE", server_metadata}};

// AnnotationChange and those of the future: to be refused, once the whole command has been read.
void expect_event(imap::Scanner& args, NotifyRequest& request, NotifyGroup& group) {
  const auto known = std::find_if(std::begin(event_words), std::end(event_words),
                                  [&](const auto& word) { return args.take_word(word.word); });
  if (known == std::end(event_words)) {
    request.unknown_event = true;
    args.expect_atom();
    return;
  }
  group.events |= known->event;
  if (known->event != message_new || !args.take(' ')) return;
  if (args.peek() != '(') return args.step_back(1);
  request.fetched = imap::expect_fetch_items(args);
  if (!group.filter.is_selected()) args.fail("only the selected mailbox has messages to fetch");
}

NotifyGroup expect_group(imap::Scanner& args, bool utf8, NotifyRequest& request) {
  NotifyGroup group;
  args.expect('(');
  group.filter = expect_mailbox_filter(args, utf8);
  if (group.filter.kind == MailboxFilter::Kind::subtree_one) args.fail("that is for ESEARCH");
  args.expect_space();
  if (!args.take_word("NONE")) {
    args.expect('(');
    do expect_event(args, request, group);
    while (!args.failed() && args.take(' '));
    args.expect(')');
  }
  args.expect(')');
  // RFC 5465 5: both or none, and no flags without them.
  const auto messages = group.events & message_events;
  const auto both = message_new | message_expunge;
  if (messages != 0 && (messages & both) != both) args.fail("MessageNew and MessageExpunge go together");
  if (group.filter.is_selected() && (group.events & ~message_events) != 0)
    args.fail("the selected mailbox has events of messages only");
  return group;
}

}  // namespace

NotifyRequest expect_notify_request(imap::Scanner& args, bool utf8) {
  NotifyRequest request;
  request.none = args.take_word("NONE");
  if (request.none) return request;
  if (!args.take_word("SET")) args.fail("SET or NONE expected");
  args.expect_space();
  request.status = args.take_word("STATUS");
  if (request.status) args.expect_space();
  do {
    auto group = expect_group(args, utf8, request);
    if (!group.filter.is_selected())
      request.groups.push_back(std::move(group));
    else if (request.selected)
      args.fail("there is one selected mailbox");
    else
      request.selected = std::move(group);
    if (request.groups.size() > notify_groups_max) args.fail("too many groups");
  } while (!args.failed() && args.take(' '));
  return request;
}

unsigned Notification::events_of(const Found& mailbox, const std::set<std::string>& subscribed) const {
  unsigned events = 0;
  for (const auto& group : request.groups)
    if (group.filter.covers(mailbox, subscribed)) events |= group.events;
  // RFC 5465 5: all of them want l and r.
  return mailbox.rights.has('r') ? events : 0;
}

bool Notification::wants(NotifyEvent event) const {
  return std::any_of(request.groups.begin(), request.groups.end(),
                     [&](const NotifyGroup& group) { return (group.events & event) != 0; });
}

}  // namespace tubepost::imapd
