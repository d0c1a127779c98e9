// The built program, from argv to exit status.
#include <sys/stat.h>

#include "auth/secrets.h"
#include "base/clock.h"
#include "directory/directory.h"
#include "instance.h"
#include "mailstore/mailstore.h"

namespace tubepost::mailadm {
namespace {

void deliver_one(const Instance& instance, std::uint64_t account) {
  const SystemClock clock;
  auto store = mailstore::MailStore::open(instance.home() + "/store", {}, clock);
  ASSERT_TRUE(store);
  mailstore::Delivery delivery;
  delivery.account = account;
  delivery.body = "Subject: x\r\n\r\nhello\r\n";
  ASSERT_TRUE(store->deliver({delivery}));
}

TEST(Account, LivesFromAddToRemove) {
  const Instance instance;
  instance.init();
  instance.must({"account", "add", "bob@example.test", "--password-stdin", "quota=1G"},
                "correct horse battery\nignored\n");
  EXPECT_EQ(instance.must({"account", "list"}), "bob@example.test\t1\tno\tquota=1G\n");
  EXPECT_EQ(instance.must({"account", "show", "bob@example.test", "--json"}),
            "{\"address\":\"bob@example.test\",\"id\":1,\"quota\":\"1G\",\"login\":true,\"messages\":0,"
            "\"bytes\":0}\n");
  const auto verifiers = auth::Secrets::open(instance.home() + "/secrets", {})->find(1);
  ASSERT_TRUE(verifiers && *verifiers);
  EXPECT_TRUE(auth::matches((*verifiers)->crypt, "correct horse battery"))
      << "the first line, without its end";
  instance.must({"account", "set", "bob@example.test", "suspended=yes", "quota="});
  EXPECT_EQ(instance.must({"account", "list", "example.test"}), "bob@example.test\t1\tyes\tsuspended=yes\n");
  deliver_one(instance, 1);
  const auto removed = instance.run({"account", "remove", "bob@example.test"});
  EXPECT_EQ(removed.status, 0);
  EXPECT_NE(removed.err.find("1 messages were removed"), std::string::npos) << removed.err;
  EXPECT_FALSE(*auth::Secrets::open(instance.home() + "/secrets", {})->has_password(1));
  EXPECT_EQ(instance.must({"fsck"}), "");
  instance.must({"account", "add", "bob@example.test"});
  EXPECT_EQ(instance.must({"account", "list"}), "bob@example.test\t2\tno\t\n")
      << "its number is not used again";
}

TEST(Account, AWeakOrMissingPasswordLeavesNothing) {
  const Instance instance;
  instance.init();
  EXPECT_EQ(instance.run({"account", "add", "bob@example.test", "--password-stdin"}, std::string(1025, 'x') + "\n").status, 65);
  EXPECT_NE(instance.run({"account", "add", "bob@example.test", "--password-stdin"}, "").status, 0);
  EXPECT_NE(instance.run({"account", "add", "bob@example.test", "--password-stdin"}, "\n").status, 0);
  EXPECT_EQ(instance.must({"account", "list"}), "");
  instance.must({"account", "add", "bob@example.test"});
  EXPECT_NE(instance.must({"account", "show", "bob@example.test"}).find("login\tno\n"), std::string::npos);
  EXPECT_EQ(instance.run({"account", "passwd", "bob@example.test"}, "secret\n").status, 65)
      << "stdin is not a terminal";
  instance.must({"account", "passwd", "bob@example.test", "--password-stdin"}, "correct horse battery\n");
  EXPECT_NE(instance.must({"account", "show", "bob@example.test"}).find("login\tyes\n"), std::string::npos);
}

TEST(Commands, EndWithTheirExitStatus) {
  const Instance instance;
  EXPECT_EQ(instance.run({"domain", "list"}).status, 78) << "there is no instance";
  instance.init();
  instance.must({"account", "add", "bob@example.test"});
  const struct {
    std::vector<std::string> arguments;
    int status;
  } cases[] = {
      {{}, 64},
      {{"frobnicate"}, 64},
      {{"account"}, 64},
      {{"account", "add"}, 64},
      {{"domain", "list", "extra"}, 64},
      {{"account", "add", "bob@example.test"}, 77},
      {{"account", "add", "x@none.test"}, 1},
      {{"account", "add", "no-address"}, 65},
      {{"account", "add", "x@example.test", "colour=red"}, 65},
      {{"account", "add", "x@example.test", "quota"}, 65},
      {{"account", "show", "x@example.test"}, 1},
      {{"account", "remove", "x@example.test"}, 1},
      {{"domain", "show", "none.test"}, 1},
      {{"domain", "remove", "example.test"}, 77},
      {{"route", "add", "x.test", "nowhere"}, 65},
      {{"route", "remove", "x.test"}, 1},
      {{"server", "set", "colour=red"}, 65},
      {{"apply", instance.outside("none")}, 75},
      {{"config", "show", "none"}, 1},
      {{"--version"}, 0},
      {{"account", "add", "--help"}, 0},
  };
  for (const auto& [arguments, status] : cases) {
    const auto ran = instance.run(arguments);
    std::string all;
    for (const auto& argument : arguments) all += argument + ' ';
    EXPECT_EQ(ran.status, status) << all << ran.err;
    if (status == 0) continue;
    EXPECT_NE(ran.err, "") << all << "says nothing";
  }
}

TEST(Commands, DomainsAliasesAndRoutes) {
  const Instance instance;
  instance.init();
  const auto added = instance.run({"domain", "add", "www.second.test", "address=127.0.0.9"});
  EXPECT_EQ(added.status, 0);
  EXPECT_NE(added.err.find("user@second.test"), std::string::npos) << "T2: " << added.err;
  instance.must({"domain", "set", "www.second.test", "primary=yes"});
  EXPECT_EQ(instance.must({"domain", "list"}),
            "example.test\tvirtual\tno\tno\nwww.second.test\t127.0.0.9\tyes\tno\n");
  EXPECT_EQ(instance.must({"domain", "show", "example.test", "--json"}),
            "{\"domain\":\"example.test\",\"address\":\"virtual\",\"primary\":false,\"relay\":false}\n");
  instance.must({"domain", "set", "example.test", "legacy-logins=apop", "quota=2G"});
  EXPECT_EQ(instance.must({"domain", "show", "example.test"}),
            "domain\texample.test\naddress\tvirtual\nprimary\tno\nrelay\tno\nlegacy-logins\tapop\nquota\t2G\n");
  instance.must({"account", "add", "bob@example.test"});
  const auto alias =
      instance.run({"alias", "add", "all@example.test", "bob@example.test", "who@example.test"});
  EXPECT_EQ(alias.status, 0);
  EXPECT_NE(alias.err.find("who@example.test"), std::string::npos) << "an unknown target is warned of";
  EXPECT_EQ(instance.must({"alias", "list"}), "all@example.test\tbob@example.test who@example.test\n");
  EXPECT_EQ(instance.must({"alias", "list", "--json"}),
            "{\"address\":\"all@example.test\",\"targets\":[\"bob@example.test\",\"who@example.test\"]}\n");
  EXPECT_EQ(instance.run({"fsck"}).status, 1) << "an alias that leads nowhere";
  instance.must({"alias", "remove", "all@example.test", "who@example.test"});
  EXPECT_EQ(instance.run({"fsck"}).status, 0);
  instance.must({"route", "add", "discard.test", "discard"});
  instance.must({"route", "add", "example.test", "smarthost", "--sender"});
  EXPECT_EQ(instance.must({"route", "list"}),
            "discard.test\tdiscard\trecipient\nexample.test\tsmarthost\tsender\n");
  instance.must({"route", "remove", "example.test", "--sender"});
  EXPECT_EQ(instance.must({"route", "list"}), "discard.test\tdiscard\trecipient\n");
  instance.must({"server", "set", "postmaster=bob@example.test"});
  EXPECT_EQ(instance.must({"server", "show"}),
            "postmaster\tbob@example.test\nprimary-domain\twww.second.test\n");
}

TEST(Apply, MakesTheDirectoryEqualToTheText) {
  const Instance instance;
  instance.init();
  instance.must({"account", "add", "bob@example.test", "--password-stdin"}, "correct horse battery\n");
  const auto before = instance.must({"export"});
  EXPECT_EQ(before.find("correct"), std::string::npos);
  const std::string text = "tubepost-directory 1\ndomain example.test\naccount carol@example.test\n";
  instance.write("text", text);
  const std::string changes = "- account bob@example.test\n+ account carol@example.test\n";
  EXPECT_EQ(instance.must({"apply", instance.outside("text"), "--dry-run"}), changes);
  EXPECT_EQ(instance.must({"export"}), before);
  deliver_one(instance, 1);
  const auto refused = instance.run({"apply", instance.outside("text")});
  EXPECT_EQ(refused.status, 77) << "bob's mail would be lost";
  EXPECT_NE(refused.err.find("--with-mail"), std::string::npos) << refused.err;
  EXPECT_EQ(instance.must({"export"}), before);
  EXPECT_EQ(instance.must({"apply", "-", "--with-mail"}, text), changes);
  EXPECT_EQ(instance.must({"account", "list"}), "carol@example.test\t2\tno\t\n");
  EXPECT_EQ(instance.must({"fsck"}), "") << "neither password nor mail of bob is left";
  EXPECT_EQ(instance.run({"apply", "-"}, "").status, 65) << "an empty text removes nothing";
}

TEST(Config, CheckNamesFileAndLine) {
  const Instance instance;
  instance.init();
  instance.write("home/tubepost.conf",
                 "[smtpd]\nlisten = 127.0.0.1:2525\nno-such = 1\nconnections = 3\nvalidate = no\n");
  const auto ran = instance.run({"config", "check"});
  EXPECT_EQ(ran.status, 78);
  EXPECT_NE(ran.out.find("tubepost.conf:3: "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("tubepost.conf:4: "), std::string::npos) << ran.out;
  instance.write("home/tubepost.conf", "[smtpd]\nlisten = 127.0.0.1:2525\nvalidate = no\n");
  const auto warned = instance.run({"config", "check"});
  EXPECT_EQ(warned.status, 0);
  EXPECT_NE(warned.out.find("tubepost.conf:2: warning: smtpd.listen"), std::string::npos)
      << "L6: " << warned.out;
  EXPECT_NE(warned.out.find("tubepost.conf:3: warning: smtpd.validate"), std::string::npos)
      << "S7: " << warned.out;
}

TEST(Config, CheckSaysWhichSettingsContradictEachOther) {
  const Instance instance;
  instance.init();
  instance.write("home/tubepost.conf", "[greylist]\npending = 1h\nblock = 60m\n");
  const auto ran = instance.run({"config", "check"});
  EXPECT_EQ(ran.status, 78);
  EXPECT_NE(ran.out.find("tubepost.conf:3: greylist.block = 1h is not shorter than greylist.pending"),
            std::string::npos)
      << ran.out;
}

TEST(Config, CheckReadsWhatSmtpdReads) {
  const Instance instance;
  instance.init();
  const std::pair<const char*, int> cases[] = {
      {"dnsbl = bl.example.net=127.0.0.2-11;score=3", 0}, {"dnsbl = bl.example.net;perhaps", 78}, {"dnsbl = bl.example.net=127.0.0.9-2", 78},
      {"policy = unix:run/greylist.sock;at=rcpt", 0},     {"policy = unix:run/x.sock;at=never", 78}, {"policy = inet:127.0.0.1", 78},
      {"relay-recipients = /bin/true;timeout=never", 78},
  };
  for (const auto& [line, status] : cases) {
    instance.write("home/tubepost.conf", std::string("[smtpd]\n") + line + "\n");
    const auto ran = instance.run({"config", "check"});
    EXPECT_EQ(ran.status, status) << line << '\n' << ran.out;
    EXPECT_EQ(ran.out.find("tubepost.conf:2: smtpd.") != std::string::npos, status != 0) << ran.out;
  }
}

TEST(Config, CheckNamesServicesStartedBeforeTheLastChange) {
  const Instance instance;
  instance.init();
  const auto status = instance.home() + "/service/smtpd/supervise/status";
  std::filesystem::create_directories(instance.home() + "/service/smtpd/supervise");
  instance.write("home/service/smtpd/supervise/status", "x");
  const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, status.c_str(), long_ago, 0), 0);
  EXPECT_NE(instance.must({"config", "check"}).find("changed since smtpd started"), std::string::npos);
}

TEST(Config, DefaultsCanBeReadBack) {
  const Instance instance;
  instance.init();
  instance.write("home/tubepost.conf", instance.must({"config", "defaults"}));
  EXPECT_EQ(instance.run({"config", "check"}).status, 0);
}

TEST(CommandLine, NamesTheWordThatIsNoCommand) {
  const Instance instance;
  for (const auto& words : {std::vector<std::string>{"acount", "list"}, {"account", "acount"}}) {
    const auto ran = instance.run(words);
    EXPECT_EQ(ran.status, 64);
    EXPECT_NE(ran.err.find("not a command: acount\n"), std::string::npos) << ran.err;
  }
}

TEST(Fsck, FindsAndMendsWhatARemovedAccountLeft) {
  const Instance instance;
  instance.init();
  instance.must({"account", "add", "bob@example.test", "--password-stdin"}, "correct horse battery\n");
  deliver_one(instance, 1);
  {
    directory::Directory::Options options;
    options.read_only = false;
    auto directory = directory::Directory::open(instance.home() + "/directory", options);
    ASSERT_TRUE(directory);
    ASSERT_TRUE(directory->remove_account("bob@example.test"))
        << "and killed before its password and mail went";
  }
  EXPECT_EQ(instance.run({"fsck"}).status, 1);
  EXPECT_EQ(instance.run({"fsck", "--repair"}).status, 0);
  EXPECT_EQ(instance.must({"fsck"}), "");
}

}  // namespace
}  // namespace tubepost::mailadm
