// The client's side of IMAP (RFC 9051, RFC 3501), as much as it takes to test a server: log in, select, search, fetch,
// append, over a stream; straight-line and blocking. Each step is one function that says what the server said.
//
// A Failure is a conversation that cannot go on: the server does not speak IMAP. The end of the stream comes as its
// exceptions (net/stream.h), and so does a server that takes longer than its time for a whole answer, or sends
// more than was allowed for it. Lines, literals and their counts are bounded. Threading: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/line_stream.h"
#include "net/metered_stream.h"

namespace tubepost::imap {

inline constexpr std::size_t answer_line_max = 64 << 10;
inline constexpr std::size_t answer_literals_max = 1000;  // of one response
inline constexpr std::size_t answer_responses_max = 100'000;

struct ClientOptions {
  std::chrono::milliseconds answer = std::chrono::minutes(2);  // for a whole answer, however long it is
  std::chrono::milliseconds logout = std::chrono::seconds(5);
  std::size_t content_max = 64 << 20;  // of one answer, literals included
};

// One response that is not tagged: "* " is gone, "{n}" stands where literals were.
struct Response {
  std::string text;
  std::vector<std::string> literals;
};

struct Answer {
  enum class Status { ok, no, bad, bye, preauth } status = Status::bad;
  std::string code;  // what stood in brackets: "UNAVAILABLE", "CAPABILITY IMAP4rev1 …"
  std::string text;
  std::vector<Response> untagged;
  bool ok() const { return status == Status::ok || status == Status::preauth; }
};
std::string_view to_text(Answer::Status status);  // "OK"

class Client {
public:
  explicit Client(net::Stream& stream, ClientOptions options = {});

  Result<Answer> greeting();
  Result<Answer> command(const std::string& line);  // without its tag
  // As above; before each further piece the one before it goes as a literal: {"LOGIN ", user, " ", password}.
  Result<Answer> command_in_pieces(const std::vector<std::string>& pieces);

  Result<Answer> ask_capabilities();
  // As last told, by CAPABILITY or a code, capitals.
  const std::vector<std::string>& capabilities() const { return capabilities_; }
  bool has_capability(std::string_view name) const;

  Result<Answer> start_tls();  // OK: shake hands over the stream, then
  // What was said before counts no more (RFC 9051 6.2.1). A Failure: more than the answer came in clear text.
  Result<void> replace_stream(net::Stream& stream);

  Result<Answer> login(const std::string& user, const std::string& password);
  using Respond = std::function<Result<std::string>(std::string_view challenge)>;
  // RFC 9051 6.2.2; an initial response (RFC 4959) goes with the command where the server takes it.
  Result<Answer> authenticate(const std::string& mechanism, const std::optional<std::string>& initial,
                              const Respond& respond);
  void logout() noexcept;

private:
  // What the server says next: a response, or its wish for more ("+ text").
  struct Said {
    enum class Kind { untagged, tagged, more } kind = Kind::untagged;
    Response response;
  };
  Result<Said> read_said();
  Result<std::string> read_literal(std::string_view line);
  // Until the tagged response; nullopt: until "+" where `more` takes its text.
  Result<std::optional<Answer>> read_until_done(Answer& answer, std::string* more);
  Answer finish(Answer answer, std::string_view status_line);
  void learn(const Answer& answer);
  std::string next_tag();

  ClientOptions options_;
  std::unique_ptr<net::MeteredStream> meter_;
  net::LineStream lines_;
  std::vector<std::string> capabilities_;
  unsigned count_ = 0;
  std::string tag_;
};

}  // namespace tubepost::imap
