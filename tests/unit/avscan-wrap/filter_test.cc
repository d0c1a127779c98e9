#include "avscan-wrap/filter.h"

#include <gtest/gtest.h>

#include "avscan-wrap/limits.h"
#include "avscan-wrap/rewrite.h"
#include "base/file.h"
#include "message/header.h"
#include "unit/avscan-wrap/fakes.h"

namespace tubepost::avscan {
namespace {

struct Trial {
  Options options;
  WordScanner scanner;
  Folder folder;
  log::Logger logger{"avscan-wrap", log::Level::error, log::Format::logfmt, -1};

  Decision decide(const std::string& text, const Envelope& envelope = {}) {
    if (options.quarantine.empty()) options.quarantine = folder / "quarantine";
    return Filter(options, scanner, logger).decide(text, envelope);
  }
};

TEST(Filter, LetsACleanMessageGoOnAsItIs) {
  for (const Scope scope : {Scope::message, Scope::parts, Scope::both}) {
    Trial trial;
    trial.options.scope = scope;
    const auto decision = trial.decide("Subject: x\r\n\r\nhello\r\n");
    EXPECT_EQ(decision.said, Said::go_on);
    EXPECT_FALSE(decision.changed);
  }
}

TEST(Filter, ScansTheWholeThePartsOrBoth) {
  Trial whole, parts, both;
  parts.options.scope = Scope::parts;
  both.options.scope = Scope::both;
  const std::string text = "Subject: x\r\n\r\nhello\r\n";
  whole.decide(text), parts.decide(text), both.decide(text);
  EXPECT_EQ(whole.scanner.contents, std::vector<std::string>{text});
  EXPECT_EQ(parts.scanner.contents, std::vector<std::string>{"hello\r\n"});
  EXPECT_EQ(both.scanner.contents, (std::vector<std::string>{text, "hello\r\n"}));
}

TEST(Filter, RefusesWithTheNameOfTheVirus) {
  Trial trial;
  const auto decision = trial.decide("Subject: x\r\n\r\nVIRUS\r\n");
  EXPECT_EQ(decision.said, Said::refuse);
  EXPECT_EQ(decision.reply, "This message holds a virus: Test.Virus");
}

TEST(Filter, OfTheWholeDoesNotSeeWhatIsEncoded) {
  Trial whole, parts;
  parts.options.scope = Scope::parts;
  EXPECT_EQ(whole.decide(infected_message()).said, Said::go_on);
  EXPECT_EQ(parts.decide(infected_message()).said, Said::refuse);
}

TEST(Filter, Drops) {
  Trial trial;
  trial.options.on_virus = OnVirus::drop;
  EXPECT_EQ(trial.decide("\r\nVIRUS").said, Said::drop);
}

TEST(Filter, AsksForAnotherTryWhenTheScannerFails) {
  Trial trial;
  trial.scanner.fails_on = "hello";
  const auto decision = trial.decide("Subject: x\r\n\r\nhello\r\n");
  EXPECT_EQ(decision.said, Said::later);
  EXPECT_EQ(decision.reason, "no memory");
}

TEST(Filter, PassesWithAFieldWhenToldTo) {
  Trial trial;
  trial.options.on_error = OnError::pass;
  trial.scanner.fails_on = "hello";
  const auto decision = trial.decide("Subject: x\r\n\r\nhello\r\n");
  EXPECT_EQ(decision.said, Said::go_on);
  EXPECT_EQ(decision.changed, "X-Tubepost-Virus: not scanned: no memory\r\nSubject: x\r\n\r\nhello\r\n");
}

TEST(Filter, FindsAVirusThoughTheScannerFailsOnAnotherPart) {
  Trial trial;
  trial.options.scope = Scope::both;
  trial.options.on_error = OnError::pass;
  trial.scanner.fails_on = "last";
  EXPECT_EQ(trial.decide(infected_message()).said,
            Said::go_on);  // the whole failed: nothing was found before
  trial.options.scope = Scope::parts;
  EXPECT_EQ(trial.decide(infected_message()).said, Said::refuse);
}

TEST(Filter, RefusesForGoodWhatCanNeverBeScanned) {
  std::string text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (std::size_t i = 0; i < message::mime_parts_max + 1; ++i) text += "--b\r\n\r\nx\r\n";
  Trial trial;
  trial.options.scope = Scope::parts;
  EXPECT_EQ(trial.decide(text).said, Said::refuse);
  trial.options.on_error = OnError::pass;
  EXPECT_EQ(trial.decide(text).said, Said::go_on);
}

TEST(Filter, StripsTheInfectedPartAndNoOtherByte) {
  Trial trial;
  trial.options.scope = Scope::parts;
  trial.options.on_virus = OnVirus::strip;
  const std::string text = infected_message();
  const auto decision = trial.decide(text);
  ASSERT_EQ(decision.said, Said::go_on);
  ASSERT_TRUE(decision.changed);
  const auto begin = text.find("Content-Type: application"),
             end = text.find("\r\n--b\r\nContent-Type: text/plain\r\n\r\nlast");
  const std::string wanted =
      "X-Tubepost-Virus: removed bad.exe (Test.Virus)\r\n" + text.substr(0, begin) +
      "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
      "The virus scanner has removed what was here: bad.exe\r\nIt holds a virus: Test.Virus" +
      text.substr(end);
  EXPECT_EQ(*decision.changed, wanted);
}

TEST(Filter, StripsTheOnlyPartAndKeepsTheHeader) {
  Trial trial;
  trial.options.on_virus = OnVirus::strip;
  const auto decision =
      trial.decide("Subject: x\nContent-Type: application/zip\nContent-Transfer-Encoding: 8bit\n\nVIRUS\n");
  ASSERT_TRUE(decision.changed);
  EXPECT_EQ(*decision.changed,
            "X-Tubepost-Virus: removed part (Test.Virus)\nSubject: x\nContent-Type: text/plain; "
            "charset=us-ascii\n\n"
            "The virus scanner has removed what was here: part\nIt holds a virus: Test.Virus\n");
}

TEST(Filter, RefusesWhatCannotBeStrippedClean) {
  Trial trial;
  trial.options.on_virus = OnVirus::strip;
  EXPECT_EQ(trial.decide("Subject: VIRUS\r\n\r\nhello\r\n").said, Said::refuse);  // in no part
  trial.options.scope = Scope::both;
  EXPECT_EQ(trial.decide("Subject: VIRUS\r\n\r\nVIRUS\r\n").said, Said::refuse);  // there is some left
}

TEST(Filter, DeliversARepairedPartEncodedAgain) {
  Trial trial;
  trial.options.scope = Scope::parts;
  trial.options.on_virus = OnVirus::repair;
  trial.scanner.repairs = true;
  const std::string text = infected_message();
  const auto decision = trial.decide(text);
  ASSERT_TRUE(decision.changed);
  std::string wanted = text;
  wanted.replace(wanted.find("VklSVVM="), 8, "Y3VyZWQ=");
  EXPECT_EQ(*decision.changed, "X-Tubepost-Virus: repaired bad.exe (Test.Virus)\r\n" + wanted);
}

TEST(Filter, DeliversARepairedMessageOnlyIfItIsOne) {
  struct Row {
    const char* left;
    Said said;
  };
  const Row rows[] = {{"Subject: x\r\n\r\ncured\r\n", Said::go_on},
                      {"", Said::refuse},
                      {"no header at all", Said::refuse},
                      {"\r\nSubject: x\r\n\r\n", Said::refuse},
                      {"Subject: x\r\n\r\nVIRUS\r\n", Said::refuse}};
  for (const Row& row : rows) {
    Trial trial;
    trial.options.on_virus = OnVirus::repair;
    trial.scanner.leaves = row.left;
    EXPECT_EQ(trial.decide("Subject: x\r\n\r\nVIRUS\r\n").said, row.said) << row.left;
  }
  Trial deleted;
  deleted.options.on_virus = OnVirus::repair;
  EXPECT_EQ(deleted.decide("Subject: x\r\n\r\nVIRUS\r\n").said, Said::refuse);
}

TEST(Filter, RemovesAPartTheRepairingScannerDeleted) {
  Trial trial;
  trial.options.scope = Scope::parts;
  trial.options.on_virus = OnVirus::repair;
  const auto decision = trial.decide(infected_message());
  ASSERT_TRUE(decision.changed);
  EXPECT_EQ(message::find_field(*decision.changed, field_name)->value, "removed bad.exe (Test.Virus)");
  EXPECT_EQ(trial.decide("Subject: x\r\n\r\nVIRUS\r\n").said, Said::refuse);  // nothing would be left
}

TEST(Filter, KeepsInQuarantineWhatAndForWhom) {
  Trial trial;
  trial.options.on_virus = OnVirus::quarantine;
  Envelope envelope;
  envelope.known = true;
  envelope.sender = "a@example.test";
  envelope.recipients = {"b@example.test", "c@example.test"};
  envelope.spool_id = "abcdefghijklmnopqrstuvwxyz";
  const auto decision = trial.decide("Subject: x\r\n\r\nVIRUS\r\n", envelope);
  EXPECT_EQ(decision.said, Said::drop);
  EXPECT_EQ(decision.quarantine_id, envelope.spool_id);
  const std::string folder = trial.folder / "quarantine/" + envelope.spool_id;
  EXPECT_EQ(*read_file(folder + "/message"), "Subject: x\r\n\r\nVIRUS\r\n");
  EXPECT_EQ(*read_file(folder + "/envelope"), "a@example.test\nb@example.test\nc@example.test\n");
  EXPECT_NE(read_file(folder + "/report")->find("virus=Test.Virus\n"), std::string::npos);
}

TEST(Filter, AsksForAnotherTryWhenTheQuarantineCannotBeWritten) {
  Trial trial;
  trial.options.on_virus = OnVirus::quarantine;
  trial.options.quarantine = "/proc/no-such-folder";
  EXPECT_EQ(trial.decide("\r\nVIRUS").said, Said::later);
}

TEST(Filter, LetsPassWhatIsBeingReleasedAndNothingElse) {
  Trial trial;
  trial.options.on_virus = OnVirus::quarantine;
  const auto kept = trial.decide("Subject: x\r\n\r\nVIRUS\r\n");
  Envelope envelope;
  envelope.released = kept.quarantine_id;
  const std::string again = "Received: from here\r\nSubject: x\r\n\r\nVIRUS\r\n";
  EXPECT_EQ(trial.decide(again, envelope).said, Said::drop);  // not yet
  ASSERT_TRUE(write_private_file(trial.folder / "quarantine/" + kept.quarantine_id + "/released", ""));
  EXPECT_EQ(trial.decide(again, envelope).said, Said::go_on);
  EXPECT_EQ(trial.decide("Subject: y\r\n\r\nVIRUS\r\n", envelope).said, Said::drop);
  EXPECT_EQ(trial.decide(std::string(9000, 'a') + again, envelope).said, Said::drop);
  envelope.released = "../" + kept.quarantine_id;
  EXPECT_EQ(trial.decide(again, envelope).said, Said::drop);
}

}  // namespace
}  // namespace tubepost::avscan
