/* Many small functions that make a system call each, run by threads that get signals all the time. Whatever stands
 * in for a `syscall`, registers and flags must be those that the instructions leave, at every moment and after. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <asm/prctl.h>
#include "registers.h"

enum { SITES = 384, SIZE = 32, THREADS = 3, ROUNDS = 40 };

/* One function every 32 bytes, four shapes in turn: a short and a long move before the call, the shape of a C
 * library's cancellation point, and one that is told its number. */
__asm__(
    ".pushsection .text.sites, \"ax\", @progbits\n"
    ".balign 4096\n"
    ".globl sites\n"
    "sites:\n"
    ".macro four\n"
    ".balign 32\n"
    ".type short_move_\\@, @function\n"
    "short_move_\\@: mov $39, %eax\n"
    "syscall\n"
    "ret\n"
    ".size short_move_\\@, . - short_move_\\@\n"
    ".balign 32\n"
    ".type long_move_\\@, @function\n"
    "long_move_\\@: mov $110, %rax\n"
    "syscall\n"
    "ret\n"
    ".size long_move_\\@, . - long_move_\\@\n"
    ".balign 32\n"
    ".type point_\\@, @function\n"
    "point_\\@: cmpb $0, zero(%rip)\n"
    "jne 1f\n"
    "xor %eax, %eax\n"
    "syscall\n"
    "1: ret\n"
    ".size point_\\@, . - point_\\@\n"
    ".balign 32\n"
    ".type told_\\@, @function\n"
    "told_\\@: mov 8(%rsp), %rdi\n"
    "mov $9999, %eax\n"
    "syscall\n"
    "ret\n"
    ".size told_\\@, . - told_\\@\n"
    ".endm\n"
    ".rept 96\n"
    "four\n"
    ".endr\n"
    ".balign 4096\n"
    ".globl sites_end\n"
    "sites_end:\n"
    ".popsection\n");

extern unsigned char sites[], sites_end[];
extern unsigned char __executable_start[], etext[];
char zero;

/* Offsets of the instructions of each shape, of its `syscall`, and what is in rax there. */
static const struct {
    int boundaries[6];
    int syscall;
    long number;
} shapes[4] = {
    {{0, 5, 7, -1}, 5, 39}, {{0, 7, 9, -1}, 7, 110}, {{0, 7, 9, 11, 13, -1}, 11, 0}, {{0, 5, 10, 12, -1}, 10, 9999}};

static int device;
static char buffer[64];

static __thread struct registers *current;
static __thread int in_handler;
static atomic_long signals_seen;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text - 1, format, arguments);
    text[length++] = '\n';
    syscall(SYS_write, 1, text, length);
    syscall(SYS_exit_group, 1);
    __builtin_unreachable();
}

static uint64_t pattern(int number, int thread) {
    uint64_t value = (uint64_t)(number + 1) * 0x9e3779b97f4a7c15ull + (uint64_t)thread;
    return value ^ value >> 29;
}

static void prepare(struct registers *r, int thread, int round, void *function) {
    uint64_t *all = (uint64_t *)r;
    for (unsigned i = 0; i < sizeof *r / sizeof *all; i++) all[i] = pattern(i, thread * 1000 + round);
    r->rdi = device;
    r->rsi = (uint64_t)buffer + thread * 8;
    r->rdx = 1;
    /* Carry, parity, adjust, zero, sign, direction, overflow. */
    r->flags = 0x202 | (pattern(99, round) & 0x8d5) | (round % 5 == 0 ? 0x400 : 0);
    (void)function;
}

