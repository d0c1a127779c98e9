// NOTIFY (RFC 5465) and IDLE with several connections: what one does another hears of without asking.
#include <stdexcept>
#include <thread>

#include "net/line_stream.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

// Bob's other connection, which listens.
class Listener {
public:
  explicit Listener(Service& service) : service_(service) {
    auto [here, there] = test_support::make_pipe_streams();
    stream_ = std::move(here);
    stream_->set_time_limit(std::chrono::seconds(30));
    session_ = std::thread([this, stream = std::move(there)]() mutable {
      service_.serve(*stream, Service::bobs());
      stream.reset();
    });
    lines_.emplace(*stream_);
  }
  ~Listener() {
    stream_.reset();
    session_.join();
  }
  void say(std::string_view text) {
    *lines_ << text << "\r\n";
    lines_->flush();
  }
  // Until it has been done.
  void ask(std::string_view command) {
    say(command);
    skip_to(std::string(command.substr(0, command.find(' '))) + " OK");
  }
  std::string next() {
    const auto line = lines_->read_line(2000);
    if (line.kind != net::LineStream::Line::Kind::ok) throw std::runtime_error("the connection has ended");
    return std::string(line.text);
  }
  void skip_to(std::string_view wanted) {
    while (!next().starts_with(wanted)) {
    }
  }

private:
  Service& service_;
  std::unique_ptr<test_support::PipeStream> stream_;
  std::optional<net::LineStream> lines_;
  std::thread session_;
};

TEST(ImapNotify, TellsOfTheSelectedMailboxBetweenCommands) {
  Service service;
  service.deliver("a", "Subject: a\r\n\r\n");
  Listener listener(service);
  listener.ask("s SELECT INBOX");
  listener.ask("n NOTIFY SET (selected (MessageNew (UID) MessageExpunge FlagChange))");
  service.deliver("b", "Subject: b\r\n\r\n");
  EXPECT_EQ(listener.next(), "* 2 EXISTS");
  EXPECT_EQ(listener.next(), "* 2 FETCH (UID 2)");
  service.talk("s SELECT INBOX\r\nt STORE 2 +FLAGS.SILENT \\Flagged\r\n");
  EXPECT_EQ(listener.next(), "* 2 FETCH (UID 2 FLAGS (\\Flagged))");
  service.talk("s SELECT INBOX\r\nt STORE 1 +FLAGS.SILENT \\Deleted\r\ne EXPUNGE\r\n");
  listener.skip_to("* 1 EXPUNGE");
}

TEST(ImapNotify, FetchesNoMessageThatTheClientHasPutThere) {
  Service service;
  service.deliver("a", "Subject: a\r\n\r\n");
  Listener listener(service);
  listener.ask("s SELECT INBOX");
  listener.ask("n NOTIFY SET (selected (MessageNew (UID) MessageExpunge))");
  listener.say("a APPEND INBOX {3+}\r\nx\r\n");
  EXPECT_EQ(listener.next(), "* 2 EXISTS");
  EXPECT_TRUE(listener.next().starts_with("a OK"));
  listener.say("c COPY 1 INBOX");
  EXPECT_EQ(listener.next(), "* 3 EXISTS");
  EXPECT_TRUE(listener.next().starts_with("c OK"));
  service.deliver("b", "Subject: b\r\n\r\n");
  EXPECT_EQ(listener.next(), "* 4 EXISTS");
  EXPECT_EQ(listener.next(), "* 4 FETCH (UID 4)");
}

TEST(ImapNotify, HoldsExpungesOfSelectedDelayedUntilACommand) {
  Service service;
  service.deliver("a", "Subject: a\r\n\r\n");
  Listener listener(service);
  listener.ask("s SELECT INBOX");
  listener.ask("n NOTIFY SET (selected-delayed (MessageNew MessageExpunge))");
  service.talk("s SELECT INBOX\r\nt STORE 1 +FLAGS.SILENT \\Deleted\r\ne EXPUNGE\r\n");
  service.deliver("b", "Subject: b\r\n\r\n");
  EXPECT_EQ(listener.next(), "* 2 EXISTS");
  listener.say("m NOOP");
  EXPECT_EQ(listener.next(), "* 1 EXPUNGE");
  EXPECT_EQ(listener.next(), "m OK Done");
}

