#include <unistd.h>

#include "base/text.h"
#include "instance.h"
#include "mailadm/home.h"
#include "mailadm/templates.h"

namespace tubepost::mailadm {
namespace {

TEST(Init, MakesAnInstanceThatChecksOut) {
  const Instance instance;
  instance.init();
  for (const auto* name : {"directory", "secrets", "spool", "store", "run", "log", "tls", "service"})
    EXPECT_TRUE(std::filesystem::is_directory(instance.home() + '/' + name)) << name;
  const struct {
    const char* path;
    mode_t mode;
  } modes[] = {
      {"secrets", 0700}, {"secrets/data.mdb", 0600}, {"store", 0700}, {"spool", 0700}, {"tls/key.pem", 0600},
      {"run", 0755},     {"service/smtpd/run", 0755}};
  for (const auto& [path, mode] : modes) EXPECT_EQ(instance.mode(path), mode) << path;
  EXPECT_EQ(instance.must({"domain", "list"}), "example.test\tvirtual\tyes\tno\n");
  EXPECT_EQ(instance.must({"fsck"}), "");
  const auto checked = instance.must({"config", "check"});
  EXPECT_EQ(checked.find("error"), std::string::npos) << checked;
}

TEST(Init, AppliesThePortBase) {
  const Instance instance;
  instance.init();
  const auto shown = instance.must({"config", "show"});
  for (const auto* line : {"smtpd.listen\t127.0.0.1:21825\t", "submission.listen\t127.0.0.1:22387\t",
                           "submissions.listen\t127.0.0.1:22265\t", "popd.listen\t127.0.0.1:21910\t",
                           "pop3s.listen\t127.0.0.1:22795\t", "server.hostname\tmx.example.test\t"})
    EXPECT_NE(shown.find(line), std::string::npos) << line;
}

TEST(Init, RunAgainKeepsWhatAPersonWrote) {
  const Instance instance;
  instance.init();
  const auto key = instance.read("tls/key.pem");
  instance.must({"account", "add", "bob@example.test"});
  const std::string edited = "[server]\nhostname = mine.example.test\n";
  instance.write("home/tubepost.conf", edited);
  instance.write("home/service/popd/run", "#!/bin/sh\nexec mine\n");
  std::filesystem::remove(instance.home() + "/service/qrun/run");
  const auto said = instance.init("3000");
  EXPECT_EQ(instance.read("tubepost.conf"), edited);
  EXPECT_EQ(instance.read("service/popd/run"), "#!/bin/sh\nexec mine\n");
  EXPECT_EQ(instance.read("tls/key.pem"), key);
  EXPECT_NE(said.find("kept tubepost.conf"), std::string::npos) << said;
  EXPECT_NE(said.find("kept service/popd/run"), std::string::npos) << said;
  EXPECT_NE(said.find("made service/qrun/run"), std::string::npos) << said;
  EXPECT_EQ(instance.must({"account", "list"}), "bob@example.test\t1\tno\t\n");
}

TEST(Init, GreylistIsDownUntilAPersonWantsIt) {
  const Instance instance;
  instance.init();
  const auto down = instance.home() + "/service/greylist/down";
  EXPECT_TRUE(std::filesystem::exists(down));
  EXPECT_FALSE(std::filesystem::exists(instance.home() + "/service/smtpd/down"));
  std::filesystem::remove(down);
  instance.init();
  EXPECT_FALSE(std::filesystem::exists(down));
}

TEST(Init, RunAgainUnchangedSaysNothing) {
  const Instance instance;
  instance.init();
  EXPECT_EQ(instance.init(), "");
}

TEST(Init, RefusesWhatCannotBe) {
  const Instance instance;
  const struct {
    std::vector<std::string> arguments;
    int status;
    const char* reason;
  } cases[] = {{{"init", "--hostname", "mx.example.test"}, 64, "no domain"},
               {{"init", "--domain", "example.test"}, 64, "no hostname"},
               {{"init", "--hostname", "a b", "--domain", "example.test"}, 65, "not a host name"},
               {{"init", "--hostname", "mx.example.test", "--domain", "a b"}, 65, "not a domain"},
               {{"init", "--hostname", "mx.example.test", "--domain", "a.test", "--port-base", "65000"},
                65,
                "ports end"},
               {{"init", "--hostname", "mx.example.test", "--domain", "a.test", "--listen", "lo"},
                65,
                "not an address"}};
  for (const auto& [arguments, status, reason] : cases)
    EXPECT_EQ(instance.run(arguments).status, status) << reason;
  EXPECT_FALSE(std::filesystem::exists(instance.home())) << "nothing was begun";
}

TEST(Init, RunScriptsAreOneExecAndGuardDescriptorThree) {
  const auto script =
      run_script({"submission", "smtpd", {"--role", "submission"}}, "/opt/x y/smtpd", "/it's/home");
  EXPECT_NE(
      script.find("\nexec '/opt/x y/smtpd' --home '/it'\\''s/home' --role submission --ready-fd 3 2>&1\n"),
      std::string::npos)
      << script;
  // Without descriptor 3 (runit) the program must not find it free.
  const Instance instance;
  instance.write("probe", "#!/bin/sh\n[ -e /proc/self/fd/3 ] && echo open\n");
  ASSERT_EQ(::chmod(instance.outside("probe").c_str(), 0700), 0);
  instance.write("run", run_script({"probe", "probe", {}}, instance.outside("probe"), "/home"));
  ASSERT_EQ(::chmod(instance.outside("run").c_str(), 0700), 0);
  const auto out = instance.outside("out");
  auto child =
      process::Child::spawn({"/bin/sh", "-c", "exec 3>&-; exec " + instance.outside("run") + " >" + out});
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait().code, 0);
  EXPECT_EQ(*read_file(out), "open\n");
}

TEST(Init, LimitsFitTheMachine) {  // L5, L14
  const auto small = fitting_limits(std::uint64_t{128} << 20, 1024, false);
  EXPECT_EQ(small.smtp, 20U);
  EXPECT_EQ(small.smtp_per_address, 5U);
  EXPECT_EQ(small.pop, 100U);
  const auto large = fitting_limits(std::uint64_t{64} << 30, 1 << 20, false);
  EXPECT_EQ(large.smtp, 500U);
  EXPECT_EQ(large.smtp_per_address, 20U);
  EXPECT_EQ(fitting_limits(std::uint64_t{64} << 30, 64, false).smtp, 32U) << "descriptors are the limit";
  const auto local = fitting_limits(std::uint64_t{64} << 30, 1 << 20, true);
  EXPECT_EQ(local.smtp_per_address, local.smtp) << "on loopback every client has the same address";
}

}  // namespace
}  // namespace tubepost::mailadm
