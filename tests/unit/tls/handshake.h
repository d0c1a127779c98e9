// Both ends of a TLS connection in one test: certificates in a folder of their own, and a handshake over a pipe.
//
//   Fixture f;
//   auto h = shake_hands(*f.server({f.certificate("a", "mx.example.test")}), *trusting_client(), "mx.example.test");
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <future>

#include "base/file.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"
#include "tls/context.h"

namespace tubepost::tls {

using namespace std::chrono_literals;
using test_support::make_pipe_streams;

inline constexpr auto patience = 30s;

// A folder with certificates, and the log of whoever loads them.
struct Fixture {
  const test_support::TemporaryFolder folder;
  UniqueFd log_fd;
  std::optional<log::Logger> logger;

  Fixture() {
    write("log", "");
    log_fd.reset(::open(path("log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    logger.emplace("test", log::Level::debug, log::Format::logfmt, log_fd.get());
  }
  std::string path(const std::string& name) const { return folder / name; }
  void write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(write_file_atomically(path(name), content, 0600));
  }
  CertificateFiles certificate(const std::string& name, const std::string& hostname) {
    const auto made = make_self_signed(hostname, 10).value();
    write(name + ".crt", made.certificate);
    write(name + ".key", made.key);
    return {path(name + ".crt"), path(name + ".key")};
  }
  std::string log_text() const { return read_file(path("log")).value(); }
  std::shared_ptr<ServerContext> server(std::vector<CertificateFiles> files) const {
    return ServerContext::load(std::move(files), *logger).value();
  }
};

struct Handshake {
  std::unique_ptr<net::Stream> below_server, below_client;
  std::unique_ptr<TlsStream> server, client;
  std::string server_failure, client_failure;
};

template <class Connect>
std::unique_ptr<TlsStream> outcome(const Connect& connect, std::string& failure) {
  try {
    auto result = connect();
    if (result) return std::move(*result);
    failure = result.error().text;
  } catch (const net::StreamEnd&) {
    failure = "(gone)";
  }
  return nullptr;
}

inline Handshake shake_hands(ServerContext& server, ClientContext& client, const std::string& host,
                             std::unique_ptr<net::Stream> below_server = nullptr,
                             std::unique_ptr<net::Stream> below_client = nullptr) {
  Handshake h;
  if (below_server)
    h.below_server = std::move(below_server), h.below_client = std::move(below_client);
  else
    std::tie(h.below_server, h.below_client) = make_pipe_streams();
  h.below_server->set_time_limit(patience);
  h.below_client->set_time_limit(patience);
  auto accepted = std::async(std::launch::async, [&] {
    auto stream = outcome([&] { return server.accept(*h.below_server); }, h.server_failure);
    if (!stream) h.below_server->close();
    return stream;
  });
  h.client = outcome([&] { return client.connect(*h.below_client, host); }, h.client_failure);
  if (!h.client) h.below_client->close();
  h.server = accepted.get();
  return h;
}

inline std::string read_some(net::Stream& stream, std::size_t size = 100) {
  std::string text(size, '\0');
  text.resize(stream.read(text));
  return text;
}

inline std::shared_ptr<ClientContext> trusting_client() { return ClientContext::create("", false).value(); }

}  // namespace tubepost::tls
