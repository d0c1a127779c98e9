// A small language for the tests: what stands in the file, the environment and on the command line.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace tubepost::config {

class Configuration {
public:
  Configuration& file(std::string text) { return text_ = std::move(text), *this; }
  Configuration& environment(const std::string& variable) { return environment_.push_back(variable), *this; }
  Configuration& argument(const std::string& name, const std::string& value) {
    return arguments_.emplace(name, value), *this;
  }

  Loaded load() const {
    std::vector<const char*> variables;
    for (const auto& variable : environment_) variables.push_back(variable.c_str());
    variables.push_back(nullptr);
    return load_text({"/home/of/it", "", arguments_, variables.data()}, text_);
  }
  // All problems as "where: text", a line each.
  std::string problems() const {
    std::string all;
    for (const auto& problem : load().problems) all += problem.where + ": " + problem.text + '\n';
    return all;
  }

private:
  std::string text_;
  std::vector<std::string> environment_;
  std::multimap<std::string, std::string> arguments_;
};

}  // namespace tubepost::config
