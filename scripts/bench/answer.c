/* answer SOCKET
 *
 * Listens there, prints a line, and answers every connection's first read with 1,110 bytes, one
 * connection after the other, until it is killed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (argc != 2 || strlen(argv[1]) >= sizeof at.sun_path) return 2;
    strcpy(at.sun_path, argv[1]);
    int door = socket(AF_UNIX, SOCK_STREAM, 0);
    if (door < 0 || bind(door, (struct sockaddr *)&at, sizeof at) != 0 || listen(door, 4096) != 0) {
        perror("answer: bind");
        return 1;
    }
    puts("listening");
    fflush(stdout);
    char reply[1110], question[4096];
    memset(reply, 'x', sizeof reply);
    for (;;) {
        int wire = accept(door, NULL, NULL);
        if (wire < 0) continue;
        if (read(wire, question, sizeof question) > 0) {
            (void)!send(wire, reply, sizeof reply, MSG_NOSIGNAL);
        }
        close(wire);
    }
}
