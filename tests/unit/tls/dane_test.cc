// DANE (RFC 7672), and names.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "unit/tls/handshake.h"

namespace tubepost::tls {
namespace {

// SHA-256 of the public key: "3 1 1".
std::string key_hash(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509.get()), &der);
  std::string hash(32, '\0');
  EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
             EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return hash;
}

class Dane : public testing::Test {
protected:
  Dane() : files_(f_.certificate("a", "mx.example.test")), server_(f_.server({files_})) {
    demands_.server_name = "mx.example.test";
    demands_.names = {"mx.example.test"};
  }
  std::string hash() const { return key_hash(read_file(files_.certificate).value()); }
  // Who vouched; "failed" if there is no connection.
  std::string verified_by() {
    auto [server_end, client_end] = make_pipe_streams();
    server_end->set_time_limit(patience), client_end->set_time_limit(patience);
    auto accepted = std::async(std::launch::async, [&, end = server_end.get()] {
      std::string ignored;
      auto stream = outcome([&] { return server_->accept(*end); }, ignored);
      if (!stream) end->close();
      return stream;
    });
    std::string failure;
    const auto client = ClientContext::create("", false).value();
    const auto stream =
        outcome([&, end = client_end.get()] { return client->connect(*end, demands_); }, failure);
    if (!stream) client_end->close();
    const auto kept = accepted.get();
    return stream ? stream->info().verified_by : "failed";
  }
  Fixture f_;
  CertificateFiles files_;
  std::shared_ptr<ServerContext> server_;
  PeerDemands demands_;
};

TEST_F(Dane, TakesTheKeyThatIsPublished) {
  demands_.tlsa = {{3, 1, 1, hash()}};
  EXPECT_EQ(verified_by(), "dane");
}

TEST_F(Dane, RefusesAnotherKey) {
  demands_.tlsa = {{3, 1, 1, std::string(32, 'x')}};
  EXPECT_EQ(verified_by(), "failed");
}

TEST_F(Dane, IsContentWithOneOfSeveral) {
  demands_.tlsa = {{3, 1, 1, std::string(32, 'x')}, {3, 1, 1, hash()}};
  EXPECT_EQ(verified_by(), "dane");
}

TEST_F(Dane, LooksAtNoNameWithUsage3) {
  demands_.names = {"another.test"};
  demands_.tlsa = {{3, 1, 1, hash()}};
  EXPECT_EQ(verified_by(), "dane");
}

TEST_F(Dane, EncryptsWithoutAVoucherWhereNoRecordIsUsable) {
  demands_.tlsa = {
      {0, 1, 1, hash()}, {1, 0, 1, std::string(32, 'x')}, {3, 1, 99, "?"}, {3, 1, 1, "too short"}};
  EXPECT_EQ(verified_by(), "");
}

TEST_F(Dane, DemandsNothingUnasked) {
  demands_.names.clear();
  EXPECT_EQ(verified_by(), "");
}

}  // namespace
}  // namespace tubepost::tls
