#include "tls/inspection.h"

#include "net/endpoint.h"
#include "tls/openssl.h"
#include "tls/ssl_stream.h"

namespace tubepost::tls {
namespace {

constexpr int chain_max = 10;
constexpr int names_max = 100;

// What a stream keeps alive.
struct Holder {
  SslContext context;
  BioMethod bio_method;
};

int wire_version(Version version) {
  switch (version) {
    case Version::tls1_0:
      return TLS1_VERSION;
    case Version::tls1_1:
      return TLS1_1_VERSION;
    case Version::tls1_2:
      return TLS1_2_VERSION;
    case Version::tls1_3:
      return TLS1_3_VERSION;
  }
  return TLS1_2_VERSION;
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const X509_NAME* name) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) < 0) return {};
  return text_of(bio);
}

std::string text_of(const ASN1_STRING* string) {
  const auto* const data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  return std::string(data, static_cast<std::size_t>(ASN1_STRING_length(string)));
}

std::string address_of(const ASN1_OCTET_STRING* octets) {
  const std::string bytes = text_of(octets);
  if (bytes.size() == 4) {
    std::string text;
    for (const char byte : bytes)
      text += (text.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(byte));
    return text;
  }
  std::string text;
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i > 0 && i % 2 == 0) text += ':';
    text.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  const auto parsed = net::IpAddress::parse(text);
  return parsed ? parsed->to_text() : text;
}

void free_names(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> found;
  const Owned<GENERAL_NAMES, free_names> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < std::min(sk_GENERAL_NAME_num(names.get()), names_max); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) found.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) found.push_back(address_of(name->d.iPAddress));
  }
  if (!found.empty()) return found;
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(const_cast<X509_NAME*>(subject), NID_commonName, -1);
  if (at >= 0) found.push_back(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
  return found;
}

Timestamp time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return Timestamp(std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(::timegm(&parts))));
}

template <auto to_der, class T>
std::string der_of(T* object) {
  unsigned char* bytes = nullptr;
  const int size = to_der(object, &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

CertificateFacts facts_of(X509* certificate) {
  CertificateFacts facts;
  facts.subject = text_of(X509_get_subject_name(certificate));
  facts.issuer = text_of(X509_get_issuer_name(certificate));
  facts.names = names_of(certificate);
  facts.not_before = time_of(X509_get0_notBefore(certificate));
  facts.not_after = time_of(X509_get0_notAfter(certificate));
  if (EVP_PKEY* const key = X509_get0_pubkey(certificate)) {
    const char* const name = EVP_PKEY_get0_type_name(key);
    facts.key = name ? name : "unknown";
    facts.key_bits = static_cast<unsigned>(std::max(0, EVP_PKEY_get_bits(key)));
  }
  const char* const signature = OBJ_nid2ln(X509_get_signature_nid(certificate));
  facts.signature = signature ? signature : "unknown";
  facts.self_signed = X509_self_signed(certificate, 0) == 1;
  facts.der = der_of<i2d_X509>(certificate);
  facts.spki = der_of<i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(certificate));
  return facts;
}

// The chain as our authorities see it, whatever the date: expiry is a matter of its own.
std::string distrust_of(SSL_CTX* context, X509* leaf, STACK_OF(X509) * chain) {
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> verification(X509_STORE_CTX_new());
  if (!verification ||
      X509_STORE_CTX_init(verification.get(), SSL_CTX_get_cert_store(context), leaf, chain) != 1)
    return "it could not be verified";
  X509_STORE_CTX_set_default(verification.get(), "ssl_server");
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(verification.get()), X509_V_FLAG_NO_CHECK_TIME);
  if (X509_verify_cert(verification.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(verification.get()));
}

bool is_for(X509* certificate, const std::string& name) {
  if (net::IpAddress::parse(name)) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  // RFC 9525 6.3: the common name is nobody's name any more, and mail programs do not look at it.
  constexpr unsigned how = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(certificate, name.data(), name.size(), how, nullptr) == 1;
}

Inspection look_at(SSL* ssl, SSL_CTX* context, const InspectionWishes& wishes) {
  Inspection seen;
  seen.protocol = SSL_get_version(ssl);
  const char* const cipher = SSL_get_cipher_name(ssl);
  seen.cipher = cipher ? cipher : "";
  X509* const leaf = SSL_get0_peer_certificate(ssl);
  if (!leaf) {
    seen.distrust = "it has no certificate";
    return seen;
  }
  STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < std::min(sk_X509_num(chain), chain_max); ++i)
    seen.chain.push_back(facts_of(sk_X509_value(chain, i)));
  if (wishes.judge_chain) seen.distrust = distrust_of(context, leaf, chain);
  seen.name_matches = is_for(leaf, wishes.name);
  ERR_clear_error();
  return seen;
}

Result<std::shared_ptr<Holder>> make_holder(const InspectionWishes& wishes) {
  auto holder = std::make_shared<Holder>();
  holder->context.reset(SSL_CTX_new(TLS_client_method()));
  holder->bio_method = make_stream_bio_method();
  SSL_CTX* const context = holder->context.get();
  if (!context) return openssl_failure("TLS");
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  const bool loaded = !wishes.judge_chain ? true
                      : wishes.ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context) == 1
                          : SSL_CTX_load_verify_file(context, wishes.ca_file.c_str()) == 1;
  if (!loaded) return Failure::temporary("authorities " + wishes.ca_file + ": " + take_reason());
  // Level 0 takes the old versions' SHA-1, and small keys: they are to be seen and told of.
  SSL_CTX_set_security_level(context, 0);
  const int low = wishes.version ? wire_version(*wishes.version) : TLS1_VERSION;
  const int high = wishes.version ? low : TLS1_3_VERSION;
  if (SSL_CTX_set_min_proto_version(context, low) != 1 || SSL_CTX_set_max_proto_version(context, high) != 1 ||
      (!wishes.ciphers.empty() && SSL_CTX_set_cipher_list(context, wishes.ciphers.c_str()) != 1))
    return Failure::temporary("OpenSSL offers no such version or cipher: " + take_reason());
  return holder;
}

}  // namespace

std::string_view to_text(Version version) {
  switch (version) {
    case Version::tls1_0:
      return "TLS 1.0";
    case Version::tls1_1:
      return "TLS 1.1";
    case Version::tls1_2:
      return "TLS 1.2";
    case Version::tls1_3:
      return "TLS 1.3";
  }
  return "";
}

Result<Inspected> inspect(net::Stream& below, const InspectionWishes& wishes) {
  ERR_clear_error();
  auto holder = make_holder(wishes);
  if (!holder) return std::move(holder).error();
  SSL_CTX* const context = (*holder)->context.get();
  Ssl ssl(SSL_new(context));
  if (!ssl) return openssl_failure("TLS");
  // RFC 6066 3: literal addresses are no host names.
  if (!wishes.name.empty() && !net::IpAddress::parse(wishes.name))
    SSL_set_tlsext_host_name(ssl.get(), wishes.name.c_str());
  SSL* const raw = ssl.get();  // the stream's from here
  const BIO_METHOD* const method = (*holder)->bio_method.get();
  auto stream = std::make_unique<SslStream>(std::move(ssl), method, *holder, below, nullptr);
  if (auto done = stream->shake_hands(SslStream::Side::client); !done) return std::move(done).error();
  Inspected inspected;
  inspected.seen = look_at(raw, context, wishes);
  inspected.stream = std::move(stream);
  return inspected;
}

}  // namespace tubepost::tls
