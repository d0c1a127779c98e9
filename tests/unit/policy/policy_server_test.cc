#include "policy/policy_server.h"

#include <gtest/gtest.h>

#include "support/memory_stream.h"

namespace tubepost::policy {
namespace {

using test_support::MemoryStream;

const log::Logger logger("test", log::Level::error, log::Format::logfmt, -1);

ExitStatus serve(MemoryStream& stream) {
  return serve_requests(
      stream, [](const Record& request) { return "450 not " + std::string(request.value("recipient")); },
      logger);
}

TEST(PolicyServer, AnswersRequestAfterRequestUntilTheEnd) {
  MemoryStream stream("recipient=a\n\nrecipient=b\r\n\r\n");
  EXPECT_EQ(serve(stream), ExitStatus::ok);
  EXPECT_EQ(stream.output, "action=450 not a\n\naction=450 not b\n\n");
  EXPECT_TRUE(stream.closed);
}

TEST(PolicyServer, AnAnswerIsGivenBeforeTheNextRequestIsWaitedFor) {
  MemoryStream stream("recipient=a\n\n");
  stream.on_wait = [](MemoryStream& waiting) { EXPECT_EQ(waiting.output, "action=450 not a\n\n"); };
  serve(stream);
}

TEST(PolicyServer, WhatIsNoRequestOrSilenceEndsIt) {
  MemoryStream bad("recipient=a\n\nnonsense\n\nrecipient=b\n\n");
  EXPECT_EQ(serve(bad), ExitStatus::data);
  EXPECT_EQ(bad.output, "action=450 not a\n\n");
  MemoryStream silent("recipient=a\n\n", MemoryStream::AtEnd::timed_out);
  EXPECT_EQ(serve(silent), ExitStatus::ok);
  EXPECT_EQ(silent.output, "action=450 not a\n\n");
}

}  // namespace
}  // namespace tubepost::policy
