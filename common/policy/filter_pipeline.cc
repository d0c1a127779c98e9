#include "policy/filter_pipeline.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "policy/filter_environment.h"
#include "policy/filter_output.h"
#include "policy/filter_service.h"
#include "process/child.h"

namespace tubepost::policy {
namespace {

using Time = std::chrono::steady_clock;
constexpr std::size_t read_size = 64 << 10;
constexpr std::size_t errors_kept = 4096;  // of what a stage says on stderr
// Where the kernel gives no pidfd, this is how soon an end is seen.
constexpr std::chrono::milliseconds look_again{200};

struct Stage {
  std::string name;
  process::Child child;
  UniqueFd errors;  // what it says on stderr; closed at its end
  std::string said{};
  std::optional<process::Ended> ended{};
};

// A descriptor of its own that reads the message from its beginning. Not a pipe: nobody has to write while
// others read, and nothing is copied that is in a file already.
Result<UniqueFd> open_message(const MessageSource& message) {
  if (message.file >= 0) {
    const std::string path = "/proc/self/fd/" + std::to_string(message.file);
    UniqueFd again(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!again) return Failure::temporary(path + ": " + error_text(errno));
    return again;
  }
  UniqueFd memory(::memfd_create("message", MFD_CLOEXEC));
  if (!memory) return Failure::temporary("memfd: " + error_text(errno));
  if (auto written = write_all(memory.get(), message.bytes); !written) return std::move(written).error();
  if (::lseek(memory.get(), 0, SEEK_SET) != 0) return Failure::temporary("lseek: " + error_text(errno));
  return memory;
}

bool make_non_blocking(const UniqueFd& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  return flags >= 0 && ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) == 0;
}

class Pipeline {
public:
  Pipeline(const MessageSource& message, const FilterOptions& options, const FilterSink& sink)
      : output_(message, options.binary, sink),
        options_(options),
        deadline_(Time::now() + options.time_limit),
        buffer_(read_size, '\0') {}

  Result<void> start(const FilterCommands& commands, const Environment& environment, UniqueFd input);
  void watch();
  Filtered verdict();

private:
  Result<void> start_stage(const std::vector<std::string>& argv, const Environment& environment,
                           UniqueFd& input);
  bool all_ended() const;
  void wait_for_something();
  void look_at(Stage& stage);
  void read_errors(Stage& stage);
  void read_output();
  void stop(std::string why);
  Filtered decided_by(const Stage& stage) const;

