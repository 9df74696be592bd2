/* ask SOCKET
 *
 * One round trip over a Unix socket: sends a line, prints what comes back. Nothing that asks another
 * process for a token can be faster. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (argc != 2 || strlen(argv[1]) >= sizeof at.sun_path) return 2;
    strcpy(at.sun_path, argv[1]);
    int wire = socket(AF_UNIX, SOCK_STREAM, 0);
    if (wire < 0 || connect(wire, (struct sockaddr *)&at, sizeof at) != 0) {
        perror("ask: connect");
        return 1;
    }
    static const char question[] = "token partner-00000/prod\n";
    if (write(wire, question, sizeof question - 1) != sizeof question - 1) return 1;
    char reply[4096];
    size_t had = 0;
    ssize_t got;
    while (had < sizeof reply && (got = read(wire, reply + had, sizeof reply - had)) > 0) had += (size_t)got;
    return had > 0 && write(1, reply, had) == (ssize_t)had ? 0 : 1;
}
