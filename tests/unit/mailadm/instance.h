// An instance in a folder of its own, and the built mailadm run on it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "process/child.h"
#include "support/temporary_folder.h"

namespace tubepost::mailadm {

struct Ran {
  int status = -1;
  std::string out, err;
};

class Instance {
public:
  Ran run(std::vector<std::string> arguments, const std::string& input = {}) const {
    write("stdin", input);
    const UniqueFd in(::open(outside("stdin").c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd out(create("stdout")), err(create("stderr"));
    arguments.insert(arguments.begin(), MAILADM);
    process::ChildOptions options;
    options.redirects = {{in.get(), 0}, {out.get(), 1}, {err.get(), 2}};
    options.set_env = {{"TUBEPOST_HOME", home()}};
    auto child = process::Child::spawn(arguments, options);
    if (!child) return {-1, "", child.error().text};
    const auto ended = child->wait();
    return {ended.by_signal ? -ended.code : ended.code, *read_file(outside("stdout")),
            *read_file(outside("stderr"))};
  }
  // What must work; its output.
  std::string must(const std::vector<std::string>& arguments, const std::string& input = {}) const {
    const auto ran = run(arguments, input);
    EXPECT_EQ(ran.status, 0) << arguments.front() << ": " << ran.out << ran.err;
    return ran.out;
  }
  std::string init(const std::string& port_base = "21800") const {
    return must(
        {"init", "--hostname", "mx.example.test", "--domain", "example.test", "--port-base", port_base});
  }
  std::string home() const { return folder_ / "home"; }
  std::string read(const std::string& below_home) const {
    return read_file(home() + '/' + below_home).value_or("");
  }
  std::string outside(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& content) const {
    const auto written = write_file_atomically(outside(name), content, 0600);
    EXPECT_TRUE(written);
  }
  mode_t mode(const std::string& below_home) const {
    const auto status = std::filesystem::status(home() + '/' + below_home);
    return static_cast<mode_t>(status.permissions());
  }

private:
  int create(const std::string& name) const {
    return ::open(outside(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  }
  const test_support::TemporaryFolder folder_;
};

}  // namespace tubepost::mailadm
