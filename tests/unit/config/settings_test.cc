#include "config/settings.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "configuration.h"

namespace tubepost::config {
namespace {

using namespace std::chrono_literals;
using SettingsTexts = std::vector<std::string>;

// ---- the table

TEST(SettingsTable, IsSound) {
  std::set<std::string_view> names;
  std::set<std::string> variables;
  for (const Setting& row : all_settings()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name << " stands twice";
    EXPECT_TRUE(variables.insert(environment_name(row.name)).second) << row.name << " shares its variable";
    EXPECT_EQ(find_setting(row.name), &row);
    EXPECT_TRUE(row.help.ends_with('.')) << row.name;
    EXPECT_FALSE(row.argument.empty()) << row.name;
    EXPECT_EQ(wrong_with(row, row.fallback), std::nullopt) << row.name << ": its own default";
    EXPECT_LE(row.least, row.most) << row.name;
    EXPECT_EQ(row.kind == Kind::choice && row.choices.empty(), false) << row.name;
  }
}

TEST(SettingsTable, HasTheDefaultsThatScriptsRelyOn) {
  const auto settings = defaults("/h");
  EXPECT_EQ(settings->number("smtpd.connections"), 20U);
  EXPECT_EQ(settings->number("smtpd.connections-per-address"), 5U);
  EXPECT_EQ(settings->number("popd.connections"), 100U);
  EXPECT_EQ(settings->number("popd.connections-per-address"), 10U);
  EXPECT_EQ(settings->number("imapd.connections"), 1000U);
  EXPECT_EQ(settings->number("imapd.connections-per-address"), 50U);
  EXPECT_EQ(settings->number("smtpd.recipients-max"), 1000U);
  EXPECT_EQ(settings->number("smtpd.data-line-max"), 1024U);
  EXPECT_EQ(settings->number("smtpd.message-size-max"), 50U << 20);
  EXPECT_TRUE(settings->flag("smtpd.validate"));
  EXPECT_TRUE(settings->flag("qrun.outgoing"));
  EXPECT_EQ(settings->number("qrun.outgoing-connections"), 2U);
  EXPECT_EQ(settings->duration("qrun.expire"), 5 * 24h);
  EXPECT_EQ(settings->duration("qrun.delay-notice"), 4h);
  EXPECT_EQ(settings->text("submission.authentication"), "accounts");
  EXPECT_EQ(settings->text("submission.sender"), "own");
  EXPECT_EQ(settings->number("mxsend.port"), 25U);
  EXPECT_EQ(settings->number("spool.inline-max"), 256U << 10);
  EXPECT_DOUBLE_EQ(settings->part("spool.disk-reserve"), 0.05);
  EXPECT_EQ(settings->list("smtpd.listen"), SettingsTexts());
  EXPECT_EQ(settings->text("authd.socket"), "/h/run/authd.sock");
  EXPECT_EQ(settings->list("local.listen"), SettingsTexts{"unix:/h/run/submit.sock"});
  EXPECT_EQ(settings->list("authd.mechanisms"),
            (SettingsTexts{"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}));
}

TEST(SettingsTable, NamesVariablesAfterSettings) {
  EXPECT_EQ(environment_name("smtpd.message-size-max"), "TUBEPOST_SMTPD_MESSAGE_SIZE_MAX");
  EXPECT_EQ(section_of(*find_setting("smtpd.message-size-max")), "smtpd");
  EXPECT_EQ(key_of(*find_setting("smtpd.message-size-max")), "message-size-max");
}

// ---- one rule for values

struct ValueCase {
  const char *name, *text;
  bool right;
  const char* why;
};
class ValueTest : public testing::TestWithParam<ValueCase> {};
TEST_P(ValueTest, IsHeldAgainstItsRow) {
  const auto& [name, text, right, why] = GetParam();
  const auto wrong = wrong_with(*find_setting(name), text);
  EXPECT_EQ(!wrong.has_value(), right) << name << " = " << text << ": " << why << ": " << wrong.value_or("");
}
INSTANTIATE_TEST_SUITE_P(Ranges, ValueTest,
                         testing::Values(ValueCase{"smtpd.connections", "9", false, "L2: at least 10"},
                                         ValueCase{"smtpd.connections", "10", true, "the least"},
                                         ValueCase{"smtpd.connections", "100000", true, "larger is allowed"},
                                         ValueCase{"smtpd.connections", "0", false, "0 is not unlimited"},
                                         ValueCase{"smtpd.connections-per-address", "0", false, "L3"},
                                         ValueCase{"smtpd.connections-per-address", "1", true, "L3"},
                                         ValueCase{"smtpd.recipients-max", "99", false, "L10"},
                                         ValueCase{"smtpd.recipients-max", "100", true, "L10"},
                                         ValueCase{"smtpd.data-line-max", "1023", false, "L11"},
                                         ValueCase{"smtpd.data-line-max", "1024", true, "L11"},
                                         ValueCase{"smtpd.data-line-max", "1000000", true, "L11"},
                                         ValueCase{"smtpd.data-line-max", "1000001", false, "L11"},
                                         ValueCase{"smtpd.message-size-max", "65535", false,
                                                   "RFC 5321 4.5.3.1.7: at least 64 KiB"},
                                         ValueCase{"smtpd.message-size-max", "64K", true, "the least"},
                                         ValueCase{"qrun.outgoing-connections", "0", false, "L4"},
                                         ValueCase{"popd.idle-timeout", "9m", false,
                                                   "RFC 1939 3: ten minutes"},
                                         ValueCase{"popd.idle-timeout", "10m", true, "the least"}));
INSTANTIATE_TEST_SUITE_P(
    Kinds, ValueTest,
    testing::Values(ValueCase{"smtpd.connections", "20K", false, "a number is no size"},
                    ValueCase{"smtpd.connections", "", false, "nothing"},
                    ValueCase{"smtpd.validate", "true", false, "yes or no"},
                    ValueCase{"smtpd.validate", "yes", true, "yes"},
                    ValueCase{"smtpd.require-reverse-dns", "exists", true, "a choice"},
                    ValueCase{"smtpd.require-reverse-dns", "maybe", false, "no choice"},
                    ValueCase{"submission.authentication", "fixed:/etc/x", true, "with a file"},
                    ValueCase{"smtpd.relay-recipients", "", true, "no command: nobody is asked"},
                    ValueCase{"submission.authentication", "fixed:", false, "without a file"},
                    ValueCase{"submission.authentication", "fixed:FILE", true, "a file of that name"},
                    ValueCase{"submission.authentication", "fixed", false, "without a file"},
                    ValueCase{"spool.disk-reserve", "0%", true, "nothing"},
                    ValueCase{"spool.disk-reserve", "5", false, "no percent sign"},
                    ValueCase{"spool.disk-reserve", "100%", false, "everything"},
                    ValueCase{"qrun.retry", "5m 1h", true, "times"},
                    ValueCase{"qrun.retry", "5m,1h", false, "commas"},
                    ValueCase{"authd.mechanisms", "PLAIN", true, "a known word"},
                    ValueCase{"authd.mechanisms", "PLAIN FOO", false, "an unknown word"},
                    ValueCase{"smtpd.filter", "a \"b", false, "an open quotation mark"},
                    ValueCase{"server.hostname", "a\nb", false, "a control character"}));
INSTANTIATE_TEST_SUITE_P(Addresses, ValueTest,
                         testing::Values(ValueCase{"smtpd.listen", "", true, "off"},
                                         ValueCase{"smtpd.listen", "127.0.0.1:2025", true, "v4"},
                                         ValueCase{"smtpd.listen", "[::1]:2025", true, "v6"},
                                         ValueCase{"smtpd.listen", "::1", true, "bare v6"},
                                         ValueCase{"smtpd.listen", "[::1]", true, "v6 without port"},
                                         ValueCase{"smtpd.listen", "localhost:25", true, "a host"},
                                         ValueCase{"smtpd.listen", "unix:run/x", true, "a socket"},
                                         ValueCase{"smtpd.listen", "1.2.3.4:25, [::1]:25", true, "two"},
                                         ValueCase{"smtpd.listen", "1.2.3.4:25,", false, "an empty one"},
                                         ValueCase{"smtpd.listen", "unix:", false, "no path"},
                                         ValueCase{"smtpd.listen", ":25", false, "no host"},
                                         ValueCase{"smtpd.listen", "1.2.3.4:65536", false, "no such port"},
                                         ValueCase{"smtpd.listen", "1.2.3.4:smtp", false, "a name"},
                                         ValueCase{"smtpd.listen", "[::1:25", false, "an open bracket"},
                                         ValueCase{"smtpd.listen", "[1.2.3.4]:25", false,
                                                   "brackets are for v6"},
                                         ValueCase{"smtpd.listen", "a b:25", false, "a blank"}));
INSTANTIATE_TEST_SUITE_P(
    RangeLists, ValueTest,
    testing::Values(ValueCase{"smtpd.trusted", "192.0.2.1, 10.0.0.0/8, 192.0.2.1-192.0.2.9, 2001:db8::/32",
                              true, "each form"},
                    ValueCase{"smtpd.trusted", "10.0.0.0/33", false, "33 bits"},
                    ValueCase{"smtpd.trusted", "2001:db8::/129", false, "129 bits"},
                    ValueCase{"smtpd.trusted", "192.0.2.9-192.0.2.1", false, "backwards"},
                    ValueCase{"smtpd.trusted", "192.0.2.1-::1", false, "two families"},
                    ValueCase{"smtpd.trusted", "localhost", false, "a name"},
                    ValueCase{"smtpd.trusted", "192.0.2", false, "three parts"},
                    ValueCase{"smtpd.trusted", "/8", false, "no address"}));

// ---- precedence

TEST(Settings, ComeFromTheHighestSource) {
  Configuration configuration;
  const auto found = [&] {
    const auto settings = configuration.load().settings;
    return std::to_string(settings->number("popd.connections")) + ' ' +
           std::string(to_string(settings->source("popd.connections"))) + ' ' +
           settings->where("popd.connections");
  };
  EXPECT_EQ(found(), "100 default default");
  configuration.file("[popd]\nconnections = 11\n");
  EXPECT_EQ(found(), "11 file tubepost.conf:2");
  configuration.environment("TUBEPOST_POPD_CONNECTIONS=12");
  EXPECT_EQ(found(), "12 environment environment TUBEPOST_POPD_CONNECTIONS");
  configuration.argument("popd.connections", "13");
  EXPECT_EQ(found(), "13 command line --popd-connections");
}

TEST(Settings, ThatMayRepeatAreTakenWholeFromTheHighestSource) {
  Configuration configuration;
  const auto found = [&] { return configuration.load().settings->list("smtpd.filter"); };
  EXPECT_EQ(found(), SettingsTexts());
  configuration.file("[smtpd]\nfilter = a b\nfilter = c\n");
  EXPECT_EQ(found(), (SettingsTexts{"a b", "c"}));
  configuration.environment("TUBEPOST_SMTPD_FILTER=d\ne f\n");
  EXPECT_EQ(found(), (SettingsTexts{"d", "e f"}));
  configuration.argument("smtpd.filter", "g").argument("smtpd.filter", "h");
  EXPECT_EQ(found(), (SettingsTexts{"g", "h"}));
}

TEST(Settings, AreSwitchedOffByAnEmptyValueOfAHigherSource) {
  const auto loaded = Configuration()
                          .file("[popd]\nlisten = 127.0.0.1:2110\n[smtpd]\nlisten =\n")
                          .environment("TUBEPOST_POPD_LISTEN=")
                          .load();
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->list("popd.listen"), SettingsTexts());
  EXPECT_EQ(loaded.settings->source("popd.listen"), Source::environment);
  EXPECT_EQ(loaded.settings->source("smtpd.listen"), Source::file);
}

TEST(Settings, HavePathsBelowHome) {
  const auto settings = Configuration()
                            .file(
                                "[tls]\nkey = /abs/key\n[lmtp]\nlisten = unix:run/x, unix:/abs/y, 1.2.3.4:5\n"
                                "[submission]\nauthentication = fixed:secrets/user\n")
                            .load()
                            .settings;
  EXPECT_EQ(settings->text("tls.certificate"), "/home/of/it/tls/certificate.pem");
  EXPECT_EQ(settings->text("tls.key"), "/abs/key");
  EXPECT_EQ(settings->text("tls.ca-file"), "");
  EXPECT_EQ(settings->list("lmtp.listen"), (SettingsTexts{"unix:/home/of/it/run/x", "unix:/abs/y", "1.2.3.4:5"}));
  EXPECT_EQ(settings->text("submission.authentication"), "fixed:/home/of/it/secrets/user");
  EXPECT_EQ(settings->path("spool"), "/home/of/it/spool");
}

TEST(Settings, ShowWhereTheyDiffer) {
  const auto old = defaults("/h"), changed = Configuration().file("[popd]\nconnections=11\n").load().settings;
  EXPECT_EQ(changed->differences(*old), std::vector<std::string_view>{"popd.connections"});
  EXPECT_TRUE(old->differences(*defaults("/elsewhere")).empty());
}

TEST(SettingsDeathTest, AskedForByAWrongNameOrKindAreABug) {
  const auto settings = defaults("/h");
  EXPECT_DEATH((void)settings->text("smtpd.no-such"), "");
  EXPECT_DEATH((void)settings->number("smtpd.validate"), "");
  EXPECT_DEATH((void)settings->flag("smtpd.connections"), "");
}

// ---- the file

TEST(ConfigurationFile, CommentsBeginALineOrFollowABlank) {
  const auto settings = Configuration()
                            .file(
                                "# first\n  # second\n[server]\nhostname = a#b  # third\n"
                                "[smtpd]\nfilter = x # y\nfilter = z\t# w\n")
                            .load()
                            .settings;
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->text("server.hostname"), "a#b");
  EXPECT_EQ(settings->list("smtpd.filter"), (SettingsTexts{"x", "z"}));
}

TEST(ConfigurationFile, MayNameTheSectionInTheKeyAndEndItsLinesByCrlf) {
  const auto settings =
      Configuration().file("popd.connections=11\r\n[ server ]\r\nhostname=h\r\n").load().settings;
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->number("popd.connections"), 11U);
  EXPECT_EQ(settings->text("server.hostname"), "h");
}

TEST(ConfigurationFile, KeepsEqualsSignsAndBracketsOfAValue) {
  const auto settings = Configuration()
                            .file("[smtpd]\ndnsbl = zen.example=127.0.0.2;reject\nlisten = [::1]:25\n")
                            .load()
                            .settings;
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->list("smtpd.dnsbl"), SettingsTexts{"zen.example=127.0.0.2;reject"});
  EXPECT_EQ(settings->list("smtpd.listen"), SettingsTexts{"[::1]:25"});
}

TEST(ConfigurationFile, HasAllItsProblemsReportedWithTheirLines) {
  const Configuration configuration = Configuration().file(
      "[popd]\n"
      "connections = 5\n"
      "maxsize = 1\n"
      "junk\n"
      "[bogus]\n"
      "anything = 1\n"
      "[server]\n"
      "hostname = a\n"
      "hostname = b\n"
      "[open\n"
      "[]\n");
  EXPECT_EQ(configuration.problems(),
            "tubepost.conf:2: popd.connections = 5: needs at least 10\n"
            "tubepost.conf:3: unknown setting 'popd.maxsize'\n"
            "tubepost.conf:4: not 'key = value': junk\n"
            "tubepost.conf:5: unknown section 'bogus'\n"
            "tubepost.conf:9: server.hostname is set twice, first at tubepost.conf:8\n"
            "tubepost.conf:10: not '[section]': [open\n"
            "tubepost.conf:11: not '[section]': []\n");
  EXPECT_EQ(configuration.load().settings, nullptr);
}

TEST(ConfigurationFile, WithAControlCharacterIsRefused) {
  EXPECT_EQ(Configuration()
                .file(std::string("[server]\nhostname = a\x01"
                                  "b\n") +
                      "postmaster = a\0\n")
                .problems()
                .find("tubepost.conf:2: has a control character in it"),
            0U);
  EXPECT_NE(Configuration().file("[server]\nhostname = a\x1b[2J\n").problems(), "");
}

TEST(ConfigurationFile, ThatIsNamedHasToExist) {
  const Inputs named{"/nonexistent", "/nonexistent/other.conf", {}, nullptr};
  ASSERT_EQ(load(named).problems.size(), 1U);
  const Inputs unnamed{"/nonexistent", "", {}, nullptr};
  EXPECT_TRUE(load(unnamed).problems.empty());
}

TEST(Environment, ProblemsNameTheVariable) {
  EXPECT_EQ(
      Configuration().environment("TUBEPOST_SMTPD_CONNECTIONS=12k").environment("TUBEPOST_X=1").problems(),
      "environment TUBEPOST_SMTPD_CONNECTIONS: smtpd.connections = 12k: needs a number\n");
}

TEST(Problems, OfAllSourcesAreReportedAtOnce) {
  EXPECT_EQ(split(Configuration()
                      .file("[popd]\nx=1\n")
                      .environment("TUBEPOST_SMTPD_VALIDATE=1")
                      .argument("popd.workers", "0")
                      .problems(),
                  '\n')
                .size(),
            3U + 1U);
}

// ---- as text

TEST(Defaults, WrittenAsTextAreAllCommentedOutAndComplete) {
  const auto text = defaults_as_text();
  const auto loaded = Configuration().file(text).load();
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->source("smtpd.connections"), Source::fallback);
  // With the comment signs before the keys taken away it is a file that sets every setting to its default.
  std::string active;
  for (const auto line : split(text, '\n'))
    active += std::string(line.starts_with('#') && !line.starts_with("# ") ? line.substr(1) : line) + '\n';
  const Configuration whole = Configuration().file(active);
  EXPECT_EQ(whole.problems(), "");
  const auto settings = whole.load().settings;
  for (const Setting& row : all_settings()) EXPECT_EQ(settings->source(row.name), Source::file) << row.name;
  EXPECT_TRUE(settings->differences(*defaults("/h")).empty());
}

