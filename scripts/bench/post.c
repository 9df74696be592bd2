/* post ADDRESS PORT CA_FILE ID SECRET
 *
 * One token request over TLS by OpenSSL, and nothing else: no vault, no agent, no parser. Verifies
 * the server, which must be an IP address; prints the token. Linked statically, as OpenSSL is no small
 * thing to load. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what) {
    fprintf(stderr, "post: %s\n", what);
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
    if (inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) return fail("not an address");
    int wire = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (wire < 0 || connect(wire, (struct sockaddr *)&at, sizeof at) != 0) return fail("no connection");
    setsockopt(wire, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

    /* Not even its own settings, and no tidying up at the end. */
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL);
    SSL_CTX *settings = SSL_CTX_new(TLS_client_method());
    if (!settings || SSL_CTX_load_verify_file(settings, argv[3]) != 1) return fail("no CA");
    SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, NULL);
    SSL *tls = SSL_new(settings);
    if (!tls || X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), argv[1]) != 1) return fail("no session");
    SSL_set_fd(tls, wire);
    if (SSL_connect(tls) != 1) return fail("no handshake");

    char body[1024], request[2048], reply[16384];
    int length = snprintf(body, sizeof body, "grant_type=client_credentials&client_id=%s&client_secret=%s",
                          argv[4], argv[5]);
    if (length < 0 || length >= (int)sizeof body) return fail("too long");
    int whole = snprintf(request, sizeof request,
                         "POST /token HTTP/1.1\r\nHost: %s:%s\r\nAccept: application/json\r\n"
                         "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
                         "Connection: close\r\n\r\n%s",
                         argv[1], argv[2], length, body);
    if (SSL_write(tls, request, whole) != whole) return fail("not sent");
    int had = 0, got;
    while (had < (int)sizeof reply - 1 && (got = SSL_read(tls, reply + had, (int)sizeof reply - 1 - had)) > 0)
        had += got;
    reply[had] = 0;
    SSL_shutdown(tls);
    close(wire);

    static const char key[] = "\"access_token\":\"";
    char *token = strstr(reply, key), *end = token ? strchr(token + sizeof key - 1, '"') : NULL;
    if (!end) return fail("no token");
    *end = 0;
    end[0] = '\n';
    size_t length_of = (size_t)(end + 1 - (token + sizeof key - 1));
    _exit(write(1, token + sizeof key - 1, length_of) != (ssize_t)length_of);
}