/* Calls the site and checks everything. */
static void call(unsigned char *base, int index, int thread, int round) {
    struct registers before, after;
    unsigned char *function = base + index * SIZE;
    int shape = index % 4;
    prepare(&before, thread, round, function);
    struct registers *outer = current;
    current = &before;
    run(function, &before, &after);
    current = outer;
    long expected[4] = {getpid(), getppid(), 1, -ENOSYS};
    if ((long)after.rax != expected[shape]) fail("site %d gave %ld, not %ld", index, (long)after.rax, expected[shape]);
    uint64_t flags = shape == 2 ? after.flags : before.flags; /* the comparison sets them */
    uint64_t rdi = shape == 3 ? (uint64_t)function : before.rdi;
    uint64_t *x = (uint64_t *)&before, *y = (uint64_t *)&after;
    before.rax = after.rax;
    before.flags = flags;
    before.rdi = rdi;
    after.flags &= 0xcd5 | 0x202;
    before.flags &= 0xcd5 | 0x202;
    for (unsigned i = 0; i < sizeof before / sizeof *x; i++)
        if (x[i] != y[i]) fail("site %d changed word %u: %lx to %lx", index, i, x[i], y[i]);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    ucontext_t *u = context;
    greg_t *g = u->uc_mcontext.gregs;
    unsigned char *rip = (unsigned char *)g[REG_RIP];
    int saved = errno;
    signals_seen++;
    if (rip >= sites && rip < sites_end) {
        int index = (rip - sites) / SIZE, offset = (rip - sites) % SIZE, shape = index % 4;
        const int *at = shapes[shape].boundaries;
        while (*at >= 0 && *at != offset) at++;
        if (*at < 0) fail("in the middle of an instruction: site %d + %d", index, offset);
        struct registers *r = current;
        uint64_t now[] = {g[REG_RBX], g[REG_RBP], g[REG_RSI], g[REG_RDX], g[REG_R8],  g[REG_R9],
                          g[REG_R10], g[REG_R12], g[REG_R13], g[REG_R14], g[REG_R15]};
        uint64_t then[] = {r->rbx, r->rbp, r->rsi, r->rdx, r->r8, r->r9, r->r10, r->r12, r->r13, r->r14, r->r15};
        for (unsigned i = 0; i < sizeof now / sizeof *now; i++)
            if (now[i] != then[i]) fail("site %d + %d: register %u is %lx, not %lx", index, offset, i, now[i], then[i]);
        if (offset == shapes[shape].syscall && g[REG_RAX] != shapes[shape].number)
            fail("site %d + %d: about to make call %lld", index, offset, g[REG_RAX]);
        if (offset == 0 && (uint64_t)g[REG_RAX] != r->rax) fail("site %d: rax is %llx", index, g[REG_RAX]);
        if (shape != 2 && ((uint64_t)g[REG_EFL] & 0xcd5) != (r->flags & 0xcd5))
            fail("site %d + %d: flags are %llx, not %lx", index, offset, g[REG_EFL], r->flags);
        if (memcmp(u->uc_mcontext.fpregs->_xmm, r->xmm, sizeof r->xmm)) fail("site %d: vector registers", index);
    } else if (rip < __executable_start || rip >= etext) {
        fail("a signal outside of the program, at %p", (void *)rip);
    }
    /* And calls of its own, by way of the same sites. */
    if (!in_handler) {
        in_handler = 1;
        call(sites, (signals_seen * 4) % SITES, 90, 1);
        in_handler = 0;
    }
    errno = saved;
}

static atomic_int reached;

static void tick(int microseconds) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event._sigev_un._tid = syscall(SYS_gettid);
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer)) fail("timer_create: %s", strerror(errno));
    struct itimerspec often = {{0, microseconds * 1000}, {0, microseconds * 1000}};
    timer_settime(timer, 0, &often, 0);
}

/* Runs through fresh sites together with the other threads, and through all of them again. */
static void *worker(void *argument) {
    int thread = (int)(long)argument;
    tick(53 + 20 * thread);
    for (int index = 0; index < SITES; index++) {
        reached++;
        while (reached < THREADS * (index + 1)) sched_yield();
        for (int round = 0; round < ROUNDS; round++) call(sites, index, thread, round);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int index = 0; index < SITES; index++) call(sites, index, thread, round);
    return 0;
}

static int child(void *argument) {
    int first = (int)(long)argument;
    for (int index = first; index < SITES; index += 7)
        for (int round = 0; round < 20; round++) call(sites, index, 50, round);
    return 0;
}

static void wait_for(pid_t pid, const char *what) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) fail("waitpid: %s", strerror(errno));
    if (status) fail("%s ended with %x", what, status);
}

static void rain(void) {
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], 0, worker, (void *)i);
    for (int i = 0; i < 12; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            tick(71);
            _exit(child((void *)(long)(i * 11)));
        }
        if (pid < 0) fail("fork: %s", strerror(errno));
        wait_for(pid, "a child");
        pid = vfork();
        if (pid == 0) {
            syscall(SYS_getppid);
            _exit(0);
        }
        wait_for(pid, "a child that borrows");
        usleep(2000);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
    puts(signals_seen > 1000 ? "registers ok" : "hardly a signal came");
}

static unsigned char original[SITES * SIZE];

/* How many of the functions are not as the file has them. */
static int changed(const unsigned char *base) {
    int count = 0;
    for (int i = 0; i < SITES; i++) count += memcmp(base + i * SIZE, original + i * SIZE, SIZE) != 0;
    return count;
}