TEST(ImapNotify, TellsOfOtherMailboxesAndOfTheirList) {
  Service service;
  Listener listener(service);
  listener.ask("n NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))");
  service.talk("c CREATE lists\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" lists");
  service.deliver("a", "Subject: a\r\n\r\n", "lists");
  EXPECT_EQ(listener.next(), "* STATUS lists (MESSAGES 1 UIDNEXT 2)");
  service.talk("d DELETE lists\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\NonExistent \\HasNoChildren) \"/\" lists");
}

TEST(ImapNotify, TellsOfTheParentAndNotOfChildrenThatGoWithIt) {
  Service service;
  Listener listener(service);
  listener.ask("n NOTIFY SET (personal (MailboxName))");
  service.talk("a CREATE lists\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" lists");
  service.talk("b CREATE lists/cats\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" lists/cats");
  EXPECT_EQ(listener.next(), "* LIST (\\HasChildren) \"/\" lists");
  service.talk("c RENAME lists clubs\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\HasChildren) \"/\" clubs (\"OLDNAME\" (lists))");
  service.talk("d DELETE clubs\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\NonExistent \\HasChildren) \"/\" clubs");
  service.talk("e DELETE clubs/cats\r\n");
  EXPECT_EQ(listener.next(), "* LIST (\\NonExistent \\HasNoChildren) \"/\" clubs/cats");
  EXPECT_EQ(listener.next(), "* LIST (\\NonExistent \\HasNoChildren) \"/\" clubs");
}

TEST(ImapNotify, IsWhatIdleTellsOf) {
  Service service;
  Listener listener(service);
  listener.ask("n NOTIFY SET (inboxes (MessageNew MessageExpunge))");
  listener.say("i IDLE");
  listener.skip_to("+ Idling");
  service.deliver("a", "Subject: a\r\n\r\n");
  EXPECT_EQ(listener.next(), "* STATUS INBOX (MESSAGES 1 UIDNEXT 2)");
  listener.say("DONE");
  EXPECT_EQ(listener.next(), "i OK No longer idle");
}

TEST(ImapNotify, TellsOfAMailboxThatAnotherBeginsToShare) {
  Service service;
  service.share_mailboxes();
  Listener listener(service);
  listener.ask("n NOTIFY SET (subtree \"Other Users\" (MessageNew MessageExpunge MailboxName))");
  const auto ann = service.directory->find_account(smtp::Mailbox{"ann", "example.test"}).value()->id;
  const auto shown = service.store->status(ann, "Private").value().id;
  EXPECT_TRUE(service.store->set_acl({ann, shown}, {"bob@example.test", "lr"}).has_value());
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" \"Other Users/ann@example.test/Private\"");
  EXPECT_EQ(listener.next(), "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/ann@example.test\"");
  service.deliver_to(ann, "a", "Subject: a\r\n\r\n", "Private");
  EXPECT_EQ(listener.next(), "* STATUS \"Other Users/ann@example.test/Private\" (MESSAGES 1 UIDNEXT 2)");
}

TEST(ImapNotify, TellsOfTheFirstMailboxThatAnotherShares) {
  Service service;
  EXPECT_TRUE(service.directory->add_account("carl@example.test", {}).has_value());
  Client carl;
  carl.preauthenticated = smtp::Mailbox{"carl", "example.test"};
  Listener listener(service);
  listener.ask("n NOTIFY SET (subtree \"Other Users\" (MailboxName))");
  service.talk("a SETACL Archive bob@example.test lr\r\n", carl);
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" \"Other Users/carl@example.test/Archive\"");
  EXPECT_EQ(listener.next(), "* LIST (\\NonExistent \\HasChildren) \"/\" \"Other Users/carl@example.test\"");
  service.talk("d DELETEACL Archive bob@example.test\r\n", carl);
  EXPECT_EQ(listener.next(),
            "* LIST (\\NonExistent \\HasNoChildren) \"/\" \"Other Users/carl@example.test/Archive\"");
}

// Bob asks for nothing else of carl's: no other change of it wakes him.
TEST(ImapNotify, TellsOfAMailboxThatInheritsItsRights) {
  Service service;
  EXPECT_TRUE(service.directory->add_account("carl@example.test", {}).has_value());
  Client carl;
  carl.preauthenticated = smtp::Mailbox{"carl", "example.test"};
  service.talk("a SETACL Archive bob@example.test lr\r\n", carl);
  Listener listener(service);
  listener.ask(
      "n NOTIFY SET (mailboxes (lists \"Other Users/carl@example.test/Archive/2026\") (MailboxName))");
  service.talk("c CREATE lists\r\n");  // a watch that is new may be woken without need
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" lists");
  service.talk("c CREATE Archive/2026\r\n", carl);
  EXPECT_EQ(listener.next(), "* LIST (\\HasNoChildren) \"/\" \"Other Users/carl@example.test/Archive/2026\"");
  EXPECT_EQ(listener.next(), "* LIST (\\HasChildren) \"/\" \"Other Users/carl@example.test/Archive\"");
}

