#include "deliver/direct.h"

#include "deliver/dry_run.h"
#include "imap/structure_cache.h"
#include "unit/deliver/fixture.h"

namespace tubepost::deliver::test {
namespace {

const log::Logger quiet("deliver", log::Level::error, log::Format::logfmt);

std::vector<std::string> deliver(const Instance& instance, const std::vector<std::string>& recipients,
                                 const std::string& message = "Subject: x\n\nhi\n") {
  const auto directory = instance.directory();
  auto store = instance.store();
  const Direct::Parts parts{
      directory, store, instance.clock, quiet, [&]() -> Result<spool::Spool> { return instance.spool(); },
      "tester"};
  std::vector<std::string> lines;
  for (const auto& answer : Direct(parts, "s@remote.example", with_crlf(message)).deliver(recipients))
    lines.push_back(std::string(to_text(answer.status)) + ' ' + to_string(answer.code));
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Direct, AnswersEachRecipientInOrder) {
  Instance instance;
  EXPECT_EQ(
      deliver(instance, {"bob@example.test", "nope@example.test", "x@remote.example", "not an address"}),
      (Lines{"delivered 2.0.0", "failed 5.1.1", "queued 2.0.0", "failed 5.1.3"}));
  EXPECT_EQ(*instance.spool().message_count(), 1U);
}

TEST(Direct, WritesCrlfWhateverItReads) {
  Instance instance;
  deliver(instance, {"bob@example.test"}, "Subject: x\n\r\nmixed\r\nlast");
  const auto mail = instance.mail_of("bob@example.test").at(0);
  EXPECT_EQ(mail.substr(mail.find('|') + 1), "Subject: x\r\n\r\nmixed\r\nlast\r\n");
}

TEST(Direct, KeepsTheStructureOfWhatItDelivers) {
  Instance instance;
  deliver(instance, {"bob@example.test"});
  const auto bob = *instance.directory().find_account(*smtp::parse_mailbox("bob@example.test"));
  auto store = instance.store();
  std::string envelope;
  const auto keep = [&](const mailstore::Scanned& scanned) {
    envelope = imap::StructureView(scanned.structure).envelope();
    return true;
  };
  const mailstore::MailboxRef box{bob->id, store.open_mailbox(bob->id, "INBOX")->id};
  ASSERT_TRUE(store.scan(box, mailstore::UidSet::all(), mailstore::With::structures, keep).has_value());
  EXPECT_NE(envelope.find("\"x\""), std::string::npos) << envelope;
}

TEST(Direct, OneMailboxBehindTwoAddressesGetsOneMessage) {
  Instance instance;
  Instance::must(
      instance.directory(true).add_alias("team@example.test", {"alice@example.test", "bob@example.test"}));
  EXPECT_EQ(deliver(instance, {"bob@example.test", "team@example.test"}),
            (Lines{"delivered 2.0.0", "delivered 2.0.0"}));
  EXPECT_EQ(instance.mail_of("bob@example.test").size(), 1U);
  EXPECT_EQ(instance.mail_of("alice@example.test").size(), 1U);
}

TEST(Direct, AnAliasIsAsBadAsItsWorstTarget) {
  Instance instance;
  Instance::must(
      instance.directory(true).add_alias("team@example.test", {"alice@example.test", "gone@example.test"}));
  EXPECT_EQ(deliver(instance, {"team@example.test"}), Lines{"failed 5.1.1"});
  EXPECT_EQ(instance.mail_of("alice@example.test").size(), 1U);
}

TEST(Direct, PostmasterNeedsNoDomain) {
  Instance instance;
  EXPECT_EQ(deliver(instance, {"postmaster"}), Lines{"delivered 2.0.0"});
}

TEST(Direct, ExitStatusIsThatOfTheWorst) {
  const Answer delivered{Status::delivered, {2, 0, 0}, ""}, queued{Status::queued, {2, 0, 0}, ""},
      deferred{Status::deferred, {4, 0, 0}, ""}, failed{Status::failed, {5, 0, 0}, ""};
  EXPECT_EQ(exit_status({delivered, queued}), ExitStatus::ok);
  EXPECT_EQ(exit_status({delivered, failed}), ExitStatus::refused);
  EXPECT_EQ(exit_status({failed, deferred}), ExitStatus::later);
}

std::string dry_run(const Instance& instance, const std::string& address, bool expected) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const out = ::open_memstream(&text, &size);
  const auto known = print_trees(instance.directory(), {address}, "", out);
  std::fclose(out);
  std::string printed(text, size);
  std::free(text);
  EXPECT_EQ(*known, expected) << printed;
  return printed;
}

TEST(DryRun, PrintsTheTree) {
  Instance instance;
  {
    auto directory = instance.directory(true);
    Instance::must(directory.add_alias("team@example.test", {"bob@example.test", "x@remote.example"}));
    Instance::must(directory.set_account("carol@example.test", {{"suspended", "yes"}}));
  }
  EXPECT_EQ(dry_run(instance, "bob@example.test", true), "bob@example.test: account\n  mailbox INBOX\n");
  EXPECT_EQ(dry_run(instance, "team@example.test", true),
            "team@example.test: alias\n"
            "  bob@example.test: account\n"
            "    mailbox INBOX\n"
            "  x@remote.example: remote, direct\n");
  EXPECT_EQ(dry_run(instance, "postmaster@example.test", true),
            "postmaster@example.test: postmaster, account alice@example.test\n  mailbox INBOX\n");
  EXPECT_EQ(dry_run(instance, "carol@example.test", true),
            "carol@example.test: account, suspended\n  refused: 550 5.2.1\n");
  EXPECT_EQ(dry_run(instance, "nope@example.test", false), "nope@example.test: unknown\n");
  EXPECT_EQ(dry_run(instance, "nonsense", false), "nonsense: not a mail address\n");
}

}  // namespace
}  // namespace tubepost::deliver::test
