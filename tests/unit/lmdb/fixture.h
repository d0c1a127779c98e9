// An environment in a folder of its own, with one table.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>

#include "lmdb/environment.h"
#include "support/temporary_folder.h"

namespace tubepost::lmdb {

using test_support::TemporaryFolder;

class EnvironmentTest : public testing::Test {
protected:
  static Environment open(const std::string& folder, Environment::Options options = {}) {
    options.create = true;
    auto opened = Environment::open(folder, options);
    if (!opened) throw std::runtime_error(opened.error().text);
    return std::move(*opened);
  }

  void put(std::initializer_list<const char*> keys) {
    const auto done = environment_.write([&](WriteTransaction& t) -> Result<void> {
      for (const char* key : keys) t.put(table_, key, std::string("value of ") + key);
      return {};
    });
    ASSERT_TRUE(done);
  }

  // All keys, in order.
  std::string keys() {
    return *environment_.read([&](ReadTransaction& t) {
      std::string all;
      auto cursor = t.cursor(table_);
      for (bool more = cursor.first(); more; more = cursor.next()) all += std::string(cursor.key()) + ' ';
      return all;
    });
  }

  TemporaryFolder folder_;
  Environment environment_ = open(folder_.path());
  Table table_ = environment_.open_tables({"things"})->front();
};

}  // namespace tubepost::lmdb
