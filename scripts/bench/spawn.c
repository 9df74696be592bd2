/* spawn turns N FILE         each command N times, one of each in turn, so that noise hits all alike:
 *                            a line a command, the nanoseconds from start to end of each run
 * spawn together FILE        all at once: the nanoseconds until the last has ended
 * spawn flood WIDTH N FILE   N runs, WIDTH of them at any time: the nanoseconds until all have ended
 *
 * FILE has commands of NUL-terminated words: what to read, the number of words, the words, the number
 * of variables, the variables. What they write goes to /dev/null, what they complain of to here.
 * posix_spawn and wait, without a shell in between; one that fails ends it all. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    char **words, **variables;
    posix_spawn_file_actions_t files;
} Command;

static Command *commands;
static size_t count;

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "spawn: %s: %s\n", what, detail);
    exit(1);
}

static void *room(size_t items, size_t each) {
    void *it = calloc(items + 1, each);
    if (!it) fail("memory", "none left");
    return it;
}

static char *next(char **at, char *end) {
    char *word = *at, *stop = word < end ? memchr(word, 0, (size_t)(end - word)) : NULL;
    if (!stop) fail("commands", "cut short");
    *at = stop + 1;
    return word;
}

static char **list(char **at, char *end) {
    size_t length = strtoul(next(at, end), NULL, 10);
    char **words = room(length, sizeof *words);
    for (size_t each = 0; each < length; each++) words[each] = next(at, end);
    return words;
}

static void read_commands(const char *path) {
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) != 0) fail("cannot read", path);
    char *bytes = room((size_t)about.st_size, 1), *at = bytes, *end = bytes + about.st_size;
    if (read(file, bytes, (size_t)about.st_size) != about.st_size) fail("cannot read", path);
    for (; at < end; count++) {
        if (!(commands = realloc(commands, (count + 1) * sizeof *commands))) fail("memory", "none left");
        Command *it = &commands[count];
        char *input = next(&at, end);
        it->words = list(&at, end);
        it->variables = list(&at, end);
        posix_spawn_file_actions_init(&it->files);
        posix_spawn_file_actions_addopen(&it->files, 0, input, O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&it->files, 1, "/dev/null", O_WRONLY, 0);
    }
    if (count == 0) fail("no commands", path);
}

static int64_t now(void) {
    struct timespec it;
    clock_gettime(CLOCK_MONOTONIC, &it);
    return it.tv_sec * INT64_C(1000000000) + it.tv_nsec;
}

static pid_t start(const Command *it) {
    pid_t child;
    int error = posix_spawn(&child, it->words[0], &it->files, NULL, it->words, it->variables);
    if (error != 0) fail(it->words[0], strerror(error));
    return child;
}

/* Ends them all if that one failed: the others are children, and not left behind. */
static void judge(int status, const char *name) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    fprintf(stderr, "spawn: %s: %s %d\n", name, WIFEXITED(status) ? "exit code" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    while (wait(NULL) > 0) {}
    exit(1);
}

static void wait_one(void) {
    int status;
    if (wait(&status) < 0) fail("wait", "nobody there");
    judge(status, "one of many");
}

static void turns(size_t runs) {
    int64_t *taken = room(count * runs, sizeof *taken);
    for (size_t run = 0; run < runs; run++) {
        for (size_t step = 0; step < count; step++) {
            size_t which = (step + run) % count;
            int status;
            int64_t before = now();
            pid_t child = start(&commands[which]);
            if (waitpid(child, &status, 0) != child) fail("wait", "nobody there");
            taken[which * runs + run] = now() - before;
            judge(status, commands[which].words[0]);
        }
    }
    for (size_t which = 0; which < count; which++) {
        for (size_t run = 0; run < runs; run++) printf("%lld ", (long long)taken[which * runs + run]);
        putchar('\n');
    }
}

static void flood(size_t width, size_t total) {
    int64_t before = now();
    size_t flying = 0;
    for (size_t begun = 0; begun < total; begun++) {
        if (flying == width) wait_one();
        else flying++;
        start(&commands[begun % count]);
    }
    while (flying-- > 0) wait_one();
    printf("%lld\n", (long long)(now() - before));
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    if (argc == 4 && strcmp(how, "turns") == 0) {
        read_commands(argv[3]);
        turns(strtoul(argv[2], NULL, 10));
    } else if (argc == 3 && strcmp(how, "together") == 0) {
        read_commands(argv[2]);
        flood(count, count);
    } else if (argc == 5 && strcmp(how, "flood") == 0) {
        read_commands(argv[4]);
        flood(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    } else {
        fputs("usage: spawn turns N FILE | together FILE | flood WIDTH N FILE\n", stderr);
        return 2;
    }
    return 0;
}
