// deliver --dry-run: what stands behind an address, as an indented tree. Reads the directory, changes
// nothing.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "directory/directory.h"

namespace tubepost::deliver {

//   postmaster@example.test: postmaster, account alice@example.test
//     mailbox INBOX
std::string tree_text(const directory::TreeNode& tree);

// Says whether every address leads to somebody.
Result<bool> print_trees(const directory::Directory& directory, const std::vector<std::string>& recipients,
                         const std::string& sender, std::FILE* out);

}  // namespace tubepost::deliver
