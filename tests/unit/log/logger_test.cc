#include "log/logger.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/file.h"
#include "base/text.h"

namespace tubepost::log {
namespace {

using namespace std::literals;

// What `write` makes a logger say.
template <class Write>
std::string said_by(Level least, Format format, Write write) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  write(Logger("smtpd", least, format, write_end.get()));
  write_end.reset();
  return *read_all(read_end.get(), 1 << 20);
}

TEST(Logger, WritesLogfmt) {
  EXPECT_EQ(said_by(Level::info, Format::logfmt,
                    [](const Logger& logger) {
                      logger.info("accepted", {{"id", "abc"}, {"size", 1024}, {"tls", true}, {"from", ""}});
                    }),
            "level=info service=smtpd event=accepted id=abc size=1024 tls=yes from=\"\"\n");
}

TEST(Logger, WritesJson) {
  EXPECT_EQ(said_by(Level::info, Format::json,
                    [](const Logger& logger) {
                      logger.warning("x", {{"size", -1}, {"text", "say \"hi\" \\"}});
                    }),
            "{\"level\":\"warning\",\"service\":\"smtpd\",\"event\":\"x\",\"size\":-1,\"text\":\"say "
            "\\\"hi\\\" \\\\\"}\n");
}

TEST(Logger, LeavesOutWhatIsBelowItsLevel) {
  EXPECT_EQ(said_by(Level::warning, Format::logfmt,
                    [](const Logger& logger) {
                      logger.debug("a");
                      logger.info("b");
                      logger.warning("c");
                      logger.error("d");
                    }),
            "level=warning service=smtpd event=c\nlevel=error service=smtpd event=d\n");
}

TEST(Logger, KeepsAnEventOnOneLineWhateverTheValue) {
  for (const auto format : {Format::logfmt, Format::json}) {
    const auto line = said_by(Level::info, format, [](const Logger& logger) {
      logger.info("x", {{"helo", "a\r\nlevel=error\0\x1b[2J\xff"sv}, {"long", std::string(5000, 'x')}});
    });
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(line.find_first_of(std::string_view("\r\0\x1b\xff", 4)), std::string::npos);
    EXPECT_LT(line.size(), 1300U);
  }
}

TEST(Logger, QuotesWhatWouldLookLikeAnotherField) {
  EXPECT_EQ(said_by(Level::info, Format::logfmt,
                    [](const Logger& logger) {
                      logger.info("x", {{"a", "1 b=2"}, {"c", "\" d=\\"}});
                    }),
            "level=info service=smtpd event=x a=\"1 b=2\" c=\"\\\" d=\\\\\"\n");
}

TEST(Logger, WritesWholeLinesFromManyThreads) {
  const auto text = said_by(Level::info, Format::logfmt, [](const Logger& logger) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int j = 0; j < 50; ++j) logger.info("x");
      });
    for (auto& thread : threads) thread.join();
  });
  auto lines = split(text, '\n');
  lines.pop_back();
  EXPECT_EQ(lines.size(), 400U);
  for (const auto line : lines) EXPECT_EQ(line, "level=info service=smtpd event=x");
}

TEST(Logger, DropsWhatCannotBeWritten) {
  Logger("smtpd", Level::info, Format::logfmt, -1).info("x");  // and does not fail
}

}  // namespace
}  // namespace tubepost::log