static void exercise(unsigned char *base) {
    for (int index = 0; index < SITES; index++)
        if (index % 4 != 2 || base == sites)
            for (int round = 0; round < ROUNDS; round++) call(base, index, 1, round);
}

/* Maps the functions a second time, from the file. */
static unsigned char *map_again(void *at) {
    extern unsigned char __ehdr_start[];
    int file = open("/proc/self/exe", O_RDONLY);
    off_t offset = sites - __ehdr_start;
    unsigned char *base =
        mmap(at, sites_end - sites, PROT_READ | PROT_EXEC, MAP_PRIVATE | (at ? MAP_FIXED : 0), file, offset);
    if (base == MAP_FAILED) fail("mmap: %s", strerror(errno));
    if (memcmp(base, original, sizeof original)) fail("the file holds something else at %lx", offset);
    close(file);
    return base;
}

/* Code that is unmapped, mapped over, moved and written to. */
static void mappings(void) {
    size_t size = sites_end - sites;
    unsigned char *base = map_again(0);
    exercise(base);
    munmap(base, size);
    if (map_again(base) != base) fail("mapped elsewhere");
    exercise(base);
    map_again(base);
    exercise(base);
    if (mprotect(base, size, PROT_READ | PROT_WRITE)) fail("mprotect: %s", strerror(errno));
    if (changed(base)) fail("writable code is not the guest's own");
    memset(base, 0xc3, 64);
    if (mprotect(base, size, PROT_READ | PROT_EXEC)) fail("mprotect: %s", strerror(errno));
    ((void (*)(void))base)();
    map_again(base);
    exercise(base);
    void *elsewhere = mmap(0, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *moved = mremap(base, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere);
    if (moved != elsewhere) fail("mremap: %s", strerror(errno));
    if (changed(moved)) fail("moved code is not the guest's own");
    exercise(moved);
    unsigned char *generated = mmap(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(generated, original, sizeof original);
    exercise(generated);
    if (changed(generated)) fail("generated code was changed");
    puts("mappings ok");
}

/* Jumps straight to the `syscall` of functions that are hoisted. */
static void shortcuts(void) {
    exercise(sites);
    for (int index = 0; index < SITES; index += 4) {
        long result;
        __asm__ volatile("call *%2" : "=a"(result) : "a"(SYS_getppid), "r"(sites + index * SIZE + 5) : "rcx", "r11", "memory");
        if (result != getppid()) fail("the middle of site %d gave %ld", index, result);
    }
    puts("shortcuts ok");
}

/* A thread that has GS for itself: from then on nothing is hoisted, and everything goes on. */
static void segments(void) {
    static uint64_t word[4] = {0x1234, 0, 0, 0};
    exercise(sites);
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, word)) fail("arch_prctl: %s", strerror(errno));
    exercise(sites);
    uint64_t seen;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(seen));
    if (seen != 0x1234) fail("gs leads to %lx", seen);
    if (changed(sites)) fail("%d sites are still hoisted", changed(sites));
    puts("segments ok");
}

/* Steps through a site with the trap flag: each instruction is seen once at least, and the last one behind it. */
static atomic_int steps;

static void on_step(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
    unsigned char *rip = (unsigned char *)g[REG_RIP];
    if (rip < __executable_start || rip >= etext) fail("a step outside of the program, at %p", (void *)rip);
    if (rip >= sites && rip < sites_end) steps |= 1 << (rip - sites) % SIZE;
}

static void stepping(void) {
    exercise(sites);
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, 0);
    __asm__ volatile(
        "pushfq; orq $0x100, (%%rsp); popfq\n"
        "call *%0\n"
        "pushfq; andq $~0x100, (%%rsp); popfq\n" ::"r"(sites)
        : "rax", "rcx", "r11", "memory", "cc");
    puts((steps & 0x21) == 0x21 ? "steps ok" : "a step is missing");
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    memcpy(original, sites, sizeof original);
    device = open("/dev/zero", O_RDONLY);
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, 0);
    if (!strcmp(what, "rain")) rain();
    else if (!strcmp(what, "mappings")) mappings();
    else if (!strcmp(what, "shortcuts")) shortcuts();
    else if (!strcmp(what, "segments")) segments();
    else if (!strcmp(what, "stepping")) stepping();
    else if (!strcmp(what, "changed")) {
        exercise(sites);
        printf("%d of %d\n", changed(sites), SITES);
    } else return 2;
    return 0;
}
