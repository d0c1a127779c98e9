// A scanner that knows one virus, the word VIRUS, and can be told to fail or to repair; and a folder that goes.
#pragma once

#include <string>
#include <vector>

#include "avscan-wrap/scanner.h"
#include "avscan-wrap/workspace.h"
#include "support/temporary_folder.h"

namespace tubepost::avscan {

class WordScanner final : public Scanner {
public:
  Finding scan(std::string_view bytes, std::string_view name, const net::Deadline&) override {
    names.emplace_back(name);
    contents.emplace_back(bytes);
    if (!fails_on.empty() && bytes.find(fails_on) != bytes.npos) return Finding::failed("no memory");
    if (bytes.find("VIRUS") == bytes.npos) return Finding::clean();
    Finding finding = Finding::infected("Test.Virus");
    if (repairs) {
      std::string text(bytes);
      for (std::size_t at; (at = text.find("VIRUS")) != text.npos;) text.replace(at, 5, "cured");
      finding.repaired = std::move(text);
    }
    if (leaves) finding.repaired = leaves;
    return finding;
  }

  bool repairs = false;
  std::optional<std::string> leaves;  // in the file's place
  std::string fails_on;
  std::vector<std::string> names, contents;  // what was asked
};

using Folder = test_support::TemporaryFolder;

// VIRUS in base64, as "bad.exe", between two harmless parts.
inline std::string infected_message() {
  return "From: a@example.test\r\nTo: b@example.test\r\nSubject: hello\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
         "--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n"
         "--b\r\nContent-Type: application/octet-stream\r\n"
         "Content-Disposition: attachment; filename=\"bad.exe\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
         "VklSVVM=\r\n"
         "--b\r\nContent-Type: text/plain\r\n\r\nlast\r\n--b--\r\nepilogue\r\n";
}

}  // namespace tubepost::avscan
