// What one operation costs, for the benchmark: `microbench OPERATION [FILE]` prints
//
//     OPERATION MEDIAN MINIMUM BATCHES
//
// with the median and the smallest of the batches' nanoseconds an operation. The clock is read through the vDSO
// between batches (where single calls are timed: around each, its own cost taken off). `microbench idle` says
// "ready" and waits until its standard input ends; `microbench nothing` exits at once. `microbench step OPERATION`
// says "ready", waits for a byte, and does the operation once between two breakpoints, for a debugger that counts.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Short, so that another program's turn on the processor spoils few batches.
static const double BATCH = 2e6;
static const double ENOUGH = 250e6;
static const double TOO_LONG = 4e9;
enum { FEWEST = 5, MOST = 400, WARM = 1 };

static const char *file = "/etc/passwd";
static const char *self;
static int descriptor = -1;
static pid_t other;
static char buffer[4096];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "microbench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void must(int holds, const char *what) {
    if (!holds) fail(what);
}

static void open_zero(void) {
    descriptor = open("/dev/zero", O_RDONLY);
    must(descriptor >= 0, "/dev/zero");
}

static void open_file(void) {
    descriptor = open(file, O_RDONLY);
    must(descriptor >= 0, file);
}

static void run_getpid(long count) {
    while (count--) getpid();
}

static void run_read(long count) {
    while (count--) must(read(descriptor, buffer, 1) == 1, "read");
}

static void run_pread(long count) {
    while (count--) must(pread(descriptor, buffer, sizeof buffer, 0) == sizeof buffer, "pread of 4 KiB");
}

static void run_stat(long count) {
    struct stat status;
    while (count--) must(stat(file, &status) == 0, "stat");
}

static void run_open(long count) {
    struct stat status;
    while (count--) {
        int opened = open(file, O_RDONLY);
        must(opened >= 0 && fstat(opened, &status) == 0 && close(opened) == 0, "open, fstat, close");
    }
}

static void run_memory(long count) {
    enum { LENGTH = 64 << 10, PAGE = 4 << 10 };
    while (count--) {
        char *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(memory != MAP_FAILED, "mmap");
        for (int at = 0; at < LENGTH; at += PAGE) ((volatile char *)memory)[at] = 1;
        must(munmap(memory, LENGTH) == 0, "munmap");
    }
}

static void ended_well(pid_t child) {
    int status;
    must(child > 0, "fork");
    must(waitpid(child, &status, 0) == child && status == 0, "the child");
}

static void run_fork(long count) {
    while (count--) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        ended_well(child);
    }
}

static void fork_and_execute(long count, const char *program, const char *argument) {
    while (count--) {
        pid_t child = fork();
        if (child == 0) {
            execl(program, program, argument, NULL);
            _exit(127);
        }
        ended_well(child);
    }
}

static void run_exec_static(long count) {
    fork_and_execute(count, self, "nothing");
}

static void run_exec_dynamic(long count) {
    fork_and_execute(count, "/bin/true", NULL);
}

static int to_other, from_other;

// Another process, which echoes bytes until its pipe ends.
static void start_other(void) {
    int there[2], back[2];
    must(pipe(there) == 0 && pipe(back) == 0, "pipe");
    other = fork();
    must(other >= 0, "fork");
    if (other == 0) {
        close(there[1]);
        close(back[0]);
        while (read(there[0], buffer, 1) == 1) must(write(back[1], buffer, 1) == 1, "write");
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    to_other = there[1];
    from_other = back[0];
}

static void run_ping_pong(long count) {
    while (count--) must(write(to_other, buffer, 1) == 1 && read(from_other, buffer, 1) == 1, "ping-pong");
}

static void run_kill(long count) {
    while (count--) must(kill(other, 0) == 0, "kill");
}

static const struct operation {
    const char *name;
    void (*prepare)(void);
    void (*run)(long count);
    int each;
} operations[] = {
    {"getpid", NULL, run_getpid, 0},
    {"read", open_zero, run_read, 0},
    {"pread", open_file, run_pread, 0},
    {"stat", NULL, run_stat, 0},
    {"open", NULL, run_open, 0},
    {"kill", start_other, run_kill, 1},
    {"ping-pong", start_other, run_ping_pong, 0},
    {"fork", NULL, run_fork, 0},
    {"exec-static", NULL, run_exec_static, 0},
    {"exec-dynamic", NULL, run_exec_dynamic, 0},
    {"memory", NULL, run_memory, 0},
};

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void report(const char *name, double *taken, int batches) {
    qsort(taken, batches, sizeof *taken, ascending);
    printf("%s %.2f %.2f %d\n", name, taken[batches / 2], taken[0], batches);
}

static void in_batches(const struct operation *operation) {
    static double taken[MOST];
    long count = WARM;
    double begun = now();
    for (;;) {
        double start = now();
        operation->run(count);
        if (now() - start >= BATCH) break;
        count *= 2;
    }
    int batches = 0;
    while (batches < MOST) {
        double start = now();
        operation->run(count);
        double end = now();
        taken[batches++] = (end - start) / count;
        double all = end - begun;
        if (all > TOO_LONG || (all > ENOUGH && batches >= FEWEST)) break;
    }
    report(operation->name, taken, batches);
}

static void one_by_one(const struct operation *operation) {
    enum { CALLS = 100000 };
    static double taken[CALLS], clock[1000];
    for (int index = 0; index < 1000; index++) {
        double start = now();
        clock[index] = now() - start;
    }
    qsort(clock, 1000, sizeof *clock, ascending);
    operation->run(100);
    int calls = 0;
    double begun = now(), end = begun;
    while (calls < CALLS && end - begun < ENOUGH) {
        double start = now();
        operation->run(1);
        end = now();
        double call = end - start - clock[500];
        taken[calls++] = call > 0 ? call : 0;
    }
    report(operation->name, taken, calls);
}

static const struct operation *find(const char *name) {
    for (size_t index = 0; index < sizeof operations / sizeof *operations; index++)
        if (strcmp(name, operations[index].name) == 0) return &operations[index];
    fprintf(stderr, "microbench: no operation is called %s\n", name);
    exit(2);
}

static void between_breakpoints(const struct operation *operation) {
    printf("ready\n");
    fflush(stdout);
    must(read(0, buffer, 1) == 1, "the word to go on");
    // Whatever a system call site or an answer costs once only.
    operation->run(1000);
    __asm__ volatile("int3");
    operation->run(1);
    __asm__ volatile("int3");
}

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "usage: microbench OPERATION [FILE]\n");
        return 2;
    }
    self = arguments[0];
    if (strcmp(arguments[1], "nothing") == 0) return 0;
    if (strcmp(arguments[1], "idle") == 0) {
        printf("ready\n");
        fflush(stdout);
        while (read(0, buffer, sizeof buffer) > 0) {}
        return 0;
    }
    int stepped = count > 2 && strcmp(arguments[1], "step") == 0;
    const struct operation *operation = find(arguments[1 + stepped]);
    if (count > 2 + stepped) file = arguments[2 + stepped];
    if (operation->prepare) operation->prepare();
    if (stepped) {
        between_breakpoints(operation);
    } else {
        (operation->each ? one_by_one : in_batches)(operation);
    }
    return 0;
}
