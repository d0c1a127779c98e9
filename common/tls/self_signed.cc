#include <openssl/pem.h>

#include <cstdint>

#include "base/file.h"
#include "base/text.h"
#include "tls/context.h"
#include "tls/openssl.h"

namespace tubepost::tls {
namespace {

constexpr std::size_t longest_common_name = 64;  // RFC 5280 A.1, ub-common-name
constexpr std::size_t longest_host_name = 253;

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_host_name &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; });
}

std::string pem_of(const std::function<int(BIO*)>& write) {
  const Bio memory(BIO_new(BIO_s_mem()));
  char* bytes = nullptr;
  if (write(memory.get()) != 1) return {};
  const long size = BIO_get_mem_data(memory.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// Sixteen random bytes, positive (RFC 5280 4.1.2.2).
bool set_random_serial(X509* certificate) {
  const std::string random = random_bytes(16);
  std::string bytes = random;
  bytes[0] = static_cast<char>((bytes[0] & 0x3f) | 0x40);
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                                static_cast<int>(bytes.size()), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509* certificate, const std::string& hostname) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const std::string common_name = hostname.substr(0, longest_common_name);
  return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                    static_cast<int>(common_name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

// By objects, not by OpenSSL's configuration syntax: there a comma in a name would begin another.
bool add_alternative_name(X509* certificate, const std::string& hostname) {
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(sk_GENERAL_NAME_new_null());
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  ASN1_STRING_set(text, hostname.data(), static_cast<int>(hostname.size()));
  GENERAL_NAME_set0_value(name, GEN_DNS, text);
  sk_GENERAL_NAME_push(names.get(), name);
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509* certificate, int nid, const char* value) {
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& hostname, int days) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_random_serial(certificate) &&
         X509_gmtime_adj(X509_getm_notBefore(certificate),
                         -3600) &&  // for clients whose clock is a little late
         X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, nullptr) &&
         set_name(certificate, hostname) && X509_set_pubkey(certificate, key) == 1 &&
         add_alternative_name(certificate, hostname) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

Result<SelfSigned> make_self_signed(const std::string& hostname, int days) {
  if (!is_host_name(hostname)) return Failure::permanent("'" + printable(hostname) + "' is no host name");
  ERR_clear_error();
  const PrivateKey key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), hostname, days))
    return openssl_failure("making a certificate");
  SelfSigned result;
  result.certificate = pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  result.key = pem_of([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (result.certificate.empty() || result.key.empty()) return openssl_failure("writing a certificate");
  return result;
}

}  // namespace tubepost::tls
