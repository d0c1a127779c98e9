// The client's side of POP3 (RFC 1939, RFC 2449 CAPA, RFC 2595 STLS, RFC 5034 AUTH) over a stream: straight-line and
// blocking. Each step is one function that says what the server said; what it means is the caller's matter.
//
// A Failure is a conversation that cannot go on: the server does not speak POP3. The end of the stream comes as its
// exceptions (net/stream.h), and so does a server that takes longer than its time for a whole answer, or sends
// more than was allowed for it. Nothing that is sent can hold a line end it should not. Threading: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/line_stream.h"
#include "net/metered_stream.h"

namespace tubepost::pop3 {

inline constexpr std::size_t answer_line_max = 4096;  // eight times what RFC 2449 4 allows

struct ClientOptions {
  std::chrono::milliseconds answer = std::chrono::minutes(2);  // for a whole answer, however long it is
  std::chrono::milliseconds quit = std::chrono::seconds(10);   // the server removes what was deleted
  std::size_t content_max = 64 << 20;                          // of one multi-line answer
};

struct Answer {
  bool ok = false;
  std::string text;                // behind +OK or -ERR
  std::vector<std::string> lines;  // of a multi-line answer that is no message
};

class Client {
public:
  explicit Client(net::Stream& stream, ClientOptions options = {});

  Result<Answer> greeting();
  Result<Answer> capabilities();  // CAPA: lines as "SASL PLAIN LOGIN"; not ok: an old server
  Result<Answer> start_tls();     // STLS; ok: shake hands over the stream, then
  // A Failure: the server sent more than its answer in clear text, an injection (RFC 2595 2.4 by RFC 3207 6).
  Result<void> replace_stream(net::Stream& stream);

  Result<Answer> login(const std::string& user,
                       const std::string& password);  // USER and PASS; the last answer
  // RFC 5034: `answer` makes the response to a (decoded) challenge, or fails, which cancels.
  using Respond = std::function<Result<std::string>(std::string_view challenge)>;
  Result<Answer> authenticate(const std::string& mechanism, const std::optional<std::string>& initial,
                              const Respond& respond);

  Result<Answer> command(const std::string& line);  // one line is answered: STAT, NOOP, DELE 1
  Result<Answer> list(const std::string& line);     // lines are: LIST, UIDL
  // A message: RETR 1, TOP 1 0. The answer's text is the content, CRLF line ends; not ok: what was said.
  Result<Answer> content(const std::string& line);
  void quit() noexcept;

private:
  Result<Answer> read_answer(std::chrono::milliseconds limit);
  Result<Answer> ask(const std::string& line, std::chrono::milliseconds limit);
  std::string read_content();

  ClientOptions options_;
  std::unique_ptr<net::MeteredStream> meter_;
  net::LineStream lines_;
};

}  // namespace tubepost::pop3