TEST(ImapRights, AreToldApartByTheCaseOfAnAddressWhereTheDirectoryDoes) {
  Service service;
  EXPECT_TRUE(service.directory->set_server({{"local-part-case", "sensitive"}}).has_value());
  const auto listed_by = [&](const std::string& name) {
    EXPECT_TRUE(service.directory->add_account(name + "@example.test", {}).has_value());
    Client client;
    client.preauthenticated = smtp::Mailbox{name, "example.test"};
    return service.talk("l LIST \"\" \"Other Users/*\"\r\n", client);
  };
  service.talk("a SETACL Archive Carl@EXAMPLE.test lr\r\n");
  EXPECT_EQ(service.talk("a GETACL Archive\r\n"),
            "* ACL Archive bob@example.test lrswipkxteacd Carl@example.test lr\r\na OK That is all\r\n");
  EXPECT_EQ(listed_by("carl"), "l OK That is all\r\n");
  EXPECT_NE(listed_by("Carl").find("Other Users/bob@example.test/Archive"), std::string::npos);
}

TEST(ImapRights, AreAskedForAgainWhileTheMailboxIsSelected) {
  Service service;
  service.share_mailboxes();
  const auto ann = service.directory->find_account(smtp::Mailbox{"ann", "example.test"}).value()->id;
  const auto work = service.store->status(ann, "INBOX/Work").value().id;
  Listener listener(service);
  listener.say("s SELECT \"Other Users/ann@example.test/INBOX/Work\"");
  listener.skip_to("s OK [READ-WRITE]");
  EXPECT_TRUE(service.store->set_acl({ann, work}, {"bob@example.test", ""}).has_value());
  listener.say("n NOOP");
  EXPECT_EQ(listener.next(), "* BYE Access to the mailbox has been withdrawn");
}

TEST(ImapRights, AreOfTheAccountAndNotOfWhoGetsItsAddressLater) {
  Service service;
  service.share_mailboxes();
  Client carl;
  carl.preauthenticated = smtp::Mailbox{"carl", "example.test"};
  const auto listed = [&] {
    return service.talk("l LIST \"\" \"Other Users/bob@example.test/*\"\r\n", carl);
  };
  service.talk("a SETACL Archive carl@example.test lr\r\n");
  EXPECT_NE(listed().find("/Archive"), std::string::npos);
  EXPECT_TRUE(service.directory->remove_account("carl@example.test").has_value());
  EXPECT_EQ(service.talk("a GETACL Archive\r\n"),
            "* ACL Archive bob@example.test lrswipkxteacd\r\na OK That is all\r\n");
  EXPECT_TRUE(service.directory->add_account("carl@example.test", {}).has_value());
  EXPECT_EQ(listed(), "l OK That is all\r\n");
  service.talk("a SETACL Archive carl@example.test +r\r\n");
  EXPECT_EQ(service.talk("m MYRIGHTS \"Other Users/bob@example.test/Archive\"\r\n", carl),
            "* MYRIGHTS \"Other Users/bob@example.test/Archive\" r\r\nm OK That is all\r\n");
}

}  // namespace
}  // namespace tubepost::imapd::test
