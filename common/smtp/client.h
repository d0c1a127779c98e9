// The client's side of SMTP and LMTP (RFC 5321, RFC 2033) over a stream: straight-line and blocking. Each
// step is one function that says what the server said; what it means is the caller's matter.
//
//   Client client(stream, {"mx.example.test"});
//   auto greeting = client.greeting();   … client.hello();   … client.start_tls();   client.replace_stream(tls);
//   Sent sent;   client.send(letter, going_on, sent);   … client.quit();
//
// A Result's Failure is a conversation that cannot go on: the server does not speak SMTP. The end of the
// stream comes as its exceptions (net/stream.h), and so does a server that takes longer than RFC 5321 4.5.3.2
// allows for a whole reply, however many bytes it sends meanwhile. Replies are bounded (reply_parser.h).
// Nothing that is sent can hold a line end it should not: addresses are checked. Threading: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/line_stream.h"
#include "net/metered_stream.h"
#include "smtp/extensions.h"
#include "smtp/reply.h"

namespace tubepost::smtp {

struct ClientTimeouts {  // RFC 5321 4.5.3.2
  std::chrono::milliseconds greeting = std::chrono::minutes(5);
  std::chrono::milliseconds command = std::chrono::minutes(5);
  std::chrono::milliseconds data = std::chrono::minutes(2);
  std::chrono::milliseconds block = std::chrono::minutes(3);
  std::chrono::milliseconds final_dot = std::chrono::minutes(10);
  std::chrono::milliseconds quit = std::chrono::seconds(3);  // shorter: the mail is through, others wait
};

struct ClientOptions {
  std::string hostname;  // ours, for EHLO; an address literal where there is none
  bool lmtp = false;
  ClientTimeouts timeouts{};
};

struct LetterRecipient {
  std::string address;  // as RCPT has it, without <>
  std::string notify;   // RFC 3461 4.1; empty: none
  std::string orcpt;    // RFC 3461 4.2, xtext encoded; empty: none
};

// One transaction. What the server has not announced is not sent: DSN parameters are then dropped, the others
// must not be asked for.
struct Letter {
  std::string sender;
  std::vector<LetterRecipient> recipients;
  std::optional<std::string> envid;  // decoded
  std::string ret;                   // "", "FULL", "HDRS"
  std::string by;                    // RFC 2852 4, "120;R"; empty: none
  bool eight_bit = false;            // BODY=8BITMIME
  bool binary = false;               // BODY=BINARYMIME: by BDAT
  bool smtputf8 = false, require_tls = false;
  bool by_chunks = false;    // BDAT in place of DATA, where the server takes it: what has bare CR or LF
  std::string_view content;  // CRLF line ends
};

struct Sent {
  std::optional<Reply> mail;      // nullopt: never answered
  std::vector<Reply> recipients;  // as many as were answered
  std::optional<Reply> data;      // 354, or why not; BDAT: none
  // What became of it: one reply; LMTP: one for each accepted recipient, in order. Empty: nothing was sent.
  std::vector<Reply> content;
};

class Client {
public:
  Client(net::Stream& stream, ClientOptions options);
  ~Client();

  Result<Reply> greeting();
  // EHLO, and HELO where that is not understood (RFC 5321 3.2); LHLO. Fills extensions().
  Result<Reply> hello();
  const Extensions& extensions() const { return extensions_; }

  Result<Reply> start_tls();  // 220: shake hands over the stream, then
  // What was said before counts no more (RFC 3207 4.2): hello() again. A Failure: the server sent more than
  // its reply in clear text, an injection.
  Result<void> replace_stream(net::Stream& stream);

  // RFC 4954: `answer` makes the response to a (decoded) challenge, or fails, which cancels.
  using Respond = std::function<Result<std::string>(std::string_view challenge)>;
  Result<Reply> authenticate(const std::string& mechanism, const std::optional<std::string>& initial,
                             const Respond& respond);

  // `going_on` is called for each recipient that is answered, now and then while the content is sent, and once with true
  // before what completes it: it may throw to break off (the stream is then to be closed).
  using GoingOn = std::function<void(bool at_final_dot)>;
  // What was answered stands in `sent` however it ends, by an exception, too.
  Result<void> send(const Letter& letter, const GoingOn& going_on, Sent& sent);

  // Something was said that was not asked for: whatever is asked now, that would be taken for its answer.
  bool has_unread() const { return lines_.has_buffered_input(); }

  Result<Reply> command(const std::string& line);  // RSET, ETRN, VRFY …
  void quit() noexcept;                            // says QUIT, and does not wait long for the answer

private:
  Result<Reply> read_reply(std::chrono::milliseconds limit);
  Result<Reply> ask(const std::string& line, std::chrono::milliseconds limit);
  std::string mail_line(const Letter& letter) const;
  std::string rcpt_line(const LetterRecipient& recipient) const;
  Result<void> open(const Letter& letter, const GoingOn& going_on, Sent& sent, bool by_chunks);
  Result<void> read_envelope_replies(const Letter& letter, const GoingOn& going_on, Sent& sent);
  Result<void> open_in_steps(const Letter& letter, const GoingOn& going_on, Sent& sent, bool by_chunks);
  void write_by_dots(std::string_view content, const GoingOn& going_on);
  void write_chunk(std::string_view content, const GoingOn& going_on);
  Result<void> read_outcome(Sent& sent, std::size_t accepted);

  ClientOptions options_;
  std::unique_ptr<net::MeteredStream> meter_;
  net::LineStream lines_;
  Extensions extensions_;
};

}  // namespace tubepost::smtp
