// What a Directory is made of. Internal.
#pragma once

#include "directory/editor.h"
#include "directory/reader.h"

namespace tubepost::directory {

struct Directory::State {
  lmdb::Environment environment;
  Tables tables;

  template <class Body>
  auto read(Body&& body) const {
    return environment.read(
        [&](const lmdb::ReadTransaction& transaction) { return body(Reader(transaction, tables)); });
  }
  Result<void> write(const std::function<Result<void>(Editor&)>& body) {
    return environment.write([&](lmdb::WriteTransaction& transaction) {
      Editor editor(transaction, tables);
      return body(editor);
    });
  }
};

}  // namespace tubepost::directory
