#include "support/transcript.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "net/fd_stream.h"
#include "support/memory_stream.h"

namespace tubepost::test_support {

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'x' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
    }
  }
  return out;
}

namespace {

constexpr std::string_view anything = "…";

struct Step {
  std::size_t line;
  std::string kind;  // "C:", "C>", "C|", "S:", "S?", "S*", "SE"; of a client's script turned round, and "J:", "R:"
  std::string text;
};

struct Broken {
  std::size_t line;
  std::string what;
};

std::string with_variables(std::string text, const std::map<std::string, std::string>& variables) {
  for (const auto& [name, value] : variables)
    for (auto at = text.find('$' + name); at != std::string::npos;
         at = text.find('$' + name, at + value.size()))
      text.replace(at, name.size() + 1, value);
  return text;
}

std::string turned_round(std::string kind) {
  if (kind[0] == 'C' || kind[0] == 'S') kind[0] = kind[0] == 'C' ? 'S' : 'C';
  return kind;
}

std::vector<Step> parse_script(std::string_view script, const TranscriptOptions& options, bool of_client) {
  std::vector<Step> steps;
  std::size_t number = 0;
  for (const auto line : split(script, '\n')) {
    ++number;
    if (trim(line).empty() || line.starts_with('#')) continue;
    const std::string kind = of_client ? turned_round(std::string(line.substr(0, 2))) : std::string(line.substr(0, 2));
    const auto text = line.size() > 3 ? line.substr(3) : std::string_view();
    const std::string_view known = of_client ? "C: C> C| S: S? S* SE J: R:" : "C: C> C| S: S? S* SE";
    if (kind.size() != 2 || known.find(kind) == std::string_view::npos)
      throw Broken{number, "what is this?"};
    steps.push_back({number, kind, with_variables(std::string(text), options.variables)});
  }
  return steps;
}

bool matches(std::string_view expected, std::string_view got) {
  const auto gap = expected.find(anything);
  if (gap == std::string_view::npos) return expected == got;
  if (!got.starts_with(expected.substr(0, gap))) return false;
  const auto rest = expected.substr(gap + anything.size());
  for (std::size_t at = gap; at <= got.size(); ++at)
    if (matches(rest, got.substr(at))) return true;
  return false;
}

class Dialogue {
public:
  Dialogue(std::unique_ptr<net::Stream> stream, std::chrono::seconds patience) : stream_(std::move(stream)) {
    stream_->set_time_limit(patience);
  }

  void perform(const Step& step) {
    if (step.kind == "C:") pending_ += unescape(step.text) + "\r\n";
    if (step.kind == "C>") pending_ += unescape(step.text);
    if (step.kind[0] == 'C' && step.kind != "C|") return;
    send();
    if (step.kind == "C|") return stream_->close();
    if (step.kind == "SE") return expect_end(step);
    if (step.kind == "S*") return skip_to(step);
    const auto line = read_line();
    const bool right = line && (step.kind == "S?" ? std::regex_search(*line, std::regex(step.text))
                                                  : matches(step.text, *line));
    if (!right) throw Broken{step.line, "expected " + step.text + "\n  got " + line.value_or("the end")};
  }
  void send() {
    try {
      if (!pending_.empty()) stream_->write(pending_);
    } catch (const net::Disconnected&) {
      // The session is gone; what it has said still counts.
    }
    pending_.clear();
  }

private:
  std::optional<std::string> read_line() {
    for (;;) {
      if (const auto end = input_.find("\r\n"); end != std::string::npos) {
        auto line = input_.substr(0, end);
        input_.erase(0, end + 2);
        return line;
      }
      std::array<char, 4096> buffer;
      const auto count = stream_->read(buffer);
      if (count == 0) return std::nullopt;
      input_.append(buffer.data(), count);
    }
  }
  void expect_end(const Step& step) {
    if (const auto line = read_line()) throw Broken{step.line, "expected the end\n  got " + *line};
    if (!input_.empty()) throw Broken{step.line, "half a line at the end: " + input_};
  }
  void skip_to(const Step& step) {
    for (auto line = read_line(); line != step.text; line = read_line())
      if (!line) throw Broken{step.line, "ended before " + step.text};
  }

