#include "avscan-wrap/options.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace tubepost::avscan {
namespace {

Options options_of(const std::string& line) {
  auto options = parse_options(*split_command(line));
  EXPECT_TRUE(options) << line << ": " << (options ? "" : options.error().text);
  return options ? *options : Options{};
}

std::string wrong_with(const std::string& line) {
  const auto options = parse_options(*split_command(line));
  return options ? "" : options.error().text;
}

// V5, to the letter.
TEST(Presets, AreCalledAsTheirScannersWant) {
  struct Row {
    const char *preset, *command;
    Judge judge;
    Scope scope;
    std::set<int> infected;
  };
  const Row rows[] = {
      {"clamscan", "clamscan --stdout --infected --no-summary %f", Judge::codes, Scope::message, {1}},
      {"clamdscan",
       "clamdscan --fdpass --stdout --infected --no-summary %f",
       Judge::codes,
       Scope::message,
       {1}},
      {"clamd", "", Judge::socket, Scope::message, {}},
      {"f-prot",
       "f-prot /AUTO /DISINF /DELETE /NOBOOT /NOMEM /SILENT %f",
       Judge::codes,
       Scope::message,
       {3, 6}},
      {"etrust", "inocucmd -ENG Ino -ARC -ACT Delete %f", Judge::codes, Scope::parts, {101}},
      {"norton", "navdx %f /M- /B- /NORESULTS", Judge::change, Scope::parts, {}},
      {"nod32", "nod32 /heur+ /delete+ /prompt- /quit+ %f", Judge::change, Scope::message, {}}};
  ASSERT_EQ(std::size(rows), all_presets().size());
  for (const Row& row : rows) {
    const Options options = options_of(std::string("--preset ") + row.preset);
    EXPECT_EQ(join(options.command, " "), row.command);
    EXPECT_EQ(options.judge, row.judge) << row.preset;
    EXPECT_EQ(options.scope, row.scope) << row.preset;
    EXPECT_EQ(options.infected_codes, row.infected) << row.preset;
  }
}

TEST(Presets, LoseTheirQuietOptionsWithDebug) {
  EXPECT_EQ(join(options_of("--preset f-prot --debug").command, " "),
            "f-prot /AUTO /DISINF /DELETE /NOBOOT /NOMEM %f");
  EXPECT_EQ(join(options_of("--debug --preset norton").command, " "), "navdx %f /M- /B-");
}

TEST(Presets, CanBeChangedByWhatElseIsGiven) {
  const Options options = options_of("--scope both --infected-codes 7,8 --preset clamscan");
  EXPECT_EQ(options.scope, Scope::both);
  EXPECT_EQ(options.infected_codes, (std::set<int>{7, 8}));
  EXPECT_EQ(join(options_of("--preset clamscan -- --database=/x").command, " "),
            "clamscan --stdout --infected --no-summary --database=/x %f");
  EXPECT_EQ(join(options_of("--preset clamscan -- /opt/scan -x %f").command, " "), "/opt/scan -x %f");
  EXPECT_EQ(options_of("--scanner /opt/nod32 --preset nod32").command.front(), "/opt/nod32");
}

TEST(Options, DescribeAnyScanner) {
  const Options options =
      options_of("--infected-codes 3,6 --error-codes 2 --timeout 5m --max-memory 512M -- scan -q %f");
  EXPECT_EQ(join(options.command, " "), "scan -q %f");
  EXPECT_EQ(options.infected_codes, (std::set<int>{3, 6}));
  EXPECT_EQ(options.error_codes, (std::set<int>{2}));
  EXPECT_EQ(options.timeout, std::chrono::minutes(5));
  EXPECT_EQ(options.limits.memory, 512ULL << 20);
  EXPECT_TRUE(options.reads_file());
  EXPECT_FALSE(options_of("-- scan -").reads_file());
  EXPECT_EQ(options_of("-- scan -").infected_codes, std::set<int>{1});
}

TEST(Options, AreRefusedWithAReason) {
  struct Row {
    const char *line, *reason;
  };
  const Row rows[] = {{"", "no scanner"},
                      {"--preset nothing", "--preset needs a preset"},
                      {"--infected-codes 1,x -- scan", "exit statuses"},
                      {"--infected-codes 256 -- scan", "exit statuses"},
                      {"--scope all -- scan", "--scope needs one of message parts both"},
                      {"--on-virus keep -- scan", "--on-virus needs one of"},
                      {"--timeout 0 -- scan", "--timeout needs a time"},
                      {"--debug=yes -- scan", "takes no value"},
                      {"--quarantine", "needs a value"},
                      {"--by-change -- scan", "given a file"},
                      {"--preset clamd -- scan %f", "asked by its socket"},
                      {"--clamd tcp:1", "--clamd needs"},
                      {"--listen unix:/x --preset clamscan", "with clamd only"},
                      {"scan %f", "unexpected: scan"},
                      {"--unknown", "unknown option --unknown"},
                      {"quarantine empty", "has no command empty"},
                      {"quarantine release", "needs an ID"},
                      {"quarantine list x", "takes no operand"}};
  for (const Row& row : rows)
    EXPECT_NE(wrong_with(row.line).find(row.reason), std::string::npos)
        << row.line << ": " << wrong_with(row.line);
}

TEST(Options, NameTheCommandsOfTheQuarantine) {
  const Options options = options_of("quarantine release abc x@example.test --quarantine /q");
  EXPECT_EQ(options.mode, Mode::release);
  EXPECT_EQ(join(options.operands, " "), "abc x@example.test");
  EXPECT_EQ(options.quarantine, "/q");
}

TEST(VirusName, IsFoundWhereTheScannerTellsIt) {
  struct Row {
    const char *output, *before, *after, *name;
  };
  const Row rows[] = {{"/x: Eicar-Test FOUND\n", ": ", " FOUND", "Eicar-Test"},
                      {"/x: OK\r\n/y: Worm.A FOUND\r\n", ": ", " FOUND", "Worm.A"},
                      {"a: b FOUND: OK\n", ": ", " FOUND", ""},
                      {"/x  Infection: W32/Klez.H\n", "Infection: ", "", "W32/Klez.H"},
                      {"Infection:\n", "Infection: ", "", ""},
                      {"x\x1b[2J: N\x07 FOUND", ": ", " FOUND", "N\\x07"},
                      {"x: y FOUND", "", "", ""}};
  for (const Row& row : rows)
    EXPECT_EQ(virus_name_in(row.output, row.before, row.after), row.name) << row.output;
  EXPECT_LE(virus_name_in(": " + std::string(5000, 'a') + " FOUND", ": ", " FOUND").size(), virus_name_max);
}

}  // namespace
}  // namespace tubepost::avscan
