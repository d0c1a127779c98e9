#include "imap/client.h"

#include "base/base64.h"
#include "base/text.h"

namespace tubepost::imap {
namespace {

constexpr int challenges_max = 8;

Failure not_imap(std::string text) { return Failure::temporary(std::move(text), {4, 5, 0}); }

bool fits_a_quoted_string(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// RFC 9051 4.3: quoted strings have no CR, LF, NUL; what is not ASCII goes as a literal, which every server takes.
bool is_quotable(std::string_view text) { return std::all_of(text.begin(), text.end(), is_printable_ascii); }

std::optional<Answer::Status> status_of(std::string_view word) {
  using Status = Answer::Status;
  constexpr std::pair<std::string_view, Status> rows[] = {{"OK", Status::ok},
                                                          {"NO", Status::no},
                                                          {"BAD", Status::bad},
                                                          {"BYE", Status::bye},
                                                          {"PREAUTH", Status::preauth}};
  for (const auto& [name, status] : rows)
    if (equal_ignoring_case(word, name)) return status;
  return std::nullopt;
}

// "* OK text", "* BYE text".
bool is_status(std::string_view line) {
  line.remove_prefix(2);
  return status_of(line.substr(0, line.find(' '))).has_value();
}

// "{42}" or "{42+}" at the end of a line.
std::optional<std::size_t> literal_size(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const auto open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  return parse_number<std::size_t>(line.substr(open + 1, line.size() - open - 2));
}

}  // namespace

std::string_view to_text(Answer::Status status) {
  switch (status) {
    case Answer::Status::ok:
      return "OK";
    case Answer::Status::no:
      return "NO";
    case Answer::Status::bad:
      return "BAD";
    case Answer::Status::bye:
      return "BYE";
    case Answer::Status::preauth:
      return "PREAUTH";
  }
  return "";
}

Client::Client(net::Stream& stream, ClientOptions options)
    : options_(options), meter_(std::make_unique<net::MeteredStream>(stream)), lines_(*meter_) {
  lines_.set_accept_lf(true);
  meter_->set_time_limit(options_.answer);
}

std::string Client::next_tag() {
  tag_ = "t" + std::to_string(++count_);
  return tag_;
}

Result<std::string> Client::read_literal(std::string_view line) {
  const auto size = literal_size(line);
  if (*size > options_.content_max) return not_imap("a literal of " + std::to_string(*size) + " bytes");
  std::string literal;
  while (literal.size() < *size) {
    const auto chunk = lines_.fill();
    if (chunk.empty()) throw net::Disconnected();
    const auto taken = chunk.substr(0, *size - literal.size());
    literal += taken;
    lines_.consume(taken.size());
  }
  return literal;
}

Result<Client::Said> Client::read_said() {
  Said said;
  std::string& text = said.response.text;
  for (;;) {
    const auto line = lines_.read_line(answer_line_max);
    if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected();
    if (line.kind == net::LineStream::Line::Kind::too_long || text.size() > answer_line_max)
      return not_imap("a line of more than " + std::to_string(answer_line_max) + " bytes");
    text += line.text;
    // RFC 9051 9: text for people may end with what looks like a literal; "+" and status responses have none.
    const bool has_literal = text.starts_with("* ") && !is_status(text) && literal_size(text).has_value();
    if (!has_literal) break;
    if (said.response.literals.size() >= answer_literals_max) return not_imap("too many literals");
    auto literal = read_literal(text);
    if (!literal) return std::move(literal).error();
    said.response.literals.push_back(std::move(*literal));
  }
  if (text.starts_with("* ")) {
    text.erase(0, 2);
  } else if (text == "+" || text.starts_with("+ ")) {
    said.kind = Said::Kind::more;
    text.erase(0, std::min<std::size_t>(2, text.size()));
  } else if (!tag_.empty() && text.starts_with(tag_ + ' ')) {
    said.kind = Said::Kind::tagged;
    text.erase(0, tag_.size() + 1);
  } else {
    return not_imap("no IMAP: " + printable(text, 100));
  }
  return said;
}

Answer Client::finish(Answer answer, std::string_view status_line) {
  const auto word = status_line.substr(0, status_line.find(' '));
  answer.status = status_of(word).value_or(Answer::Status::bad);
  std::string_view rest = trim(status_line.substr(word.size()));
  const auto end = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  if (end != std::string_view::npos) {
    answer.code = rest.substr(1, end - 1);
    rest = trim(rest.substr(end + 1));
  }
  answer.text = rest;
  learn(answer);
  return answer;
}

void Client::learn(const Answer& answer) {
  const auto take = [&](std::string_view text) {
    if (!starts_with_ignoring_case(text, "CAPABILITY ")) return;
    capabilities_.clear();
    for (const auto word : split_words(text.substr(11))) capabilities_.push_back(to_upper(word));
  };
  for (const Response& response : answer.untagged) take(response.text);
  take(answer.code);
}

Result<std::optional<Answer>> Client::read_until_done(Answer& answer, std::string* more) {
  for (;;) {
    auto said = read_said();
    if (!said) return std::move(said).error();
    if (said->kind == Said::Kind::tagged)
      return std::optional(finish(std::move(answer), said->response.text));
    if (said->kind == Said::Kind::more) {
      if (!more) return not_imap("it asks for more where there is none");
      *more = std::move(said->response.text);
      return std::optional<Answer>();
    }
    if (answer.untagged.size() >= answer_responses_max) return not_imap("responses without end");
    answer.untagged.push_back(std::move(said->response));
  }
}

Result<Answer> Client::greeting() {
  meter_->allow(options_.answer, options_.content_max);
  auto said = read_said();
  if (!said) return std::move(said).error();
  const auto word = std::string_view(said->response.text).substr(0, said->response.text.find(' '));
  if (said->kind != Said::Kind::untagged || !status_of(word))
    return not_imap("no greeting: " + printable(said->response.text, 100));
  return finish({}, said->response.text);
}

Result<Answer> Client::command(const std::string& line) { return command_in_pieces({line}); }

Result<Answer> Client::command_in_pieces(const std::vector<std::string>& pieces) {
  meter_->allow(options_.answer, options_.content_max);
  lines_ << next_tag() << " ";
  Answer answer;
  // Text and literals take turns.
  for (std::size_t i = 0; i < pieces.size(); i += 2) {
    if (!fits_a_quoted_string(pieces[i])) return Failure::permanent("a command has a line end in it", {5, 5, 2});
    lines_ << pieces[i];
    if (i + 1 >= pieces.size()) break;
    lines_ << "{" << std::to_string(pieces[i + 1].size()) << "}\r\n";
    lines_.flush();
    std::string more;
    auto refused = read_until_done(answer, &more);
    if (!refused) return std::move(refused).error();
    if (*refused) return std::move(**refused);
    lines_ << pieces[i + 1];
  }
  lines_ << "\r\n";
  lines_.flush();
  auto done = read_until_done(answer, nullptr);
  if (!done) return std::move(done).error();
  return std::move(**done);
}

Result<Answer> Client::ask_capabilities() { return command("CAPABILITY"); }
Result<Answer> Client::start_tls() { return command("STARTTLS"); }

bool Client::has_capability(std::string_view name) const {
  return std::find(capabilities_.begin(), capabilities_.end(), name) != capabilities_.end();
}

Result<void> Client::replace_stream(net::Stream& stream) {
  if (lines_.has_buffered_input()) return not_imap("data in clear text behind the answer to STARTTLS");
  meter_ = std::make_unique<net::MeteredStream>(stream);
  meter_->set_time_limit(options_.answer);
  lines_.replace_stream(*meter_);
  capabilities_.clear();
  return {};
}

Result<Answer> Client::login(const std::string& user, const std::string& password) {
  if (is_quotable(user) && is_quotable(password))
    return command("LOGIN " + quoted(user) + ' ' + quoted(password));
  return command_in_pieces({"LOGIN ", user, " ", password});
}

Result<Answer> Client::authenticate(const std::string& mechanism, const std::optional<std::string>& initial,
                                    const Respond& respond) {
  if (!fits_a_quoted_string(mechanism)) return Failure::permanent("a mechanism has a line end in it", {5, 5, 2});
  meter_->allow(options_.answer, options_.content_max);
  std::optional<std::string> first = initial;
  lines_ << next_tag() << " AUTHENTICATE " << mechanism;
  if (first && has_capability("SASL-IR")) {
    lines_ << " " << (first->empty() ? "=" : base64_encode(*first));  // RFC 4959 3
    first.reset();
  }
  lines_ << "\r\n";
  lines_.flush();
  Answer answer;
  for (int i = 0; i < challenges_max; ++i) {
    std::string more;
    auto done = read_until_done(answer, &more);
    if (!done) return std::move(done).error();
    if (*done) return std::move(**done);
    const auto challenge = base64_decode(trim(more));
    auto response = first       ? Result<std::string>(*std::exchange(first, std::nullopt))
                    : challenge ? respond(*challenge)
                                : Failure::permanent("a challenge that is not base64", {5, 5, 2});
    lines_ << (response ? base64_encode(*response) : "*") << "\r\n";  // RFC 9051 6.2.2: "*" cancels
    lines_.flush();
  }
  return not_imap("no end of challenges");
}

void Client::logout() noexcept {
  try {
    meter_->set_time_limit(options_.logout);
    meter_->allow(options_.logout, options_.content_max);
    lines_ << next_tag() << " LOGOUT\r\n";
    lines_.flush();
    Answer answer;
    (void)read_until_done(answer, nullptr);
  } catch (const net::StreamEnd&) {  // it has hung up already
  }
}

}  // namespace tubepost::imap
