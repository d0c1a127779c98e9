#include "dns/inquiry.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/text.h"

namespace tubepost::dns {
namespace {

using namespace std::chrono_literals;

// Says what it was asked, a line each time, and how an answer comes.
class Recorder : public Resolver {
public:
  AnyAnswer query(const std::string&, Type) override { return {}; }
  std::vector<AnyAnswer> query_all(const std::vector<Question>& questions,
                                   std::chrono::milliseconds limit) override {
    std::vector<AnyAnswer> answers;
    std::vector<std::string> names;
    for (const auto& question : questions) {
      names.push_back(question.name);
      answers.push_back({answer(question.name), false, question.name, {}, {}});
    }
    rounds.push_back(join(names, " "));
    limits.push_back(limit);
    return answers;
  }
  std::function<Kind(const std::string& name)> answer = [](const std::string&) { return Kind::ok; };
  std::vector<std::string> rounds;
  std::vector<std::chrono::milliseconds> limits;
};

TEST(Inquiry, WhatIsAddedIsAskedAtOnceAndOnce) {
  Recorder resolver;
  Inquiry inquiry(resolver);
  inquiry.ask();
  EXPECT_TRUE(resolver.rounds.empty());
  const auto end = Inquiry::Time::now() + 1h;
  inquiry.add({"a", Type::a}, end);
  const auto b = inquiry.add({"b", Type::txt}, end);
  inquiry.ask();
  const auto c = inquiry.add({"c", Type::a}, end);
  inquiry.ask();
  inquiry.ask();
  EXPECT_EQ(resolver.rounds, (std::vector<std::string>{"a b", "c"}));
  EXPECT_EQ(inquiry.take(c).name, "c");
  EXPECT_EQ(inquiry.take(b).name, "b");
}

TEST(Inquiry, OneThatHasMoreTimeThanTheOthersIsAskedAgainWhenTheirsIsOver) {
  Recorder resolver;
  resolver.answer = [&](const std::string& name) {
    return name == "fast" || resolver.rounds.size() == 1 ? Kind::ok : Kind::timeout;
  };
  Inquiry inquiry(resolver);
  const auto now = Inquiry::Time::now();
  inquiry.add({"fast", Type::a}, now + 1h);
  const auto lost = inquiry.add({"lost", Type::a}, now + 1h), late = inquiry.add({"late", Type::a}, now + 2h);
  inquiry.ask();
  EXPECT_EQ(resolver.rounds, (std::vector<std::string>{"fast lost late", "late"}));
  EXPECT_LE(resolver.limits[0], 1h);
  EXPECT_GT(resolver.limits[1], 1h);
  EXPECT_EQ(inquiry.take(lost).kind, Kind::timeout);
  EXPECT_EQ(inquiry.take(late).kind, Kind::ok);
}

TEST(Inquiry, NobodyIsWaitedForWhenTheTimeIsOver) {
  Recorder resolver;
  resolver.answer = [](const std::string&) { return Kind::timeout; };
  Inquiry inquiry(resolver);
  inquiry.add({"a", Type::a}, Inquiry::Time::now() - 1h);
  inquiry.add({"b", Type::a}, Inquiry::Time::now() - 2h);
  inquiry.ask();
  EXPECT_EQ(resolver.rounds, std::vector<std::string>{"a b"});
  EXPECT_EQ(resolver.limits[0], 0ms);
}

}  // namespace
}  // namespace tubepost::dns