TEST(Warnings, AreGivenForWhatIsDangerous) {
  EXPECT_TRUE(warnings(*defaults("/h")).empty());
  const auto said = [](const std::string& text) {
    const auto all = warnings(*Configuration().file(text).load().settings);
    return all.empty() ? std::string() : all.front().where + ": " + all.front().text;
  };
  EXPECT_EQ(said("[smtpd]\nvalidate = no\n"),
            "tubepost.conf:2: smtpd.validate: no: corrupt messages are accepted");
  EXPECT_NE(said("[smtpd]\ntrusted = 0.0.0.0/0\n").find("open relay"), std::string::npos);
  EXPECT_NE(said("[submission]\nlisten = 1.2.3.4:587\nauthentication = off\n").find("only trusted"),
            std::string::npos);
  EXPECT_NE(said("[smtpd]\nlisten = 127.0.0.1:2025\n").find("port 25"), std::string::npos);
  EXPECT_EQ(said("[smtpd]\nlisten = 127.0.0.1:25\n"), "");
  for (const Setting& row : all_settings()) {  // whichever there is
    if (!row.not_yet || row.kind != Kind::text) continue;
    const auto name = std::string(row.name);
    EXPECT_EQ(said('[' + std::string(section_of(row)) + "]\n" + std::string(key_of(row)) + " = x.test\n"),
              "tubepost.conf:2: " + name + ": has no effect in this version");
  }
}

}  // namespace
}  // namespace tubepost::config