  std::unique_ptr<net::Stream> stream_;
  std::string input_, pending_;
};

std::string run_steps(const std::vector<Step>& steps, std::string_view name,
                      std::unique_ptr<net::Stream> stream, std::chrono::seconds patience) {
  Dialogue dialogue(std::move(stream), patience);
  std::size_t line = 0;
  try {
    for (const Step& step : steps) {
      line = step.line;
      dialogue.perform(step);
    }
    dialogue.send();
    return {};
  } catch (const Broken& broken) {
    return std::string(name) + ':' + std::to_string(broken.line) + ": " + broken.what;
  } catch (const net::TimedOut&) {
    return std::string(name) + ':' + std::to_string(line) + ": nothing came";
  } catch (const net::StreamEnd&) {
    return std::string(name) + ':' + std::to_string(line) + ": the session is gone";
  }
}

}  // namespace

std::vector<std::string> transcripts_in(std::string_view tool) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(TESTS_FOLDER) / "transcripts" / tool))
    if (entry.path().extension() == ".chat") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

std::string name_of_transcript(const std::string& file) {
  std::string name = std::filesystem::path(file).stem().string();
  for (char& c : name)
    if (!is_alpha(c) && !is_digit(c)) c = '_';
  return name;
}

std::string run_transcript_text(std::string_view script, std::string_view name,
                                const SessionUnderTest& session, const TranscriptOptions& options) {
  std::vector<Step> steps;
  try {
    steps = parse_script(script, options, false);
  } catch (const Broken& broken) {
    return std::string(name) + ':' + std::to_string(broken.line) + ": " + broken.what;
  }
  auto [here, there] = make_pipe_streams();
  std::thread thread([&session, stream = std::move(there)]() mutable {
    session(*stream);
    stream.reset();  // the client sees the end
  });
  auto said = run_steps(steps, name, std::move(here), options.patience);
  thread.join();
  return said;
}

namespace {

// The texts of these lines, which are taken out.
std::vector<std::string> take_lines(std::vector<Step>& steps, std::string_view kind) {
  std::vector<std::string> texts;
  for (const Step& step : steps)
    if (step.kind == kind) texts.push_back(step.text);
  std::erase_if(steps, [&](const Step& step) { return step.kind == kind; });
  return texts;
}

struct Listening {
  UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  Listening() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), raw, size) != 0 || ::listen(socket.get(), 1) != 0) return;
    ::getsockname(socket.get(), raw, &size);
    port = ntohs(address.sin_port);
  }
  UniqueFd accept(std::chrono::seconds patience) const {
    pollfd one{socket.get(), POLLIN, 0};
    const auto limit = std::chrono::milliseconds(patience).count();
    return UniqueFd(::poll(&one, 1, static_cast<int>(limit)) == 1 ? ::accept(socket.get(), nullptr, nullptr) : -1);
  }
};

std::string differs(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
  bool same = expected.size() == got.size();
  for (std::size_t i = 0; same && i < got.size(); ++i) same = matches(expected[i], got[i]);
  return same ? "" : "expected R: " + join(expected, "\n            ") + "\n  got       " + join(got, "\n            ");
}

}  // namespace

std::string run_client_transcript(const std::string& file, const ClientUnderTest& client,
                                  const TranscriptOptions& options) {
  const auto script = read_file(file);
  if (!script) return file + ": " + script.error().text;
  const std::string name = std::filesystem::path(file).filename().string();
  std::vector<Step> steps;
  try {
    steps = parse_script(*script, options, true);
  } catch (const Broken& broken) {
    return name + ':' + std::to_string(broken.line) + ": " + broken.what;
  }
  const auto job = take_lines(steps, "J:"), expected = take_lines(steps, "R:");
  const Listening listening;
  std::vector<std::string> got;
  std::thread thread([&] { got = client(listening.port, job); });
  UniqueFd accepted = listening.accept(options.patience);
  auto said = !accepted ? name + ": it did not connect"
                        : run_steps(steps, name, std::make_unique<net::FdStream>(std::move(accepted)), options.patience);
  thread.join();
  if (said.empty())
    if (const auto difference = differs(expected, got); !difference.empty()) said = name + ": " + difference;
  return said;
}

std::string run_transcript(const std::string& file, const SessionUnderTest& session,
                           const TranscriptOptions& options) {
  const auto script = read_file(file);
  if (!script) return file + ": " + script.error().text;
  return run_transcript_text(*script, std::filesystem::path(file).filename().string(), session, options);
}

}  // namespace tubepost::test_support