  std::vector<Stage> stages_;
  UniqueFd printed_;  // of the last stage
  FilterOutput output_;
  const FilterOptions& options_;
  const Time::time_point deadline_;
  std::string buffer_;
  std::string stopped_because_;
};

Result<void> Pipeline::start(const FilterCommands& commands, const Environment& environment, UniqueFd input) {
  stages_.reserve(commands.size());
  for (const auto& argv : commands)
    if (auto started = start_stage(argv, environment, input); !started) return started;
  printed_ = std::move(input);
  if (!make_non_blocking(printed_)) return Failure::temporary("fcntl: " + error_text(errno));
  return {};
}

// `input` is what the stage reads; afterwards, what it prints.
Result<void> Pipeline::start_stage(const std::vector<std::string>& argv, const Environment& environment,
                                   UniqueFd& input) {
  auto output = process::make_pipe(), errors = process::make_pipe();
  if (!output) return std::move(output).error();
  if (!errors) return std::move(errors).error();
  if (!make_non_blocking(errors->read_end)) return Failure::temporary("fcntl: " + error_text(errno));
  process::ChildOptions options;
  options.redirects = {{input.get(), STDIN_FILENO},
                       {output->write_end.get(), STDOUT_FILENO},
                       {errors->write_end.get(), STDERR_FILENO}};
  options.set_env = environment;
  options.only_set_env = true;
  options.own_group = true;
  auto child = process::Child::spawn(argv, options);
  if (!child) return std::move(child).error();
  stages_.push_back({argv.front(), std::move(*child), std::move(errors->read_end)});
  input = std::move(output->read_end);
  return {};
}

bool Pipeline::all_ended() const {
  return std::all_of(stages_.begin(), stages_.end(),
                     [](const Stage& each) { return each.ended.has_value(); });
}

void Pipeline::watch() {
  while (!all_ended()) {
    wait_for_something();
    for (Stage& stage : stages_) look_at(stage);
    read_output();
    if (Time::now() >= deadline_ && !all_ended())
      stop("no end within " + format_duration(std::chrono::ceil<std::chrono::seconds>(options_.time_limit)));
  }
  read_output();  // what stands in the pipe still; not for its end, which a runaway grandchild may withhold
}

void Pipeline::wait_for_something() {
  std::vector<pollfd> waiting{{printed_.get(), POLLIN, 0}};
  for (const Stage& stage : stages_) {
    waiting.push_back({stage.errors.get(), POLLIN, 0});
    if (!stage.ended) waiting.push_back({stage.child.pidfd(), POLLIN, 0});
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Time::now());
  const auto time = std::clamp(left, std::chrono::milliseconds(0), look_again);
  ::poll(waiting.data(), waiting.size(), static_cast<int>(time.count()));
}

void Pipeline::look_at(Stage& stage) {
  read_errors(stage);
  if (stage.ended) return;
  pollfd end{stage.child.pidfd(), POLLIN, 0};
  // Ended and not reaped yet: its group still bears its number, and what it left running can be killed.
  if (::poll(&end, 1, 0) > 0) stage.child.kill(SIGKILL);
  stage.ended = stage.child.poll();
  if (stage.ended) read_errors(stage), stage.errors.reset();
}

void Pipeline::read_errors(Stage& stage) {
  // Not for as long as there is some: who complains without end does not keep us from the others.
  for (int round = 0; round < 16 && stage.errors; ++round) {
    const ssize_t got = ::read(stage.errors.get(), buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) return stage.errors.reset();
    const std::size_t room = errors_kept - stage.said.size();
    stage.said.append(buffer_.data(), std::min(static_cast<std::size_t>(got), room));
  }
}

void Pipeline::read_output() {
  while (printed_) {
    const ssize_t got = ::read(printed_.get(), buffer_.data(), buffer_.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) return printed_.reset();
    if (auto taken = output_.take({buffer_.data(), static_cast<std::size_t>(got)}); !taken)
      stop(taken.error().text);
    else if (output_.size() > options_.output_max)
      stop("more than " + std::to_string(options_.output_max) + " bytes of output");
    if (Time::now() >= deadline_) return;  // watch() says so
  }
}

void Pipeline::stop(std::string why) {
  if (stopped_because_.empty()) stopped_because_ = std::move(why);
  for (Stage& stage : stages_)
    if (!stage.ended) stage.child.kill(SIGKILL);
  printed_.reset();
}

// Killed by SIGPIPE, or (a shell, for what it ran) said to be: a later stage stopped reading.
bool is_broken_pipe(const process::Ended& ended) {
  return ended.by_signal ? ended.code == SIGPIPE : ended.code == 128 + SIGPIPE;
}

FilterVerdict verdict_of(const process::Ended& ended) {
  return ended.by_signal ? FilterVerdict::later : verdict_of_status(ended.code);
}

Filtered Pipeline::decided_by(const Stage& stage) const {
  Filtered filtered;
  filtered.verdict = verdict_of(*stage.ended);
  filtered.command = stage.name;
  filtered.reason =
      (stage.ended->by_signal ? "killed by signal " : "exit status ") + std::to_string(stage.ended->code);
  const std::string words = filter_reply_text(stage.said);
  if (!words.empty()) filtered.reason += ": " + words;
  if (filtered.verdict == FilterVerdict::malformed || filtered.verdict == FilterVerdict::refuse)
    filtered.reply = words;
  return filtered;
}

Filtered later_because(std::string reason) {
  Filtered filtered;
  filtered.verdict = FilterVerdict::later;
  filtered.reason = std::move(reason);
  return filtered;
}

Filtered Pipeline::verdict() {
  if (!stopped_because_.empty()) return later_because(stopped_because_);
  for (const Stage& stage : stages_) {
    const bool is_last = &stage == &stages_.back();
    if (is_broken_pipe(*stage.ended) && !is_last) continue;
    if (verdict_of(*stage.ended) != FilterVerdict::go_on) return decided_by(stage);
  }
  if (auto finished = output_.finish(); !finished) {
    auto filtered = later_because(finished.error().text);
    filtered.command = stages_.back().name;
    return filtered;
  }
  Filtered filtered;
  filtered.changed = output_.changed();
  filtered.eight_bit = output_.eight_bit();
  return filtered;
}

}  // namespace

FilterVerdict verdict_of_status(int status) {
  switch (status) {
    case 0:
      return FilterVerdict::go_on;
    case 65:
      return FilterVerdict::malformed;
    case 77:
      return FilterVerdict::refuse;
    case 99:
      return FilterVerdict::drop;
    default:
      return FilterVerdict::later;
  }
}

// A filter's words become a reply: the first line, ASCII (RFC 5321 4.2), bounded.
std::string filter_reply_text(std::string_view said) {
  std::string line(trim(said.substr(0, said.find('\n'))));
  line.resize(std::min(line.size(), filter_reply_max));
  for (char& c : line)
    if (!is_printable_ascii(c)) c = is_blank(c) ? ' ' : '?';
  return line;
}

std::string_view to_text(FilterVerdict verdict) {
  switch (verdict) {
    case FilterVerdict::go_on:
      return "go on";
    case FilterVerdict::malformed:
      return "malformed";
    case FilterVerdict::later:
      return "later";
    case FilterVerdict::refuse:
      return "refuse";
    case FilterVerdict::drop:
      return "drop";
  }
  return "later";
}

Result<FilterCommands> parse_filter_commands(const std::vector<std::string>& texts) {
  FilterCommands commands;
  for (const auto& text : texts) {
    auto argv = split_command(text);
    if (!argv) return Failure::permanent(text + ": an open quote", {5, 3, 5});
    if (!argv->empty() && is_filter_service(argv->front()) && argv->size() > 1)
      return Failure::permanent(text + ": unix:PATH stands alone", {5, 3, 5});
    if (!argv->empty()) commands.push_back(std::move(*argv));
  }
  return commands;
}

Filtered run_programs(const FilterCommands& commands, const FilterEnvelope& envelope,
                      const MessageSource& message, const FilterOptions& options, const FilterSink& sink) {
  if (commands.empty()) return {};
  auto input = open_message(message);
  if (!input) return later_because(input.error().text);
  const auto file = EnvelopeFile::write(envelope, options.temporary_folder);
  if (!file) return later_because(file.error().text);
  Pipeline pipeline(message, options, sink);
  const auto environment = filter_environment(envelope, file->path());
  // A stage that cannot be started: those before it are killed with the pipeline.
  if (auto started = pipeline.start(commands, environment, std::move(*input)); !started)
    return later_because(started.error().text);
  pipeline.watch();
  return pipeline.verdict();
}

}  // namespace tubepost::policy
