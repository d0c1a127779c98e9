#include <sys/stat.h>

#include <chrono>
#include <mutex>

#include "config/settings.h"

namespace tubepost::config {
namespace {

// What tells one state of a file from another. A file that is not there has all zero.
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified = 0, changed = 0;

  static Stamp of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    const auto nanoseconds = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
    return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
            nanoseconds(status.st_ctim)};
  }
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

}  // namespace

struct LiveSettings::State {
  State(Inputs from, std::shared_ptr<const Settings> first, log::Logger to)
      : inputs(std::move(from)), settings(std::move(first)), logger(std::move(to)) {
    path = inputs.config_file.empty() ? inputs.home + "/tubepost.conf" : inputs.config_file;
  }

  void look_again() {
    const Stamp found = Stamp::of(path);
    if (stamp == found) return;
    stamp = found;
    const Loaded loaded = load(inputs);
    for (const Problem& problem : loaded.problems)
      logger.error("config-wrong", {{"where", problem.where}, {"text", problem.text}});
    if (!loaded.settings) return;
    const auto changed = loaded.settings->differences(*settings);
    for (const auto name : changed) {
      if (find_setting(name)->takes == Takes::restart)
        logger.warning("config-awaits-restart", {{"setting", name}});
    }
    if (!changed.empty()) logger.info("config-reloaded", {{"changed", changed.size()}});
    settings = loaded.settings;
  }

  Inputs inputs;
  std::shared_ptr<const Settings> settings;
  const log::Logger logger;
  std::string path;
  std::mutex mutex;
  // No stamp yet: the first look reads the file, so that a change between the program's start and now is not
  // missed.
  std::optional<Stamp> stamp;
  std::optional<std::chrono::steady_clock::time_point> looked;
};

LiveSettings::LiveSettings(Inputs inputs, std::shared_ptr<const Settings> first, const log::Logger& logger)
    : state_(std::make_unique<State>(std::move(inputs), std::move(first), logger)) {}
LiveSettings::~LiveSettings() = default;

std::shared_ptr<const Settings> LiveSettings::current() {
  const std::lock_guard lock(state_->mutex);
  const auto now = std::chrono::steady_clock::now();
  if (!state_->looked || now - *state_->looked >= std::chrono::seconds(1)) {
    state_->looked = now;
    state_->look_again();
  }
  return state_->settings;
}

}  // namespace tubepost::config
