#include "policy/filter_service.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "net/fd_stream.h"
#include "support/memory_stream.h"

namespace tubepost::policy {
namespace {

constexpr std::string_view message = "Subject: x\r\n\r\nhello\r\n";

// Serves one message by `answer`; what it was asked is in `request`.
class OneFilter {
public:
  explicit OneFilter(std::function<std::string(const FilterRequest&)> answer) : answer_(std::move(answer)) {
    path_ = "/tmp/unit-filter-" + std::to_string(::getpid()) + ".sock";
    ::unlink(path_.c_str());
    socket_.reset(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.get(), 5), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~OneFilter() {
    thread_.join();
    ::unlink(path_.c_str());
  }
  std::string command() const { return "unix:" + path_; }
  FilterRequest request;

private:
  void serve() {
    net::FdStream stream{UniqueFd(::accept(socket_.get(), nullptr, nullptr))};
    net::LineStream lines(stream);
    auto asked = read_filter_request(lines, 1 << 20);
    ASSERT_TRUE(asked);
    request = std::move(*asked);
    stream.write(answer_(request));
  }

  std::function<std::string(const FilterRequest&)> answer_;
  std::string path_;
  UniqueFd socket_;
  std::thread thread_;
};

struct Ran {
  Filtered filtered;
  std::string out;
};

Ran run(const std::vector<std::string>& texts) {
  FilterEnvelope envelope;
  envelope.sender = "a@example.test";
  envelope.recipients = {"b@example.test", "c@example.test"};
  envelope.auth_user = "a%\n";
  FilterOptions options;
  options.time_limit = std::chrono::seconds(20);
  Ran ran;
  ran.filtered = run_filters(*parse_filter_commands(texts), envelope, MessageSource::in_memory(message),
                             options, [&](std::string_view piece) { ran.out += piece; });
  return ran;
}

std::function<std::string(const FilterRequest&)> always(const std::string& answer) {
  return [answer](const FilterRequest&) { return answer; };
}

TEST(FilterService, IsToldTheMessageAndItsEnvelope) {
  FilterRequest asked;
  {
    OneFilter filter(always("status=0\n\n"));
    const Ran ran = run({filter.command()});
    EXPECT_EQ(ran.filtered.verdict, FilterVerdict::go_on) << ran.filtered.reason;
    EXPECT_FALSE(ran.filtered.changed);
    asked = filter.request;
  }
  EXPECT_EQ(asked.message, message);
  EXPECT_EQ(asked.variables["SENDER"], "a@example.test");
  EXPECT_EQ(asked.variables["RECIPIENTS"], "b@example.test\nc@example.test");
  EXPECT_EQ(asked.variables["AUTH_USER"], "a%\n");
}

TEST(FilterService, RefusesInItsOwnWords) {
  OneFilter filter(always("status=77\nreply=it holds a%0Avirus\n\n"));
  const Ran ran = run({filter.command()});
  EXPECT_EQ(ran.filtered.verdict, FilterVerdict::refuse);
  EXPECT_EQ(ran.filtered.reply, "it holds a");  // one line
}

TEST(FilterService, MayChangeTheMessage) {
  OneFilter filter(always("status=0\nsize=6\n\na: b\n\n"));
  const Ran ran = run({filter.command()});
  EXPECT_TRUE(ran.filtered.changed);
  EXPECT_EQ(ran.out, "a: b\r\n\r\n");
}

TEST(FilterService, ThatGivesTheSameMessageHasChangedNothing) {
  OneFilter filter(
      always("status=0\nsize=" + std::to_string(message.size()) + "\n\n" + std::string(message)));
  const Ran ran = run({filter.command()});
  EXPECT_FALSE(ran.filtered.changed);
  EXPECT_EQ(ran.out, "");
}

TEST(FilterService, ReadsATooLongMessageToItsEndSoThatItCanBeRefused) {
  const std::string head = "SENDER=a\nsize=";
  test_support::MemoryStream stream(head + "11\n\n" + std::string(11, 'x') + head + "10\n\n" +
                                    std::string(10, 'y'));
  net::LineStream lines(stream);
  const auto refused = read_filter_request(lines, 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, (EnhancedStatus{5, 3, 4}));
  EXPECT_EQ(refused.error().text, "longer than 10 bytes");
  const auto next = read_filter_request(lines, 10);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->message, "yyyyyyyyyy");
}

TEST(FilterService, StandsAmongPrograms) {
  FilterRequest asked;
  {
    OneFilter filter(always("status=0\nsize=6\n\na: c\n\n"));
    const Ran ran = run({"sed s/hello/there/", filter.command(), "cat", "sed s/c/d/"});
    EXPECT_EQ(ran.filtered.verdict, FilterVerdict::go_on) << ran.filtered.reason;
    EXPECT_EQ(ran.out, "a: d\r\n\r\n");
    asked = filter.request;
  }
  EXPECT_EQ(asked.message, "Subject: x\r\n\r\nthere\r\n");
}

TEST(FilterService, LeavesTheChangesOfThoseBeforeIt) {
  OneFilter filter(always("status=0\n\n"));
  EXPECT_EQ(run({"sed s/hello/there/", filter.command()}).out, "Subject: x\r\n\r\nthere\r\n");
}

TEST(FilterService, ThatDoesNotAnswerRightMeansLater) {
  for (const char* answer :
       {"", "status=0\n", "status=x\n\n", "hello\n\n", "status=0\nsize=99\n\nshort", "status=1\n\n",
        "status=0\nsize=99999999999\n\n", "status=0\nsize=3\n\n\n\n\n", "status=0\nreply=%\n\n"}) {
    OneFilter filter(always(answer));
    EXPECT_EQ(run({filter.command()}).filtered.verdict, FilterVerdict::later) << answer;
  }
  EXPECT_EQ(run({"unix:/no/such/filter"}).filtered.verdict, FilterVerdict::later);
  EXPECT_FALSE(parse_filter_commands({"unix:/x --option"}));
}

TEST(FilterRequest, ThatIsNoneIsRefused) {
  for (const char* text : {"", "size=3\n\nab", "size=3\n", "SENDER\nsize=0\n\n", "size=-1\n\n",
                           "size=2000000\n\n", "a=%zz\nsize=0\n\n"}) {
    test_support::MemoryStream stream{std::string(text)};
    net::LineStream lines(stream);
    EXPECT_FALSE(read_filter_request(lines, 1 << 20)) << text;
  }
}

}  // namespace
}  // namespace tubepost::policy
