#include "deliver/head.h"

#include <gtest/gtest.h>

namespace tubepost::deliver::test {
namespace {

Job job_for(std::string mailbox) {
  Job job;
  job.mailbox = std::move(mailbox);
  job.sender = "s@remote.example";
  return job;
}

TEST(Head, HasReturnPathAndDeliveredTo) {
  EXPECT_EQ(make_head(job_for("bob@example.test"), "+"),
            "Return-Path: <s@remote.example>\r\nDelivered-To: bob@example.test\r\n");
}

TEST(Head, NamesTheOriginalAddressWhereItDiffers) {
  auto job = job_for("bob@example.test");
  job.original = "team@example.test";
  EXPECT_NE(make_head(job, "+").find("\r\nX-Original-To: team@example.test\r\n"), std::string::npos);
  job.original = "BOB@example.test";
  EXPECT_EQ(make_head(job, "+").find("X-Original-To"), std::string::npos);
}

TEST(Head, AddsADetailWithTheSeparatorOfTheHouse) {
  auto job = job_for("bob@example.test");
  job.detail = "x";
  EXPECT_NE(make_head(job, "-").find("X-Original-To: bob-x@example.test\r\n"), std::string::npos);
}

TEST(Head, NothingInAJobAddsALine) {
  auto job = job_for("bob@example.test\r\nX-Evil: 1");
  job.sender = std::string("a\nb\0c", 5);
  job.original = "x\r\n\r\nbody";
  const auto head = make_head(job, "+");
  EXPECT_EQ(std::count(head.begin(), head.end(), '\n'), 3);
  EXPECT_EQ(head.find('\0'), std::string::npos);
}

TEST(WasDeliveredTo, LooksAtTheHeaderOnly) {
  struct Case {
    const char *message, *why;
    bool expected;
  };
  const Case cases[] = {
      {"Delivered-To: bob@example.test\r\n\r\nx", "as we write it", true},
      {"A: b\r\nDELIVERED-TO:\tBob@Example.Test \r\n\r\nx", "names and domains have no case", true},
      {"A: b\nDelivered-To: bob@example.test", "LF, and no end", true},
      {"A: b\r\n\r\nDelivered-To: bob@example.test\r\n", "in the body it says nothing", false},
      {"Delivered-To: bob@example.test.other\r\n\r\n", "another address", false},
      {"X-Delivered-To: bob@example.test\r\n\r\n", "another field", false},
      {"Delivered-To: alice@example.test\r\n\r\n", "another mailbox", false},
      {"", "nothing", false},
      {"\r\n", "no header", false},
  };
  for (const auto& one : cases)
    EXPECT_EQ(was_delivered_to(one.message, "bob@example.test"), one.expected) << one.why;
}

}  // namespace
}  // namespace tubepost::deliver::test
