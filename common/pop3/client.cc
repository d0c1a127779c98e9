#include "pop3/client.h"

#include "base/base64.h"
#include "base/text.h"
#include "smtp/dot_stream.h"

namespace tubepost::pop3 {
namespace {

constexpr int challenges_max = 8;
constexpr std::size_t lines_max = 100'000;  // of a list

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

Client::Client(net::Stream& stream, ClientOptions options)
    : options_(options), meter_(std::make_unique<net::MeteredStream>(stream)), lines_(*meter_) {
  lines_.set_accept_lf(true);  // some servers; nothing is smuggled to who only reads answers
  meter_->set_time_limit(options_.answer);
}

Result<Answer> Client::read_answer(std::chrono::milliseconds limit) {
  meter_->allow(limit, options_.content_max);
  const auto line = lines_.read_line(answer_line_max);
  if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected();
  if (line.kind == net::LineStream::Line::Kind::too_long)
    return Failure::temporary("an answer of more than " + std::to_string(answer_line_max) + " bytes",
                              {4, 5, 0});
  // RFC 1939 3: upper case; RFC 5034 4: "+ " is a challenge.
  const auto word = line.text.substr(0, line.text.find(' '));
  const auto rest = trim(line.text.substr(word.size()));
  if (word == "+OK") return Answer{true, std::string(rest), {}};
  if (word == "-ERR") return Answer{false, std::string(rest), {}};
  if (word == "+") return Answer{true, "+ " + std::string(rest), {}};
  return Failure::temporary("no POP3: " + printable(line.text, 100), {4, 5, 0});
}

Result<Answer> Client::ask(const std::string& line, std::chrono::milliseconds limit) {
  if (!is_one_line(line)) return Failure::permanent("a command has a line end in it", {5, 5, 2});
  lines_ << line << "\r\n";
  lines_.flush();
  return read_answer(limit);
}

Result<Answer> Client::greeting() { return read_answer(options_.answer); }
Result<Answer> Client::command(const std::string& line) { return ask(line, options_.answer); }
Result<Answer> Client::capabilities() { return list("CAPA"); }
Result<Answer> Client::start_tls() { return command("STLS"); }

Result<void> Client::replace_stream(net::Stream& stream) {
  if (lines_.has_buffered_input())
    return Failure::temporary("data in clear text behind the answer to STLS", {4, 7, 0});
  meter_ = std::make_unique<net::MeteredStream>(stream);
  meter_->set_time_limit(options_.answer);
  lines_.replace_stream(*meter_);
  return {};
}

Result<Answer> Client::login(const std::string& user, const std::string& password) {
  auto answer = command("USER " + user);
  if (!answer || !answer->ok) return answer;
  return command("PASS " + password);
}

Result<Answer> Client::authenticate(const std::string& mechanism, const std::optional<std::string>& initial,
                                    const Respond& respond) {
  std::string line = "AUTH " + mechanism;
  if (initial) line += initial->empty() ? " =" : ' ' + base64_encode(*initial);
  auto answer = command(line);
  for (int i = 0; i < challenges_max && answer && answer->ok && answer->text.starts_with("+ "); ++i) {
    const auto challenge = base64_decode(trim(std::string_view(answer->text).substr(2)));
    auto response = challenge ? respond(*challenge)
                              : Failure::permanent("AUTH: a challenge that is not base64", {5, 5, 2});
    if (!response) {
      auto cancelled = command("*");  // RFC 5034 4
      if (!cancelled) return cancelled;
      return std::move(response).error();
    }
    answer = command(base64_encode(*response));
  }
  if (answer && answer->text.starts_with("+ "))
    return Failure::temporary("AUTH: no end of challenges", {4, 5, 0});
  return answer;
}

Result<Answer> Client::list(const std::string& line) {
  auto answer = command(line);
  if (!answer || !answer->ok) return answer;
  const std::string content = read_content();
  for (auto text : split(content, '\n')) {
    if (answer->lines.size() >= lines_max) return Failure::temporary("a list without end", {4, 5, 0});
    text = trim(text);
    if (!text.empty()) answer->lines.emplace_back(text);
  }
  return answer;
}

Result<Answer> Client::content(const std::string& line) {
  auto answer = command(line);
  if (!answer || !answer->ok) return answer;
  answer->text = read_content();
  return answer;
}

// Bounded by the meter, which counts on from the answer's first line.
std::string Client::read_content() {
  std::string content;
  smtp::DotReader dots;
  while (!dots.finished()) {
    const auto chunk = lines_.fill();
    if (chunk.empty()) throw net::Disconnected();
    lines_.consume(dots.feed(chunk, [&](std::string_view span) { content += span; }));
  }
  return content;
}

void Client::quit() noexcept {
  try {
    meter_->set_time_limit(options_.quit);
    (void)ask("QUIT", options_.quit);
  } catch (const net::StreamEnd&) {  // it has hung up already
  }
}

}  // namespace tubepost::pop3
